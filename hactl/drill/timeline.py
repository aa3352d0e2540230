"""One failover as a timeline in measured milliseconds, read from the journal. Pure; adds no number of its own.

Everything counts from the moment the kill was accepted. Times come from the records' monotonic clock, and "proved"
means that an edge has confirmed a plan, not that it was told.
"""

from collections.abc import Iterable

from hactl.core.events import (
    FailoverBegan,
    FailoverEnded,
    FailoverMoved,
    NodeChanged,
    OperationBegan,
    Record,
    TrafficApplied,
)
from hactl.core.node import NodeState
from hactl.core.value import Value, replace


class Timeline(Value):
    """When each thing happened, in ms after the kill was accepted; None for what has not happened (yet)."""

    node: str
    accepted: float | None = None
    """Monotonic seconds."""
    seen_ms: float | None = None
    """The daemon saw the process end."""
    cause: str = ""
    """Of what it died, as the daemon saw it."""
    edges_ms: dict[str, float] = {}
    """Each edge proved a plan without the node."""
    moved_ms: float | None = None
    """Every edge had: nobody sends it anything any more."""
    started_ms: float | None = None
    """A new process was started."""
    serving_ms: float | None = None
    """It answered its probes."""
    back_ms: float | None = None
    """Every edge proved a plan with it: the capacity is back."""
    over: bool = False
    """The failover has ended, well or not."""

    @property
    def complete(self) -> bool:
        """True when everything from the kill to the returned capacity was recorded."""
        return None not in (self.accepted, self.seen_ms, self.moved_ms, self.back_ms)

    @property
    def steps(self) -> tuple[tuple[float, str], ...]:
        """What happened so far as (ms, sentence), in order of time."""
        if self.accepted is None:
            return ()
        steps: list[tuple[float | None, str]] = [
            (0.0, f"kill -9 of {self.node} accepted"),
            (self.seen_ms, f"its death was seen: {self.cause}" if self.cause else "its death was seen"),
            *((ms, f"{edge} proved that it routes around it") for edge, ms in self.edges_ms.items()),
            (self.moved_ms, "every edge has: no more requests go to it"),
            (self.started_ms, "a new process was started"),
            (self.serving_ms, "it answers its probes"),
            (self.back_ms, "every edge sends it requests: capacity is back"),
        ]
        return tuple(sorted(((ms, text) for ms, text in steps if ms is not None), key=lambda step: step[0]))


def read_timeline(records: Iterable[Record], node: str, operation: str) -> Timeline:
    """The timeline of the kill that became `operation`; records of other nodes and other times are passed over."""
    timeline = Timeline(node=node)
    version = None
    for record in sorted(records, key=lambda record: record.seq):
        event = record.event
        if timeline.over:
            break
        if timeline.accepted is None:
            if isinstance(event, OperationBegan) and event.operation.id == operation:
                timeline = replace(timeline, accepted=record.mono)
            continue
        ms = (record.mono - timeline.accepted) * 1000
        if isinstance(event, FailoverBegan) and event.failover.node == node:
            version = event.failover.version
        if isinstance(event, TrafficApplied):
            proved = version is not None and event.version >= version and timeline.moved_ms is None
            if proved and event.edge not in timeline.edges_ms:
                timeline = replace(timeline, edges_ms={**timeline.edges_ms, event.edge: ms})
            continue
        timeline = _advance(timeline, record, ms)
    return timeline


def _advance(timeline: Timeline, record: Record, ms: float) -> Timeline:
    match record.event:
        case NodeChanged(node=node) if node.name == timeline.node:
            return _change(timeline, node.state, node.reason.text if node.reason else "", node.serviceable, ms)
        case FailoverMoved(failover=failover) if failover.node == timeline.node:
            return replace(timeline, moved_ms=ms)
        case FailoverEnded(node=name, back_ms=back) if name == timeline.node:
            return replace(timeline, back_ms=None if back is None else ms, over=True)
        case _:
            return timeline


def _change(timeline: Timeline, state: NodeState, reason: str, serviceable: bool, ms: float) -> Timeline:
    if timeline.seen_ms is None and not serviceable:
        return replace(timeline, seen_ms=ms, cause=reason)
    if timeline.seen_ms is not None and timeline.started_ms is None and state is NodeState.STARTING:
        return replace(timeline, started_ms=ms)
    if timeline.started_ms is not None and timeline.serving_ms is None and serviceable:
        return replace(timeline, serving_ms=ms)
    return timeline
