"""What becomes of an alert as one plain sentence: the part of `telling` that is about receivers. Pure."""

from typing import assert_never

from hactl.core.alert_events import AlertDelivered, AlertEvent, AlertExpired, AlertFailed, AlertRaised, AlertSuppressed
from hactl.core.plural import counted


def tell_alert(event: AlertEvent) -> str:
    """What became of it."""
    match event:
        case AlertRaised(alert=alert):
            return f"alert {alert.to}: {alert.kind}: {alert.sentence}"
        case AlertSuppressed(to=to, kind=kind, subject=subject, count=count, why=why):
            return f"alert {to}: {kind} of {subject} held back ({count} so far): {why}"
        case AlertDelivered(to=to, kind=kind, attempts=attempts):
            return f"alert {to}: {kind} delivered{f' on attempt {attempts}' if attempts > 1 else ''}"
        case AlertFailed(to=to, kind=kind, attempts=attempts, why=why):
            return f"alert {to}: {kind} not delivered after {counted(attempts, 'attempt')}: {why}"
        case AlertExpired(to=to, kind=kind, age=age):
            return f"alert {to}: {kind} not delivered: expired after {age / 60:.0f} min"
        case _:
            assert_never(event)
