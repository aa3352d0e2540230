"""What was lost, and how long each part of the recovery took, read from journal records. Pure.

All durations were measured by the daemon and stand in the records; only that of seeing it is the distance of two: from
the moment a signal was ordered to the moment the loss was seen. A death that nobody ordered has no such beginning.
"""

from collections.abc import Iterable

from hactl.core.events import (
    EdgeBack,
    EdgeGivenUp,
    EdgeLost,
    FailoverBegan,
    FailoverEnded,
    FailoverMoved,
    OperationBegan,
    Record,
)
from hactl.core.operation import Verb
from hactl.core.region_events import RegionBack, RegionLost, RegionMoved
from hactl.core.value import Value, replace
from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Meaning

ORDERED = 10.0
"""Seconds after an order to kill or freeze within which a loss is its outcome."""


class Loss(Value):
    """One loss and what became of it."""

    what: str
    """A node, an edge, or "region NAME"."""
    wall: float
    """Unix time at which it was seen."""
    cause: str
    seen_ms: float | None = None
    """From the order to kill or freeze to the loss seen; None when nobody had ordered it."""
    moved_ms: float | None = None
    """From the loss seen until every edge sent its traffic elsewhere."""
    back_ms: float | None = None
    """From the loss seen until it served again."""
    over: bool = False
    """Nothing more is to come; without `back_ms` it did not come back."""


def losses(records: Iterable[Record]) -> tuple[Loss, ...]:
    """All that the records tell of, oldest first."""
    found: list[Loss] = []
    latest: dict[str, int] = {}
    ordered: dict[str, float] = {}

    def began(what: str, record: Record, cause: str, seen: float) -> None:
        order = ordered.pop(what, None)
        ms = (seen - order) * 1000 if order is not None and 0 <= seen - order < ORDERED else None
        latest[what] = len(found)
        found.append(Loss(what=what, wall=record.wall, cause=cause, seen_ms=ms))

    def became(what: str, **changes: object) -> None:
        if what in latest:
            found[latest[what]] = replace(found[latest[what]], **changes)

    for record in records:
        match record.event:
            case OperationBegan(operation=operation) if operation.verb in (Verb.KILL, Verb.FREEZE):
                ordered |= {target.node: operation.began for target in operation.targets}
            case FailoverBegan(failover=failover):
                began(failover.node, record, failover.cause.text, failover.seen)
            case FailoverMoved(failover=failover, ms=ms):
                became(failover.node, moved_ms=ms)
            case FailoverEnded(node=node, moved_ms=moved, back_ms=back):
                became(node, moved_ms=moved, back_ms=back, over=True)
            case EdgeLost(loss=loss):
                began(loss.edge, record, loss.cause.text, loss.seen)
            case EdgeBack(edge=edge, ms=ms):
                became(edge, back_ms=ms, over=True)
            case EdgeGivenUp(edge=edge):
                became(edge, over=True)
            case RegionLost(loss=region):
                began(f"region {region.region}", record, region.cause.text, region.seen)
            case RegionMoved(loss=region, ms=ms):
                became(f"region {region.region}", moved_ms=ms)
            case RegionBack(region=name, moved_ms=moved, back_ms=back):
                became(f"region {name}", moved_ms=moved, back_ms=back, over=True)
            case _:
                pass
    return tuple(found)


def course(loss: Loss, *, aligned: bool = False) -> Line:
    """How long each part took, in the order of time; `aligned` leaves the room of parts that were not measured."""
    parts: list[str | Span] = []
    for name, ms in (("seen", loss.seen_ms), ("moved", loss.moved_ms), ("back", loss.back_ms)):
        if ms is not None:
            parts += [Span(text=f"{name} ", meaning=Meaning.MUTED), Span(text=f"{took(ms):<8}", meaning=Meaning.TITLE)]
        elif aligned and name != "back":
            parts.append(" " * (len(name) + 9))
    if loss.over and loss.back_ms is None:
        parts += [Span(text="did not come back on its own", meaning=Meaning.DEGRADED), " "]
    elif not loss.over:
        parts += [Span(text="not back yet", meaning=Meaning.DOWN), " "]
    return line(*parts)


def took(ms: float) -> str:
    """A duration as it is read: 0.8 ms, 31 ms, 6.20 s."""
    return f"{ms:.1f} ms" if ms < 1 else f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.2f} s"
