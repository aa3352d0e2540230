"""Journal records as lines: measurements stand out, problems look bad, routine is quiet. Pure.

The sentences are `core.telling`, as everywhere.
"""

import re
import time
from collections.abc import Iterable
from itertools import islice

from hactl.core.events import (
    AdoptionRefused,
    CapacitySeen,
    EdgeGivenUp,
    EdgeLost,
    Event,
    FailoverBegan,
    GapRecorded,
    JournalFilled,
    NodeChanged,
    OperationEnded,
    OperationMoved,
    Record,
    TrafficApplied,
    TrafficRejected,
    TrafficShifted,
)
from hactl.core.node import NodeState
from hactl.core.operation import Outcome
from hactl.core.region_events import RegionLost
from hactl.core.signature import signature
from hactl.core.telling import tell, told
from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Meaning

PASSING = (TrafficApplied, TrafficShifted, CapacitySeen, OperationMoved)
"""What belongs to something else that is told as well."""
_DURATION = re.compile(r"(\d[\d.,]* m?s\b)")


def noteworthy(records: Iterable[Record], most: int) -> list[Record]:
    """The newest records that say something by themselves, newest first; all of them are on the screen of events."""
    says = (record for record in told(records) if not isinstance(record.event, PASSING) and not _passing(record.event))
    return list(islice(says, most))


def _passing(event: Event) -> bool:
    """A step on the way that the next record tells as well."""
    return isinstance(event, NodeChanged) and event.was is event.node.state is NodeState.STARTING


def happened(record: Record) -> Line:
    """One record, with what was measured standing out."""
    when = time.strftime("%H:%M:%S", time.localtime(record.wall))
    told, base = tell(record.event), _tone(record.event)
    by, _ = signature(record, told)
    who = (Span(text=f"  by {by}", meaning=Meaning.MUTED),) if by else ()
    said = (
        Span(text=piece, meaning=Meaning.TITLE if _DURATION.fullmatch(piece) else base)
        for piece in _DURATION.split(told)
        if piece
    )
    return line(Span(text=f" {when}.{int(record.wall % 1 * 1000):03d} ", meaning=Meaning.MUTED), *said, *who)


def _tone(event: Event) -> Meaning:
    """How much somebody should look at it."""
    match event:
        case FailoverBegan() | EdgeLost() | RegionLost():
            return Meaning.DOWN
        case NodeChanged(node=node) if node.state is NodeState.FAILED:
            return Meaning.DOWN
        case OperationEnded(outcome=outcome) if outcome is not Outcome.DONE:
            return Meaning.DEGRADED
        case TrafficRejected() | AdoptionRefused() | EdgeGivenUp() | GapRecorded() | JournalFilled():
            return Meaning.DEGRADED
        case TrafficApplied() | TrafficShifted():
            return Meaning.MUTED
        case _:
            return Meaning.TEXT
