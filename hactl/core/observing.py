"""What each observation does to the fleet. Never fails: news that no longer fits is dropped, whatever it says.

How one process reacts is in `lifecycle`; what is checked here needs the rest of the fleet: whether the news is about
the current launch, how many nodes may be taken out on probes, whose change an edge has rejected.
"""

from typing import assert_never

from hactl.core import alert_queue, brownouts, hops, impairing, operations, ramp, rollout, scheduling, slowness
from hactl.core.causes import Cause, Stimulus, instance_of
from hactl.core.draft import Draft
from hactl.core.effects import EndOrphan
from hactl.core.events import (
    CapacitySeen,
    CertificateRefused,
    CertificateTaken,
    JournalFilled,
    OrphanEnded,
    TrafficApplied,
    TrafficRejected,
)
from hactl.core.hop_observations import HopObservation
from hactl.core.model import Fleet
from hactl.core.node import Launch, Node, Reason, ReasonCode
from hactl.core.observations import (
    AlertTooOld,
    AlertTried,
    BecameHealthy,
    BecameSlow,
    BecameUnhealthy,
    CertificateFit,
    CertificateUnfit,
    DrillDue,
    DrillOver,
    Exited,
    ImpairmentRead,
    ImpairmentRefused,
    JournalStuck,
    LoadSustained,
    NoLongerSlow,
    Observation,
    PlanApplied,
    PlanRejected,
    RegionFaltered,
    RegionRecovered,
    Spawned,
    SpawnFailed,
    Stalled,
    StillBusy,
    TakersFaltered,
    Ticked,
    TrafficWorsened,
    WentIdle,
    Woke,
)
from hactl.core.value import replace

_OfOne = (
    BecameSlow
    | NoLongerSlow
    | SpawnFailed
    | Exited
    | BecameHealthy
    | BecameUnhealthy
    | Stalled
    | WentIdle
    | StillBusy
    | ImpairmentRead
    | ImpairmentRefused
)
"""News about one launch."""


def observe(draft: Draft, saw: Observation) -> None:  # noqa: C901 - one case for each observation
    """Take one observation."""
    if isinstance(saw, HopObservation):
        hops.observe(draft, saw)
        return
    if isinstance(saw, _OfOne):
        if _current(draft.fleet, saw.node, saw.instance) and _plausible(draft.fleet.nodes[saw.node], saw):
            _of_one(draft, saw)
        return
    match saw:
        case Ticked():
            return
        case PlanApplied():
            _plan_applied(draft, saw)
        case PlanRejected():
            _plan_rejected(draft, saw)
        case TrafficWorsened(operation=operation_id, why=why):
            if operation_id in draft.fleet.operations:
                rollout.turn_back(draft, draft.fleet.operations[operation_id], why)
                ramp.turn_back(draft, draft.fleet.operations[operation_id], why)
        case LoadSustained(node=name, instance=instance, rate=rate):
            if _current(draft.fleet, name, instance) and rate > draft.fleet.sustained:
                draft.emit(CapacitySeen(node=name, rate=rate))
        case RegionFaltered() | RegionRecovered() | TakersFaltered():
            brownouts.observe(draft, saw)
        case CertificateFit() | CertificateUnfit():
            _certificate(draft, saw)
        case AlertTried():
            alert_queue.tried(draft, saw)
        case AlertTooOld(id=alert_id):
            alert_queue.expire(draft, alert_id)
        case DrillDue() | DrillOver():
            scheduling.observe(draft, saw)
        case JournalStuck(waiting=waiting):
            draft.emit(JournalFilled(waiting=waiting))
        case Woke(node=name, deadline=deadline):
            if name in draft.fleet.nodes:
                draft.stimulate(name, Stimulus(cause=Cause.WOKE, woke=deadline))
        case Spawned(node=name, launch=launch):
            _spawned(draft, name, launch)
        case _:
            assert_never(saw)


def reconsider_suspects(draft: Draft) -> None:
    """Take out those that were only kept because too many others were out, as soon as the others are back."""
    for name, node in draft.fleet.nodes.items():
        suspect = node.serviceable and node.reason is not None and node.reason.code is ReasonCode.SUSPECT
        if suspect and node.reason is not None and not _too_many_out(draft.fleet, node):
            cause = Cause.HUNG if node.hung else Cause.UNHEALTHY
            draft.stimulate(name, Stimulus(cause=cause, why=node.reason.text))


def exit_text(saw: Exited) -> str:
    """How a process ended, for people."""
    if saw.oom:
        return "killed by the kernel, most likely out of memory"
    if saw.signal is not None:
        return f"killed by signal {saw.signal}"
    how = "exited, status unknown" if saw.code is None else f"exited with code {saw.code}"
    if saw.left:
        return f"{how} but left {saw.left}"
    return f"{how}: {saw.said}" if saw.said else how


def _certificate(draft: Draft, saw: CertificateFit | CertificateUnfit) -> None:
    """Said once: whoever judges the same files again and again says nothing new."""
    if isinstance(saw, CertificateUnfit):
        if draft.fleet.certificate_refused != saw.why:
            draft.emit(CertificateRefused(why=saw.why))
    elif draft.fleet.certificate_refused or draft.fleet.certificate != saw.certificate:
        draft.emit(CertificateTaken(certificate=saw.certificate))


def _of_one(draft: Draft, saw: _OfOne) -> None:
    if isinstance(saw, Exited | BecameUnhealthy):
        draft.in_use = saw.in_use
    match saw:
        case SpawnFailed(node=name, why=why, port=port):
            draft.stimulate(name, Stimulus(cause=Cause.SPAWN_FAILED, why=why, port=port))
        case Exited(node=name, oom=oom):
            code = ReasonCode.OUT_OF_MEMORY if oom else ReasonCode.EXITED
            draft.stimulate(name, Stimulus(cause=Cause.EXITED, why=exit_text(saw), code=code))
        case BecameHealthy(node=name):
            draft.stimulate(name, Stimulus(cause=Cause.HEALTHY))
        case BecameUnhealthy(node=name, why=why, hung=hung):
            _unhealthy(draft, draft.fleet.nodes[name], why, hung=hung)
        case BecameSlow() | NoLongerSlow():
            slowness.observe(draft, saw)
        case ImpairmentRead() | ImpairmentRefused():
            impairing.observe(draft, saw)
        case Stalled(node=name, why=why):
            draft.stimulate(name, Stimulus(cause=Cause.STALLED, why=why))
        case WentIdle(node=name):
            draft.stimulate(name, Stimulus(cause=Cause.IDLE))
        case StillBusy(node=name, requests=count):
            draft.stimulate(name, Stimulus(cause=Cause.BUSY, count=count))
        case _:
            assert_never(saw)


def _current(fleet: Fleet, name: str, instance: str) -> bool:
    node = fleet.nodes.get(name)
    return node is not None and instance_of(node, fleet.id) == instance


def _plausible(node: Node, saw: _OfOne) -> bool:
    """A start fails before there is a process; what a probe says before that is about somebody else on the port."""
    if isinstance(saw, Exited):
        return True
    return (node.launch is None) is isinstance(saw, SpawnFailed)


def _spawned(draft: Draft, name: str, launch: Launch) -> None:
    """A process nobody waits for any more is ended: left alone it would run for ever beside its successor."""
    node = draft.fleet.nodes.get(name)
    if node is not None and node.launch == launch:
        return
    fits = _current(draft.fleet, name, launch.instance)
    if not fits or not draft.stimulate(name, Stimulus(cause=Cause.SPAWNED, launch=launch)):
        draft.emit(OrphanEnded(pid=launch.pid, instance=launch.instance))
        draft.perform(EndOrphan(launch=launch))


def _unhealthy(draft: Draft, node: Node, why: str, *, hung: bool) -> None:
    """On probes alone at most `max_unhealthy_share` of the nodes go out: more than that is likely to be us.

    What an operator froze is not a matter of probes: that it hangs is certain.
    """
    if node.serviceable and not node.frozen and _too_many_out(draft.fleet, node):
        suspect = replace(node, reason=Reason(code=ReasonCode.SUSPECT, text=why), hung=hung or node.hung)
        draft.take_note(suspect, f"{why}; kept in rotation, because too many are already out on failed probes")
        return
    draft.stimulate(node.name, Stimulus(cause=Cause.HUNG if hung else Cause.UNHEALTHY, why=why))


def _too_many_out(fleet: Fleet, node: Node) -> bool:
    peers = [other for other in fleet.nodes.values() if other.role is node.role]
    probed_out = (ReasonCode.PROBE_FAILED, ReasonCode.HUNG)
    out = [other for other in peers if not other.serviceable and other.reason and other.reason.code in probed_out]
    # One may always go, or a fleet of two could never lose a hung node.
    return bool(out) and (len(out) + 1) > fleet.spec.safety.max_unhealthy_share * len(peers)


def _plan_applied(draft: Draft, saw: PlanApplied) -> None:
    fleet, edge, version = draft.fleet, saw.edge, saw.version
    known = _current(fleet, edge, saw.instance) and fleet.nodes[edge].state.alive
    newer = fleet.confirmed.get(edge, -1) < version
    if not known or not (newer or fleet.proved.get(edge) != saw.revision):
        return
    measured = newer and edge in fleet.confirmed and version == fleet.plan.version and fleet.shifted_at > 0.0
    ms = (draft.now.mono - fleet.shifted_at) * 1000 if measured else None
    version = max(version, fleet.confirmed.get(edge, -1))
    draft.emit(TrafficApplied(edge=edge, version=version, ms=ms, revision=saw.revision))


def _plan_rejected(draft: Draft, saw: PlanRejected) -> None:
    if not _current(draft.fleet, saw.edge, saw.instance):
        return
    draft.emit(TrafficRejected(edge=saw.edge, version=saw.version, why=saw.why))
    for operation_id in tuple(draft.fleet.operations):
        # Looked up again each time: undoing one change may have moved another.
        operation = draft.fleet.operations[operation_id]
        if operation.revision and operation.revision == saw.revision:
            rollout.turn_back(draft, operation, f"{saw.edge} rejected it: {saw.why}")
        # A silent edge, or one on its way out, has no objections: it will take what is newest then.
        objects = draft.fleet.nodes[saw.edge].serviceable
        if objects and operation.version < saw.version:
            ramp.turn_back(draft, operation, f"{saw.edge} rejected it: {saw.why}")
        if objects and operation.undo is not None and operation.version < saw.version:
            operations.undo_change(draft, operation, f"{saw.edge} rejected it: {saw.why}")
