"""A fleet and what happens to it as plain sentences, one per line, for people, logs and pipes. Pure.

`telling` has a sentence for each event; here a burst of events becomes as few sentences as possible. What belongs
together (a loss, the time to route around it and to recover; an operation, its steps and its end) is one sentence;
processes that do the same for the same reason share one; how the edges were told is left out.
"""

from collections.abc import Iterable, Sequence

from hactl.core.alert_events import AlertDelivered, AlertExpired, AlertFailed, AlertRaised, AlertSuppressed
from hactl.core.draft import evolve
from hactl.core.drill_events import DrillKept
from hactl.core.events import (
    CapacitySeen,
    EdgeBack,
    EdgeGivenUp,
    EdgeLost,
    Event,
    FailoverBegan,
    FailoverEnded,
    FailoverMoved,
    NodeAdopted,
    NodeChanged,
    OperationBegan,
    OperationEnded,
    OperationMoved,
    Record,
    TrafficApplied,
    TrafficShifted,
)
from hactl.core.figures import figures
from hactl.core.model import Fleet
from hactl.core.node import Node
from hactl.core.operation import RAMPS
from hactl.core.reading import Verdict, age, explain, read, word
from hactl.core.region_events import RegionBack, RegionLost, RegionMoved
from hactl.core.signature import signature
from hactl.core.talk import Snapshot
from hactl.core.telling import tell
from hactl.core.value import Value

_UNSAID = (TrafficShifted, TrafficApplied, CapacitySeen, AlertDelivered, AlertSuppressed, DrillKept)
"""What every change brings along, and what needs no action."""


class Said(Value):
    """One sentence."""

    wall: float
    """Unix time of the last of what it tells."""
    text: str


def opening(snapshot: Snapshot) -> tuple[str, ...]:
    """How things stand: the verdict, and everything that is out of service with its reason and since when."""
    fleet = snapshot.fleet
    out = [node for node in fleet.nodes.values() if not node.serviceable or node.reason is not None]
    troubles = []
    for node in out:
        since = f" for {age(snapshot.at - node.since)}" if node.since else ""
        why = explain(node)
        troubles.append(f"{node.name} is {word(node)}{since}" + (f": {why}" if why else ""))
    return (verdict(fleet), *troubles)


def verdict(fleet: Fleet) -> str:
    """The verdict in a sentence."""
    reading = read(fleet)
    alone = (
        ""
        if reading.n_minus_1 or reading.verdict is Verdict.DOWN
        else "; losing one more node or edge could take it down"
    )
    return f"fleet {fleet.name} is {reading.verdict}: {reading.sentence}{alone}"


def spoken(snapshot: Snapshot) -> str:
    """The figures of the moment in a sentence."""
    found = figures(snapshot)
    if not found.requests:
        return f"{verdict(snapshot.fleet)}; no requests"
    errors = f"{found.errors:,.1f} errors/s ({found.failing:.1%})" if found.errors else "no errors"
    slow = f", p99 {found.p99:,.0f} ms" if found.p99 is not None else ""
    shares = ", ".join(f"{region} {part:.0%}" for region, part in found.shares.items())
    return f"{verdict(snapshot.fleet)}; {found.requests:,.0f} requests/s, {errors}{slow}; {shares}"


def narrate(before: Fleet, records: Sequence[Record]) -> tuple[Fleet, tuple[Said, ...]]:
    """The fleet behind `records`, and what they say in as few sentences as it takes, in the order of what happened."""
    records = [record for record in records if record.seq > before.seq]
    if not records:
        return before, ()
    fleet = before
    for record in records:
        fleet = evolve(fleet, record.event)
    threads: dict[str, list[Record]] = {}
    for record in records:
        if not _unsaid(record.event):
            threads.setdefault(_thread(record), []).append(record)
    losses = {key.removeprefix("loss of ") for key in threads if key.startswith("loss of ")}
    moves = {key.removeprefix("node "): found for key, found in threads.items() if key.startswith("node ")}
    ordered = [(found[-1].seq, _joined(found)) for key, found in threads.items() if not key.startswith("node ")]
    ordered += _moved(before, fleet, {name: found for name, found in moves.items() if not _told(fleet, name, losses)})
    said = [each for _, each in sorted(ordered, key=lambda each: each[0])]  # many records have the same time
    was, now = verdict(before), verdict(fleet)
    return fleet, (*said, *([Said(wall=records[-1].wall, text=now)] if was != now else []))


def _unsaid(event: Event) -> bool:
    """It is noise, or something else of the same moment says it: a region's share says how far its failover is."""
    return isinstance(event, _UNSAID) or (isinstance(event, OperationMoved) and event.operation.verb in RAMPS)


def _told(fleet: Fleet, name: str, losses: set[str]) -> bool:
    """Its loss says it already, and it is back; or it is not there any more, which is said, too."""
    node = fleet.nodes.get(name)
    return node is None or (name in losses and node.serviceable and node.reason is None)


def _thread(record: Record) -> str:
    """What belongs together has the same one; an event that stands alone has its own."""
    match record.event:
        case NodeChanged(node=node):
            return f"node {node.name}"
        case FailoverBegan(failover=failover) | FailoverMoved(failover=failover):
            return f"loss of {failover.node}"
        case FailoverEnded(node=node):
            return f"loss of {node}"
        case EdgeLost(loss=loss):
            return f"loss of {loss.edge}"
        case EdgeBack(edge=edge) | EdgeGivenUp(edge=edge):
            return f"loss of {edge}"
        case RegionLost(loss=region_loss) | RegionMoved(loss=region_loss):
            return f"region {region_loss.region}"
        case RegionBack(region=region):
            return f"region {region}"
        case OperationBegan(operation=operation) | OperationMoved(operation=operation):
            return f"operation {operation.id}"
        case OperationEnded(id=ended):
            return f"operation {ended}"
        case AlertRaised(alert=alert):
            return f"alert {alert.sentence}"
        case AlertFailed(id=alert_id) | AlertExpired(id=alert_id):
            return f"alert {alert_id}"
        case NodeAdopted():
            return "adopted"
        case _:
            return f"record {record.seq}"


def _joined(records: Sequence[Record]) -> Said:
    """Everything of one thread but node changes."""
    first, last = records[0], records[-1]
    match last.event:
        case OperationBegan() | OperationMoved() | OperationEnded():
            text = _operation(records)
        case AlertRaised(alert=alert):
            receivers = ", ".join(record.event.alert.to for record in records if isinstance(record.event, AlertRaised))
            text = f"alert to {receivers}: {alert.kind}: {alert.sentence}"
        case NodeAdopted() if len(records) > 1:
            names = [record.event.node for record in records if isinstance(record.event, NodeAdopted)]
            text = f"{len(names)} processes adopted: {', '.join(names)}"
        case _:
            subject = tell(first.event).partition(": ")[0]
            rest = [tell(record.event).removeprefix(f"{subject}: ") for record in records[1:]]
            text = "; ".join([tell(first.event), *rest])
    return Said(wall=last.wall, text=text + _by(first, text))


def _operation(records: Sequence[Record]) -> str:
    """An operation that has ended is told by its end, any other by where it stands."""
    last = records[-1].event
    began = next((record.event for record in records if isinstance(record.event, OperationBegan)), None)
    if began is None or isinstance(last, OperationBegan):
        return tell(last)
    if isinstance(last, OperationMoved):
        return f"{tell(began)}; {tell(last).removeprefix(f'{last.operation.id}: ')}"
    return tell(last)


def _by(record: Record, text: str) -> str:
    """Who did it, if the sentence does not say so itself."""
    by, reason = signature(record, text)
    who = f", by {by}" if by else ""
    return f"{who} ({reason})" if record.by and reason else who


def _moved(before: Fleet, after: Fleet, changes: dict[str, list[Record]]) -> Iterable[tuple[int, Said]]:
    """What became of processes, each with its last record; those of which the same is to be said share a sentence."""
    alike: dict[str, list[str]] = {}
    when: dict[str, Record] = {}
    for name, records in changes.items():
        text = _change(before, after, name, records)
        if text:
            alike.setdefault(text, []).append(name)
            when[text] = max(when.get(text, records[-1]), records[-1], key=lambda record: record.seq)
    for text, names in alike.items():
        plural = "are" if len(names) > 1 else "is"
        yield when[text].seq, Said(wall=when[text].wall, text=f"{_listed(names)} {plural} {text}")


def _change(before: Fleet, after: Fleet, name: str, records: Sequence[Record]) -> str:
    """What is to be said behind "NAME is"; "" when nothing is."""
    node, old = after.nodes[name], before.nodes.get(name)
    now, was = word(node), word(old) if old is not None else ""
    why = explain(node) or (records[-1].event.why if isinstance(records[-1].event, NodeChanged) else "")
    if now != was:
        from_ = f", was {was}" if was else ""
        return f"{now}{from_}" + (f": {why}" if why else "")
    between = [word(each) for each in _nodes(records) if word(each) != now]
    if between:
        return f"{now} again, after being {_listed(list(dict.fromkeys(between)))}"
    if old is not None and explain(old) != explain(node):
        return f"{now}: {explain(node)}" if explain(node) else f"{now}, all well again"
    return ""


def _nodes(records: Sequence[Record]) -> list[Node]:
    return [record.event.node for record in records if isinstance(record.event, NodeChanged)]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
