"""Alerts that were held back and would still be news: that a loss is no loss any more, or is one again.

A receiver is told of a kind about a subject once in a while. If it was told of a return meanwhile, the next loss is
held back and yet is how things stand; so it is kept, and sent when its time has come, unless it is not true by then.
The same the other way round. A receiver whose last word is right waits for nothing. Pure; `alert_queue` acts on it.
"""

from collections.abc import Iterator

from hactl.core.alert import Alert, AlertBook, AlertKind, AlertSpec, Window, window_key
from hactl.core.model import Fleet
from hactl.core.outage import Extent, Outage
from hactl.core.outages import exists

_EXTENTS = {
    AlertKind.NODE_DOWN: Extent.NODE,
    AlertKind.EDGE_LOST: Extent.EDGE,
    AlertKind.REGION_LOST: Extent.REGION,
    AlertKind.FLEET_DOWN: Extent.FLEET,
}
_OVER = {
    AlertKind.NODE_DOWN: AlertKind.NODE_BACK,
    AlertKind.EDGE_LOST: AlertKind.EDGE_BACK,
    AlertKind.REGION_LOST: AlertKind.REGION_BACK,
    AlertKind.FLEET_DOWN: AlertKind.FLEET_BACK,
    AlertKind.BROWNOUT: AlertKind.BROWNOUT_OVER,
}
_BEGUN = {over: begun for begun, over in _OVER.items()}


def is_news_later(book: AlertBook, to: str, kind: AlertKind, subject: str) -> bool:
    """True when the last that `to` was told of `subject` is the opposite of `kind`, which is held back now."""
    opposite = _OVER.get(kind) or _BEGUN.get(kind)
    if opposite is None:
        return False
    own, other = (window_key(to, one, subject) for one in (kind, opposite))
    sent = [key for key in book.windows if key in (own, other)]
    return sent == [own, other]


def next_look(fleet: Fleet) -> float | None:
    """When the first alert that was held back is to be sent after all, in monotonic seconds; None when none is."""
    return min((window.due for window, _ in _kept(fleet)), default=None)


def due(fleet: Fleet, now: float) -> list[tuple[AlertSpec, Alert, Window]]:
    """What is to be sent after all at `now`, in monotonic seconds: to whom, what, and the window that is over."""
    receivers = {receiver.name: receiver for receiver in fleet.spec.alerts}
    return [(receivers[alert.to], alert, window) for window, alert in _kept(fleet) if window.due <= now]


def _kept(fleet: Fleet) -> Iterator[tuple[Window, Alert]]:
    """What is still true, and still wanted; a fleet that is being taken down is nobody's news."""
    if fleet.closing:
        return
    wanted = {receiver.name: receiver.on for receiver in fleet.spec.alerts}
    for window in fleet.alerts.windows.values():
        alert = window.kept
        if alert is None or alert.to not in wanted or (wanted[alert.to] and alert.kind not in wanted[alert.to]):
            continue
        if _holds(fleet, alert.kind, alert.subject):
            yield window, alert


def _holds(fleet: Fleet, kind: AlertKind, subject: str) -> bool:
    loss = _BEGUN.get(kind, kind)
    if loss is AlertKind.BROWNOUT:
        known = fleet.brownouts.get(subject)
        lasts, there = known is not None and known.over is None, subject in fleet.spec.region_names
    else:
        outage = Outage(extent=_EXTENTS[loss], name=subject)
        lasts, there = outage in fleet.outages, exists(fleet, outage)
    return there and lasts is (kind is loss)
