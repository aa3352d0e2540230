"""What an alert is, who receives it, and which are still pending. Values; which events mean which alert: `alerting`.

An alert is raised for one receiver at a time. Until it is delivered, has failed or is too old it is part of the fleet,
and so of the journal: that is why one survives kill -9 of the daemon.
"""

from enum import StrEnum

from hactl.core.value import Value, replace

FORGOTTEN = 86_400.0
"""Seconds after which nobody is told any more how many alerts were held back."""


class AlertKind(StrEnum):
    """What has happened, by the names that `alert.on` takes."""

    NODE_DOWN = "node-down"
    NODE_BACK = "node-back"
    FAILOVER = "failover"
    CRASH_LOOP = "crash-loop"
    HUNG = "hung"
    NODE_SLOW = "node-slow"
    EDGE_LOST = "edge-lost"
    EDGE_BACK = "edge-back"
    REGION_LOST = "region-lost"
    REGION_BACK = "region-back"
    BROWNOUT = "brownout"
    BROWNOUT_OVER = "brownout-over"
    FLEET_DOWN = "fleet-down"
    FLEET_BACK = "fleet-back"
    PLAN_REJECTED = "plan-rejected"
    OPERATION_FAILED = "operation-failed"
    CONFIG_ROLLED_BACK = "config-rolled-back"
    JOURNAL_FULL = "journal-full"
    SUPERVISION_GAP = "supervision-gap"
    TEST = "test"
    """Sent on request only; nobody subscribes to it."""


class Severity(StrEnum):
    """How urgent it is."""

    INFO = "info"
    WARNING = "warning"
    """Something is lost; the fleet makes up for it."""
    CRITICAL = "critical"
    """Requests fail, or a person is needed."""


class AlertFormat(StrEnum):
    """What a webhook is sent."""

    JSON = "json"
    SLACK = "slack"


class AlertSpec(Value):
    """One `[[alert]]`: a receiver, and what it wants to know."""

    name: str = ""
    on: tuple[AlertKind, ...] = ()
    """Empty for every kind."""
    webhook: str = ""
    """A URL, or `env:NAME` or `file:PATH` that holds one; a receiver has either this or `exec`."""
    exec: tuple[str, ...] = ()
    """argv of a program that gets the alert on its standard input."""
    format: AlertFormat = AlertFormat.JSON
    throttle: float = 300.0
    """At most one alert of a kind about a subject within so many seconds."""
    timeout: float = 5.0
    """Seconds one attempt may take."""
    retries: int = 3
    headers: dict[str, str] = {}
    """Of a webhook; values may be `env:NAME` or `file:PATH`, and are looked up for each delivery."""


class Alert(Value):
    """One thing one receiver is to be told."""

    id: str
    """Unique; a receiver that is told twice can tell by it."""
    to: str
    """Name of the receiver."""
    fleet: str
    kind: AlertKind
    severity: Severity
    subject: str
    """Whom it is about: a node, an edge, a region, the verb of an operation; the fleet's name for all of it."""
    sentence: str
    hint: str
    seq: int
    """Journal position of what happened."""
    at: float
    """Unix time at which it was raised."""
    suppressed: int = 0
    """How many of this kind about this subject were held back since the last one."""
    operation: str = ""
    """The operation that ends with its delivery; "" for all but tests."""


class Window(Value):
    """The time during which no second alert of a kind about a subject goes to a receiver."""

    until: float
    """Unix time."""
    suppressed: int = 0
    kept: Alert | None = None
    """The last one that was held back, to be sent when the window ends if it still holds."""
    due: float = 0.0
    """When the window ends, in monotonic seconds of this boot; only with one that is kept."""


class AlertBook(Value):
    """What is owed to receivers, and what they have been told lately."""

    pending: dict[str, Alert] = {}
    """Raised, and neither delivered nor given up; by id, oldest first."""
    windows: dict[str, Window] = {}
    """By receiver, kind and subject; in the order in which they were last told."""

    def waiting(self, name: str) -> tuple[Alert, ...]:
        """What is owed to one receiver in the order of delivery: tests first, because somebody waits for them."""
        owed = [alert for alert in self.pending.values() if alert.to == name]
        return tuple(sorted(owed, key=lambda alert: alert.kind is not AlertKind.TEST))


def window_key(to: str, kind: AlertKind, subject: str) -> str:
    """Where `AlertBook.windows` has the window of a kind about a subject for a receiver."""
    return f"{to} {kind} {subject}"


def raised(book: AlertBook, alert: Alert, until: float) -> AlertBook:
    """`alert` is owed from now on, and the next of its kind about its subject not before `until`."""
    windows = {key: window for key, window in book.windows.items() if _matters(window, alert.at)}
    windows.pop(window_key(alert.to, alert.kind, alert.subject), None)
    if until > alert.at:
        windows[window_key(alert.to, alert.kind, alert.subject)] = Window(until=until)
    return AlertBook(pending=book.pending | {alert.id: alert}, windows=windows)


def held_back(book: AlertBook, key: str, window: Window) -> AlertBook:
    """So many have been held back by now."""
    return replace(book, windows=book.windows | {key: window})


def settled(book: AlertBook, alert_id: str) -> AlertBook:
    """One alert is owed no longer."""
    return replace(book, pending={key: alert for key, alert in book.pending.items() if key != alert_id})


def _matters(window: Window, now: float) -> bool:
    return window.until > now or (window.suppressed > 0 and window.until > now - FORGOTTEN)
