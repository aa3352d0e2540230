"""What becomes of an alert, told with who it was for and why."""

from hactl.core.alert import AlertKind
from hactl.core.alert_events import AlertDelivered, AlertExpired, AlertFailed, AlertSuppressed
from hactl.core.alert_telling import tell_alert

LOST = AlertKind.NODE_DOWN


def test_attempts_are_told_where_one_was_not_enough() -> None:
    once = AlertDelivered(id="a", to="ops", kind=LOST, attempts=1)
    assert tell_alert(once) == f"alert ops: {LOST} delivered"
    assert tell_alert(AlertDelivered(id="a", to="ops", kind=LOST, attempts=3)).endswith("delivered on attempt 3")
    failed = AlertFailed(id="a", to="ops", kind=LOST, attempts=1, why="404")
    assert tell_alert(failed) == f"alert ops: {LOST} not delivered after 1 attempt: 404"


def test_what_is_not_sent_is_told_with_the_reason() -> None:
    held = AlertSuppressed(to="ops", kind=LOST, subject="a-1", count=4, until=1.0, why="one was just sent")
    assert tell_alert(held) == f"alert ops: {LOST} of a-1 held back (4 so far): one was just sent"
    old = AlertExpired(id="a", to="ops", kind=LOST, age=7200.0)
    assert tell_alert(old) == f"alert ops: {LOST} not delivered: expired after 120 min"
