"""An event as one plain sentence, for logs, pipes and people. Pure; the console and `hactl events` use the same."""

from collections.abc import Iterable, Iterator
from typing import assert_never, get_args

from hactl.core.alert_events import AlertEvent
from hactl.core.alert_telling import tell_alert
from hactl.core.brownout_events import BrownoutChanged, BrownoutEvent, BrownoutForgotten
from hactl.core.certificate import bearers
from hactl.core.config_events import (
    ConfigEvent,
    ConfigTaken,
    FleetFounded,
    NodesAdded,
    NodesRemoved,
    RevisionApplied,
    RevisionProposed,
    RevisionRolledBack,
    RulesTaken,
)
from hactl.core.drill_events import DrillEvent
from hactl.core.drill_telling import tell_drill
from hactl.core.events import (
    AdoptionRefused,
    CapacitySeen,
    CertificateRefused,
    CertificateTaken,
    DaemonStarted,
    DaemonStopped,
    EdgeBack,
    EdgeGivenUp,
    EdgeLost,
    Event,
    FailoverBegan,
    FailoverEnded,
    FailoverMoved,
    FleetClosing,
    FleetPaused,
    FleetUnpaused,
    GapRecorded,
    JournalFilled,
    NodeAdopted,
    NodeChanged,
    OperationBegan,
    OperationEnded,
    OperationMoved,
    OrphanEnded,
    PolicyChanged,
    Record,
    TrafficApplied,
    TrafficRejected,
    TrafficShifted,
    WeightsChanged,
)
from hactl.core.headroom import rate
from hactl.core.hop import service_of
from hactl.core.hop_events import HopChanged, HopMended
from hactl.core.node import Health, NodeState
from hactl.core.operation import Operation, Phase, Step, Target
from hactl.core.plan import EndpointStatus
from hactl.core.plural import counted
from hactl.core.reading import cost, others
from hactl.core.region_events import RegionBack, RegionEvacuated, RegionEvent, RegionLost, RegionMoved, RegionRestored

QUIET = ("DrillKept",)
"""Kinds of events that are too many to list one by one; they are shown when asked for by kind."""
USUAL = tuple(kind.__name__ for kind in get_args(Event) if kind.__name__ not in QUIET)
"""All others."""


def told(records: Iterable[Record]) -> Iterator[Record]:
    """Those that are listed one by one."""
    return (record for record in records if type(record.event).__name__ not in QUIET)


def tell(event: Event) -> str:  # noqa: C901, PLR0912 - one line for each event
    """What happened."""
    if isinstance(event, ConfigEvent):
        return _configured(event)
    if isinstance(event, AlertEvent):
        return tell_alert(event)
    if isinstance(event, RegionEvent):
        return _region(event)
    if isinstance(event, BrownoutEvent):
        return _brownout(event)
    if isinstance(event, DrillEvent):
        return tell_drill(event)
    match event:
        case DaemonStarted():
            return _started(event)
        case DaemonStopped(pid=pid):
            return f"daemon exited (pid {pid})"
        case NodeChanged():
            return _changed(event)
        case NodeAdopted(node=node, pid=pid, recorded=recorded):
            return f"{node}: adopted (pid {pid}{'' if recorded else ', never recorded before'})"
        case AdoptionRefused(node=node, pid=pid, why=why):
            return f"{node}: pid {pid} not adopted: {why}"
        case OrphanEnded(pid=pid, instance=instance):
            return f"orphan {instance} ended (pid {pid})"
        case WeightsChanged():
            return _weights(event)
        case PolicyChanged(policy=policy):
            return f"policy: {policy}"
        case CertificateTaken() | CertificateRefused():
            return _certificate(event)
        case CapacitySeen(node=node, rate=sustained):
            return f"{node}: sustained {rate(sustained)}, more than any node has been seen to carry before"
        case TrafficShifted(plan=plan):
            active = sum(endpoint.status is EndpointStatus.ACTIVE for endpoint in plan.endpoints)
            return f"plan {plan.version}: {counted(active, 'node takes', 'nodes take')} traffic"
        case TrafficApplied(edge=edge, version=version):
            return f"{edge}: plan {version} confirmed"
        case TrafficRejected(edge=edge, version=version, why=why):
            return f"{edge}: plan {version} rejected: {why}"
        case FailoverBegan() | FailoverMoved() | FailoverEnded() | EdgeLost() | EdgeBack() | EdgeGivenUp():
            return _loss(event)
        case OperationBegan() | OperationMoved() | OperationEnded():
            return _operation(event)
        case GapRecorded() | JournalFilled():
            return _journal(event)
        case FleetPaused() | FleetUnpaused() | FleetClosing():
            return _fleet(event)
        case HopChanged(hop=hop, why=why):
            return f"the hop to {hop.service or hop.name}: {why}" if why else str(hop)
        case HopMended(hop=name, why=why):
            return f"the hop to {service_of(name) or name} {why}"
        case _:
            assert_never(event)


def _configured(event: ConfigEvent) -> str:
    match event:
        case FleetFounded(id=fleet_id, spec=spec, nodes=nodes):
            return f"fleet {spec.name} created with {counted(len(nodes), 'process', 'processes')} (id {fleet_id})"
        case RevisionProposed(proposal=proposal):
            return f"configuration revision {proposal.revision} proposed ({proposal.digest[:12]})"
        case ConfigTaken(revision=revision) | RevisionApplied(revision=revision):
            return f"configuration revision {revision} in force"
        case RulesTaken(revision=revision):
            return f"configuration revision {revision} in force: only rules of the daemon changed"
        case RevisionRolledBack(revision=revision, why=why):
            return f"configuration revision {revision} rolled back: {why}"
        case NodesAdded(nodes=nodes):
            return "added: " + ", ".join(node.name for node in nodes)
        case NodesRemoved(nodes=names):
            return "removed: " + ", ".join(names)
        case _:
            assert_never(event)


def tell_step(target: Target) -> str:
    """What an operation does with one target, to be done."""
    match target.step:
        case None:
            return target.node
        case Step.CHANGE:
            return f"restart {target.node}" if target.restart else f"update {target.node}"
        case Step.ADD:
            return f"add {target.node}"
        case Step.REMOVE:
            return f"drain, stop and remove {target.node}"
        case Step.BAKE:
            return "watch the traffic"
        case Step.COMMIT:
            return "put it into force"
        case Step.SHIFT:
            proved = " on every edge" if target.until else ""
            return f"{target.region} keeps {target.keep} % of its traffic{proved}"
        case _:
            assert_never(target.step)


def _loss(event: FailoverBegan | FailoverMoved | FailoverEnded | EdgeLost | EdgeBack | EdgeGivenUp) -> str:
    if isinstance(event, EdgeLost | EdgeBack | EdgeGivenUp):
        return _edge(event)
    match event:
        case FailoverBegan(failover=failover):
            return f"{failover.node}: capacity lost: {failover.cause.text}"
        case FailoverMoved(failover=failover, ms=ms):
            return f"{failover.node}: traffic moved away on every edge after {ms:.0f} ms"
        case FailoverEnded(node=node, back_ms=None, why=why) if why:
            return f"{node}: no longer tracking its loss: {why}"
        case FailoverEnded(node=node, back_ms=None):
            return f"{node}: capacity will not recover on its own"
        case FailoverEnded(node=node, back_ms=back_ms):
            return f"{node}: capacity back after {back_ms:.0f} ms"
        case _:
            assert_never(event)


def _edge(event: EdgeLost | EdgeBack | EdgeGivenUp) -> str:
    match event:
        case EdgeLost(loss=loss):
            return f"{loss.edge}: lost with {cost(loss)}: {loss.cause.text}; {others(loss)}"
        case EdgeBack(edge=edge, ms=ms):
            return f"{edge}: serving again after {ms:.0f} ms"
        case EdgeGivenUp(edge=edge):
            return f"{edge}: will not recover on its own"
        case _:
            assert_never(event)


def _brownout(event: BrownoutEvent) -> str:
    match event:
        case BrownoutChanged(brownout=brownout, what=what):
            return f"region {brownout.region} {what}"
        case BrownoutForgotten(region=region):
            return f"region {region} has been healthy long enough for its brown-outs to be forgotten"
        case _:
            assert_never(event)


def _region(event: RegionEvent) -> str:
    match event:
        case RegionEvacuated(evacuation=evacuation):
            why = f" ({evacuation.why})" if evacuation.why else ""
            return f"{evacuation.region}: keeps {evacuation.keep} % of its traffic, {evacuation.who}{why}"
        case RegionRestored(region=region, why=why):
            return f"{region}: gets all its traffic again: {why}"
        case RegionLost(loss=loss):
            return f"region {loss.region}: lost, none of its nodes is serving: {loss.cause.text}"
        case RegionMoved(loss=loss, to=to, ms=ms):
            return f"region {loss.region}: traffic moved to {' and '.join(to)} on every edge after {ms:.0f} ms"
        case RegionBack(region=region, back_ms=None, why=why) if why:
            return f"region {region}: no longer tracking its loss: {why}"
        case RegionBack(region=region, back_ms=None):
            return f"region {region}: will not recover on its own"
        case RegionBack(region=region, back_ms=back_ms):
            return f"region {region}: whole again after {back_ms:.0f} ms"
        case _:
            assert_never(event)


def _fleet(event: FleetPaused | FleetUnpaused | FleetClosing) -> str:
    if isinstance(event, FleetClosing):
        return "the fleet is going down"
    if isinstance(event, FleetUnpaused):
        return f"repairs resume: {event.why}"
    paused = event.paused
    ends = "until unpaused" if paused.until is None else "for a limited time"
    return f"{paused.who} {ends}: nothing is repaired" + (f" ({paused.reason})" if paused.reason else "")


def _operation(event: OperationBegan | OperationMoved | OperationEnded) -> str:
    match event:
        case OperationBegan(operation=operation):
            return f"{operation.id} began: {operation.sentence}"
        case OperationMoved(operation=operation):
            return f"{operation.id}: {_progress(operation)}"
        case OperationEnded(id=ended, outcome=outcome, sentence=sentence, ms=ms):
            took = f" after {ms:.0f} ms" if round(ms) else ""
            return f"{ended} {outcome}{took}: {sentence}"
        case _:
            assert_never(event)


def _progress(operation: Operation) -> str:
    resting = (Phase.WAITING, Phase.DONE)
    moving = (target for target in operation.targets if target.phase not in resting)
    busy = (f"{target.node} is {target.phase}, " if target.node else f"{tell_step(target)}, " for target in moving)
    back = f"rolling back: {operation.back}; " if operation.back else ""
    if not operation.targets:
        return back.removesuffix("; ") or operation.sentence
    return f"{back}{''.join(busy)}{operation.done} of {len(operation.targets)} done"


def _started(event: DaemonStarted) -> str:
    most = "at most " if event.at_most else ""
    unseen = f" after {most}{event.gap:.1f} s without supervision" if event.gap is not None else ""
    trouble = f"; LAST GOOD CONFIGURATION in force, hactl.toml cannot be used: {event.trouble}" if event.trouble else ""
    return f"daemon {event.version} in charge (pid {event.pid}){unseen}{trouble}"


def _changed(event: NodeChanged) -> str:
    node = event.node
    unhealthy = node.state is NodeState.SERVING and node.health is Health.UNHEALTHY
    state = "unhealthy" if unhealthy else node.state.value
    arrow = f"{event.was} -> {state}" if event.was is not node.state else state
    return f"{node.name}: {arrow}" + (f" ({event.why})" if event.why else "")


def _weights(event: WeightsChanged) -> str:
    both = {**event.nodes, **{f"region {name}": weight for name, weight in event.regions.items()}}
    return "weight: " + ", ".join(f"{name} = {weight}" for name, weight in both.items())


def _certificate(event: CertificateTaken | CertificateRefused) -> str:
    if isinstance(event, CertificateRefused):
        return f"certificate rejected: {event.why}"
    return f"certificate for {bearers(event.certificate)} accepted"


def _journal(event: GapRecorded | JournalFilled) -> str:
    if isinstance(event, GapRecorded):
        return f"lost {counted(event.lost, 'record')}: {event.why}"
    return f"the journal is out of space: {counted(event.waiting, 'record')} held in memory"
