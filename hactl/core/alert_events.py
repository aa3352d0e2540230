"""What happens to alerts, from the decision to raise one until its end. Part of the events of a fleet."""

from hactl.core.alert import Alert, AlertKind
from hactl.core.value import BaseEvent


class AlertRaised(BaseEvent):
    """A receiver is owed an alert."""

    alert: Alert
    until: float
    """Unix time before which it gets no other of this kind about this subject."""


class AlertSuppressed(BaseEvent):
    """An alert was held back; the next of its kind about its subject will say how many were."""

    to: str
    kind: AlertKind
    subject: str
    count: int
    """Held back so far."""
    until: float
    why: str
    kept: Alert | None = None
    """What is to be sent at `until` after all if it still holds; None: nothing."""
    due: float = 0.0
    """The same moment in monotonic seconds of this boot; only with one that is kept."""


class AlertDelivered(BaseEvent):
    """A receiver has taken an alert."""

    id: str
    to: str
    kind: AlertKind
    attempts: int


class AlertFailed(BaseEvent):
    """A receiver would not take an alert; it will not be tried again."""

    id: str
    to: str
    kind: AlertKind
    attempts: int
    why: str
    hint: str = ""


class AlertExpired(BaseEvent):
    """An alert was given up because it had become too old to be news."""

    id: str
    to: str
    kind: AlertKind
    age: float
    """Seconds."""


AlertEvent = AlertRaised | AlertSuppressed | AlertDelivered | AlertFailed | AlertExpired
