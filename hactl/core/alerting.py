"""Which events raise which alert: from the fleet before, the events, and the fleet after. Pure.

The same for every receiver: who wants an alert, how often, and whether it arrives is decided elsewhere (`alert_queue`).

What an operator ordered raises no alert: a drained region, a stopped edge, a fleet taken down. A kill does, because it
is meant to look like a crash. For everything that is lost there is also an alert when it is back.
"""

from collections.abc import Iterable, Iterator, Sequence

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
from hactl.core.node import NO_FAULT, Health, Node, NodeState, ReasonCode
from hactl.core.operation import RAMPS, Operation, Outcome, Verb
from hactl.core.plural import counted
from hactl.core.reading import Verdict, cost, read
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
    if not after.closing and any(isinstance(event, NodeChanged) for event in events):
        whole = (*_of_fleet(before, after), *_of_regions(before, after), *_of_edges(before, after))
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
        case FailoverEnded(node=node, back_ms=float(ms)):
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
    config = rolled_back and operation.verb not in RAMPS
    kind = AlertKind.CONFIG_ROLLED_BACK if config else AlertKind.OPERATION_FAILED
    sentence = f"{operation.sentence} (by {operation.by}) {'was' if rolled_back else 'failed:'} {ended.sentence}"
    yield _warning(kind, operation.verb, sentence, ended.hint)


def _of_fleet(before: Fleet, after: Fleet) -> Iterator[Notice]:
    was, now = read(before), read(after)
    serving = (Verdict.OK, Verdict.DEGRADED)
    if was.verdict in serving and now.verdict is Verdict.DOWN and _faulty(after.nodes.values()):
        sentence = f"fleet {after.name} is not serving any requests: {now.sentence}"
        yield _critical(AlertKind.FLEET_DOWN, after.name, sentence, _STATUS)
    if was.verdict is Verdict.DOWN and now.verdict in serving and _faulty(before.nodes.values()):
        yield _good_news(AlertKind.FLEET_BACK, after.name, f"fleet {after.name} is serving again: {now.sentence}")


def _of_regions(before: Fleet, after: Fleet) -> Iterator[Notice]:
    for region in after.spec.regions:
        nodes_before, nodes_after = before.in_region(region.name), after.in_region(region.name)
        was, now = _any_serves(nodes_before), _any_serves(nodes_after)
        if was and not now and _faulty(nodes_after):
            sentence = f"region {region.name} is lost: none of its nodes is serving"
            yield _critical(AlertKind.REGION_LOST, region.name, sentence, _STATUS)
        if now and not was and _faulty(nodes_before):
            serving = ", ".join(node.name for node in nodes_after if node.serviceable)
            waits = waiting_for_failback(after, (node.name for node in nodes_after))
            sentence = f"region {region.name} is back: {serving} serving" + (f"; {waits}" if waits else "")
            yield _good_news(AlertKind.REGION_BACK, region.name, sentence)


def _of_edges(before: Fleet, after: Fleet) -> Iterator[Notice]:
    left = sum(edge.serviceable for edge in after.edges)
    for edge in after.edges:
        was = before.nodes.get(edge.name)
        ended = edge.name in before.edge_losses or edge.name in after.edge_losses
        if was is None or was.serviceable is edge.serviceable or ended:  # what ended is told with its numbers
            continue
        if was.serviceable and edge.reason is not None and _faulty((edge,)):
            sentence = f"{edge.name} is lost: {edge.reason.text}; {left} of {len(after.edges)} edges serving"
            yield _edge_lost(edge.name, sentence, left)
        if edge.serviceable and _faulty((was,)):
            yield _good_news(AlertKind.EDGE_BACK, edge.name, f"{edge.name} is serving again")


def _edge_lost(edge: str, sentence: str, left: int) -> Notice:
    kind, hint = AlertKind.EDGE_LOST, f"hactl logs {edge}"
    return _warning(kind, edge, sentence, hint) if left else _critical(kind, edge, sentence, hint)


def _any_serves(nodes: Iterable[Node]) -> bool:
    return any(node.serviceable for node in nodes)


def _faulty(nodes: Iterable[Node]) -> bool:
    """True when one of them is out, and not by an order."""
    return any(not node.serviceable and node.reason and node.reason.code not in NO_FAULT for node in nodes)


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
