"""Which events raise which alert: from the fleet before, the events, and the fleet after. Pure.

The same for every receiver: who wants an alert, how often, and whether it arrives is decided elsewhere (`alert_queue`).

What an operator ordered raises no alert: a drained region, a stopped edge, a fleet taken down. A kill does, because it
is meant to look like a crash. For everything that is lost there is also an alert when it is back.
"""

from collections.abc import Iterator, Sequence
from typing import assert_never

from hactl.core.alert import AlertKind, Severity
from hactl.core.brownout import Brownout
from hactl.core.brownout_events import BrownoutChanged
from hactl.core.events import (
    DaemonStarted,
    EdgeBack,
    EdgeLost,
    Event,
    FailoverBegan,
    FailoverEnded,
    FailoverMoved,
    GapRecorded,
    JournalFilled,
    NodeChanged,
    OperationBegan,
    OperationEnded,
    TrafficRejected,
)
from hactl.core.model import Fleet
from hactl.core.node import Health, Node, NodeState, ReasonCode
from hactl.core.operation import RAMPS, Operation, Outcome, Verb
from hactl.core.outage import Extent
from hactl.core.outages import begun, ended
from hactl.core.plural import counted
from hactl.core.reading import cost, read
from hactl.core.region_events import RegionMoved
from hactl.core.targets import waiting_for_failback
from hactl.core.value import Value, replace

_URGENCY = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
_STATUS = "hactl status"


class Notice(Value):
    """Something worth an alert; which receivers want one is not decided yet."""

    kind: AlertKind
    severity: Severity
    subject: str
    sentence: str
    hint: str = ""
    seq: int = 0
    """Journal position of what meant it."""


def notices(before: Fleet, events: Sequence[Event], after: Fleet) -> tuple[Notice, ...]:
    """What `events`, which led from `before` to `after`, are worth; the gravest first."""
    found = [
        replace(notice, seq=before.seq + number)
        for number, event in enumerate(events, 1)
        for notice in _of_event(event, before, events, after)
    ]
    whole = (*_of_losses(before, events, after), *_of_returns(before, events, after))
    found = [*(replace(notice, seq=after.seq) for notice in whole), *found]
    return tuple(sorted(found, key=lambda notice: _URGENCY.index(notice.severity)))


def _of_event(event: Event, before: Fleet, events: Sequence[Event], after: Fleet) -> Iterator[Notice]:
    """The alerts of one event alone; most raise none."""
    match event:
        case FailoverBegan(failover=failover):
            sentence = f"{failover.node} is down: {failover.cause.text}"
            yield _warning(AlertKind.NODE_DOWN, failover.node, sentence, f"hactl logs {failover.node}")
        case FailoverMoved(failover=failover, ms=ms):
            sentence = f"traffic of {failover.node} moved away on every edge after {ms:.0f} ms"
            yield _warning(AlertKind.FAILOVER, failover.node, sentence, _STATUS)
        case RegionMoved(loss=loss, to=to, ms=ms):
            sentence = f"traffic of region {loss.region} moved to {' and '.join(to)} after {ms:.0f} ms"
            yield _warning(AlertKind.FAILOVER, loss.region, sentence, _STATUS)
        case FailoverEnded(node=node, back_ms=float(ms)) if _serves(after, node):  # and not a spare in its place
            yield _good_news(AlertKind.NODE_BACK, node, f"{node} is serving again after {ms:.0f} ms")
        case EdgeLost(loss=loss):
            left, price = len(loss.others), f"with {cost(loss)}: {loss.cause.text}"
            yield _edge_lost(
                loss.edge, f"{loss.edge} is lost {price}; {left} of {len(after.edges)} edges serving", left
            )
        case EdgeBack(edge=edge, ms=ms):
            yield _good_news(AlertKind.EDGE_BACK, edge, f"{edge} is serving again after {ms:.0f} ms")
        case NodeChanged(node=node) if node.state is NodeState.FAILED and event.was is not NodeState.FAILED:
            sentence = f"{node.name} {node.reason.text if node.reason else 'keeps dying'}"
            yield _critical(AlertKind.CRASH_LOOP, node.name, sentence, f"hactl logs {node.name}")
        case NodeChanged(node=node) if _hangs(node):
            sentence = f"{node.name} is hung and being killed: {event.why}"
            yield _warning(AlertKind.HUNG, node.name, sentence, f"hactl logs {node.name}")
        case NodeChanged(node=node) if node.slow and not before.nodes.get(node.name, node).slow:
            sentence = f"{node.name} is far slower than its peers: {node.reason.text if node.reason else ''}"
            yield _warning(AlertKind.NODE_SLOW, node.name, sentence, _STATUS)
        case TrafficRejected(edge=edge, version=version, why=why):
            sentence = f"{edge} rejected plan {version}: {why}"
            yield _warning(AlertKind.PLAN_REJECTED, edge, sentence, f"hactl logs {edge}")
        case BrownoutChanged(brownout=brownout):
            yield from _of_brownout(before.brownouts.get(brownout.region), brownout, after)
        case OperationEnded():
            yield from _of_operation(event, before, events, after)
        case DaemonStarted(gap=float(gap), at_most=at_most):
            sentence = f"the fleet was unsupervised for {'up to ' if at_most else ''}{gap:.1f} s"
            yield _warning(AlertKind.SUPERVISION_GAP, before.name, sentence, "hactl logs daemon")
        case JournalFilled(waiting=waiting):
            sentence = (
                f"the journal is out of space: {counted(waiting, 'record')} held in memory, commands are rejected"
            )
            yield _critical(AlertKind.JOURNAL_FULL, before.name, sentence, "free some disk space")
        case GapRecorded(lost=lost, why=why):
            sentence = f"lost {counted(lost, 'record')}: {why}"
            yield _critical(AlertKind.JOURNAL_FULL, before.name, sentence, "hactl doctor")
        case _:
            return


def _of_brownout(was: Brownout | None, now: Brownout, after: Fleet) -> Iterator[Notice]:
    """Once when it begins, with what is done about it; again when that did not help; and at its end."""
    bad, moved = was is not None and was.faltering, was is not None and was.moved
    if now.faltering and not bad and after.brownouts[now.region] == now:
        kept = after.evacuations.get(now.region)
        done = f"it keeps {kept.keep} % of its traffic" if now.moved and kept else "its traffic has not been moved"
        yield _warning(AlertKind.BROWNOUT, now.region, f"region {now.region} is degraded: {now.why}; {done}", _STATUS)
    elif moved and now.faltering and not now.moved:
        sentence = (
            f"region {now.region} is still degraded and has its traffic back:"
            " the other regions perform no better, or cannot take it"
        )
        yield _warning(AlertKind.BROWNOUT, now.region, sentence, _STATUS)
    elif was is not None and was.over is None and now.over is not None:
        yield _good_news(AlertKind.BROWNOUT_OVER, now.region, f"region {now.region} has recovered: {now.why}")


def _of_operation(ended: OperationEnded, before: Fleet, events: Sequence[Event], after: Fleet) -> Iterator[Notice]:
    begun = [event.operation for event in events if isinstance(event, OperationBegan)]
    known: dict[str, Operation] = before.operations | {operation.id: operation for operation in begun}
    operation = known[ended.id]
    overtaken = after.closing and operation.verb is not Verb.DOWN
    # what an operator has turned round went as wanted
    overtaken = overtaken or (operation.verb in RAMPS and any(one.verb in RAMPS for one in begun if one != operation))
    if operation.verb is Verb.ALERT_TEST or ended.outcome is Outcome.DONE or overtaken:
        return
    rolled_back = ended.outcome is Outcome.ROLLED_BACK
    config = rolled_back and operation.verb not in (*RAMPS, Verb.DRILL)
    kind = AlertKind.CONFIG_ROLLED_BACK if config else AlertKind.OPERATION_FAILED
    taken_back = "was taken back:" if operation.verb is Verb.DRILL else "was"  # the others say themselves how
    sentence = f"{operation.sentence} (by {operation.by}) {taken_back if rolled_back else 'failed:'} {ended.sentence}"
    yield _warning(kind, operation.verb, sentence, ended.hint)


def _of_losses(before: Fleet, events: Sequence[Event], after: Fleet) -> Iterator[Notice]:
    """What is lost by now with whoever is out, and no event of its own tells."""
    told = {event.loss.edge for event in events if isinstance(event, EdgeLost)}
    left = sum(edge.serviceable for edge in after.edges)
    for outage in begun(before, after):
        match outage.extent:
            case Extent.FLEET:
                sentence = f"fleet {after.name} is not serving any requests: {read(after).sentence}"
                yield _critical(AlertKind.FLEET_DOWN, after.name, sentence, _STATUS)
            case Extent.REGION:
                sentence = f"region {outage.name} is lost: none of its nodes is serving"
                yield _critical(AlertKind.REGION_LOST, outage.name, sentence, _STATUS)
            case Extent.EDGE:
                edge, was = after.nodes[outage.name], before.nodes.get(outage.name)
                if edge.name not in told and edge.reason is not None and was is not None and was.serviceable:
                    sentence = f"{edge.name} is lost: {edge.reason.text}; {left} of {len(after.edges)} edges serving"
                    yield _edge_lost(edge.name, sentence, left)
            case Extent.NODE:
                continue  # its failover, or its crash loop
            case _:
                assert_never(outage.extent)


def _of_returns(before: Fleet, events: Sequence[Event], after: Fleet) -> Iterator[Notice]:
    """What is back; a node or an edge only if nothing has told how long that took."""
    measured = {event.edge for event in events if isinstance(event, EdgeBack)}
    measured |= {
        event.node
        for event in events
        if isinstance(event, FailoverEnded) and event.back_ms is not None and _serves(after, event.node)
    }
    for outage in ended(before, after):
        match outage.extent:
            case Extent.FLEET:
                sentence = f"fleet {after.name} is serving again: {read(after).sentence}"
                yield _good_news(AlertKind.FLEET_BACK, after.name, sentence)
            case Extent.REGION:
                yield _region_back(after, outage.name)
            case Extent.EDGE if outage.name not in measured:
                yield _good_news(AlertKind.EDGE_BACK, outage.name, f"{outage.name} is serving again")
            case Extent.NODE if outage.name not in measured:
                stands_by = after.nodes[outage.name].standing_by
                sentence = f"{outage.name} is {'back, on standby' if stands_by else 'serving again'}"
                yield _good_news(AlertKind.NODE_BACK, outage.name, sentence)
            case Extent.EDGE | Extent.NODE:
                continue
            case _:
                assert_never(outage.extent)


def _region_back(after: Fleet, region: str) -> Notice:
    nodes = after.in_region(region)
    serving = ", ".join(node.name for node in nodes if node.serviceable)
    waits = waiting_for_failback(after, (node.name for node in nodes))
    sentence = f"region {region} is back: {serving} serving" + (f"; {waits}" if waits else "")
    return _good_news(AlertKind.REGION_BACK, region, sentence)


def _edge_lost(edge: str, sentence: str, left: int) -> Notice:
    kind, hint = AlertKind.EDGE_LOST, f"hactl logs {edge}"
    return _warning(kind, edge, sentence, hint) if left else _critical(kind, edge, sentence, hint)


def _serves(fleet: Fleet, name: str) -> bool:
    return name in fleet.nodes and fleet.nodes[name].serviceable


def _hangs(node: Node) -> bool:
    """True right when it is found out; what follows from it is told by other events."""
    found_out = node.health is Health.UNHEALTHY and node.state.alive
    return found_out and node.reason is not None and node.reason.code is ReasonCode.HUNG


def _warning(kind: AlertKind, subject: str, sentence: str, hint: str) -> Notice:
    return Notice(kind=kind, severity=Severity.WARNING, subject=subject, sentence=sentence, hint=hint)


def _critical(kind: AlertKind, subject: str, sentence: str, hint: str) -> Notice:
    return Notice(kind=kind, severity=Severity.CRITICAL, subject=subject, sentence=sentence, hint=hint)


def _good_news(kind: AlertKind, subject: str, sentence: str) -> Notice:
    return Notice(kind=kind, severity=Severity.INFO, subject=subject, sentence=sentence)
