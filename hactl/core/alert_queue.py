"""Which receivers get an alert, and when one is no longer pending: delivered, failed or too old.

Pure. Pending alerts are part of the fleet and its journal: a daemon that is killed with -9 between the decision and the
delivery leaves them to the next one, so that every alert is delivered at least once; its id identifies a repetition.
Not how deliveries are made, or how often one is retried: that is the shell's.
"""

from hactl.core import last_word
from hactl.core.alert import Alert, AlertKind, AlertSpec, Severity, Window, window_key
from hactl.core.alert_events import AlertDelivered, AlertExpired, AlertFailed, AlertRaised, AlertSuppressed
from hactl.core.alerting import Notice, notices
from hactl.core.draft import Draft
from hactl.core.effects import DeliverAlerts
from hactl.core.model import Fleet, Now
from hactl.core.observations import AlertTried
from hactl.core.operation import Operation, Outcome
from hactl.core.operations import end
from hactl.core.value import replace

LONGEST_QUEUE = 100
"""Alerts that may wait for one receiver; what comes after them is held back and counted."""
NEWS_FOR = 3600.0
"""Seconds after which an alert that could not be delivered is given up: it would only confuse."""


def raise_alerts(draft: Draft, before: Fleet) -> None:
    """Decide who is to be told of what this step has brought. Belongs at the end of it."""
    receivers = draft.fleet.spec.alerts
    if not receivers:
        return
    found = notices(before, tuple(draft.events), draft.fleet) if draft.events else ()
    for notice in found:
        for receiver in receivers:
            if not receiver.on or notice.kind in receiver.on:
                _offer(draft, receiver, notice)
    for receiver, alert, window in last_word.due(draft.fleet, draft.now.mono):
        _send_after_all(draft, receiver, alert, window)
    if receivers != before.spec.alerts:
        draft.perform(DeliverAlerts())


def take_up(draft: Draft, *, rebooted: bool) -> None:
    """After a start: give up what is old by now, and have the rest delivered."""
    for window in tuple(draft.fleet.alerts.windows.values()):
        if window.kept is not None and is_too_old(window.kept, draft.now):
            _hold_back(draft, window.kept, replace(window, kept=None, due=0.0), "it is too old to follow by now")
        elif window.kept is not None and rebooted:
            again = replace(window, due=draft.now.mono + _left(draft, window))
            _hold_back(draft, window.kept, again, "the machine was rebooted; it follows later if it still holds")
    for alert in tuple(draft.fleet.alerts.pending.values()):
        if is_too_old(alert, draft.now):
            expire(draft, alert.id)
    if draft.fleet.spec.alerts or draft.fleet.alerts.pending:
        draft.perform(DeliverAlerts())


def is_too_old(alert: Alert, now: Now) -> bool:
    """True when it would only confuse by now."""
    return now.wall - alert.at > NEWS_FOR


def trial(fleet: Fleet, name: str, by: str, at: float) -> Alert:
    """The test that the receiver called `name` would be sent now."""
    notice = Notice(
        kind=AlertKind.TEST,
        severity=Severity.INFO,
        subject=name,
        sentence=f"this is a test of the alert '{name}' by {by}; nothing has happened",
        seq=fleet.seq,
    )
    return _alert(fleet, name, notice, at)


def send_test(draft: Draft, operation: Operation, name: str) -> None:
    """Send the receiver called `name` a test, which is never held back; its delivery ends `operation`."""
    alert = replace(trial(draft.fleet, name, operation.by, draft.now.wall), operation=operation.id)
    _owe(draft, alert, until=alert.at)


def tried(draft: Draft, saw: AlertTried) -> None:
    """A receiver has accepted an alert, or will not."""
    alert = draft.fleet.alerts.pending.get(saw.id)
    if alert is None:
        return
    if saw.delivered:
        draft.emit(AlertDelivered(id=alert.id, to=alert.to, kind=alert.kind, attempts=saw.attempts))
        _end_test(draft, alert, Outcome.DONE, f"'{alert.to}' accepted the test alert{_count(saw.attempts)}")
        return
    draft.emit(
        AlertFailed(id=alert.id, to=alert.to, kind=alert.kind, attempts=saw.attempts, why=saw.why, hint=saw.hint)
    )
    _end_test(draft, alert, Outcome.FAILED, f"'{alert.to}': {saw.why}{_count(saw.attempts)}", saw.hint)


def expire(draft: Draft, alert_id: str) -> None:
    """Give an alert up, unless it is owed no longer."""
    alert = draft.fleet.alerts.pending.get(alert_id)
    if alert is not None:
        draft.emit(AlertExpired(id=alert.id, to=alert.to, kind=alert.kind, age=draft.now.wall - alert.at))
        _end_test(draft, alert, Outcome.FAILED, f"'{alert.to}' was not reached in time")


def _offer(draft: Draft, receiver: AlertSpec, notice: Notice) -> None:
    """Queue it for a receiver, unless that was just told the like or has too much queued already."""
    now, book = draft.now.wall, draft.fleet.alerts
    window = book.windows.get(window_key(receiver.name, notice.kind, notice.subject), Window(until=now))
    why = ""
    if now < window.until <= now + receiver.throttle:  # a clock that was put back holds up nothing
        why = f"one was sent within the last {receiver.throttle:g} s"
    elif len(book.waiting(receiver.name)) >= LONGEST_QUEUE:
        why = f"{LONGEST_QUEUE} others are already queued"
    if not why:
        alert = replace(_alert(draft.fleet, receiver.name, notice, now), suppressed=window.suppressed)
        _owe(draft, alert, until=now + receiver.throttle)
        return
    held = replace(window, suppressed=window.suppressed + 1)
    alert = _alert(draft.fleet, receiver.name, notice, now)
    if now < window.until and last_word.is_news_later(book, receiver.name, notice.kind, notice.subject):
        held = replace(held, kept=alert, due=draft.now.mono + window.until - now)
        why += "; this one follows then if it still holds"
    _hold_back(draft, alert, held, why)


def _send_after_all(draft: Draft, receiver: AlertSpec, alert: Alert, window: Window) -> None:
    """Its window is over, and it holds: it is raised as if it had just happened."""
    now = draft.now.wall
    if len(draft.fleet.alerts.waiting(receiver.name)) >= LONGEST_QUEUE:
        _hold_back(draft, alert, replace(window, kept=None, due=0.0), f"{LONGEST_QUEUE} others are already queued")
        return
    fresh = replace(alert, id=_next_id(draft.fleet), at=now, suppressed=window.suppressed - 1)
    _owe(draft, fresh, until=now + receiver.throttle)


def _hold_back(draft: Draft, alert: Alert, window: Window, why: str) -> None:
    suppressed = AlertSuppressed(
        to=alert.to,
        kind=alert.kind,
        subject=alert.subject,
        count=window.suppressed,
        until=window.until,
        why=why,
        kept=window.kept,
        due=window.due,
    )
    draft.emit(suppressed)


def _left(draft: Draft, window: Window) -> float:
    """Seconds until it ends; a clock that was put back holds up nothing."""
    longest = max((receiver.throttle for receiver in draft.fleet.spec.alerts), default=0.0)
    return min(longest, max(0.0, window.until - draft.now.wall))


def _next_id(fleet: Fleet) -> str:
    return f"{fleet.id}-{fleet.seq + 1}"


def _alert(fleet: Fleet, to: str, notice: Notice, at: float) -> Alert:
    return Alert(
        id=_next_id(fleet),
        to=to,
        fleet=fleet.name,
        kind=notice.kind,
        severity=notice.severity,
        subject=notice.subject,
        sentence=notice.sentence,
        hint=notice.hint,
        seq=notice.seq,
        at=at,
    )


def _owe(draft: Draft, alert: Alert, *, until: float) -> None:
    draft.emit(AlertRaised(alert=alert, until=until))
    draft.perform(DeliverAlerts())


def _end_test(draft: Draft, alert: Alert, outcome: Outcome, sentence: str, hint: str = "") -> None:
    operation = draft.fleet.operations.get(alert.operation)
    if operation is not None:
        end(draft, operation, outcome, sentence, hint)


def _count(attempts: int) -> str:
    return f" (attempt {attempts})" if attempts > 1 else ""
