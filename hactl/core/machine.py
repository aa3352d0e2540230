"""`step`: a fleet, one cause and the time → what happened and what to do. The only decision maker.

Not the loop (that is `supervisor`): nothing here waits, writes or knows who listens. A command is accepted or
rejected whole; an observation never fails, late news is dropped.
"""

from typing import assert_never

from hactl.core import failover, operations
from hactl.core.commands import (
    VERBS,
    Command,
    Down,
    Drain,
    Kill,
    Request,
    Restart,
    Resume,
    SetPolicy,
    SetWeight,
    Start,
    Stop,
)
from hactl.core.draft import Draft, evolve
from hactl.core.effects import ApplyTraffic, Effect
from hactl.core.events import (
    Event,
    FleetClosing,
    OperationBegan,
    PolicyChanged,
    TrafficApplied,
    TrafficRejected,
    TrafficShifted,
    WeightsChanged,
)
from hactl.core.lifecycle import Cause, Stimulus, instance_of
from hactl.core.model import (
    Fleet,
    Node,
    NodeState,
    Now,
    Operation,
    Outcome,
    Phase,
    Reason,
    ReasonCode,
    Role,
    Target,
    Undo,
    Verb,
)
from hactl.core.observations import (
    BecameHealthy,
    BecameUnhealthy,
    Exited,
    Observation,
    PlanApplied,
    PlanRejected,
    Spawned,
    SpawnFailed,
    Ticked,
    WentIdle,
    Woke,
)
from hactl.core.safety import check
from hactl.core.traffic import plan_for
from hactl.core.value import Value, replace

__all__ = ["Decision", "evolve", "settle", "step"]

SETTLE_LIMIT = 200
"""Rounds after which rules that never rest would be a bug; real fleets need two or three."""
PLAN_DEADLINE = 10.0
"""Seconds an edge has to confirm a weight or policy change before it is taken back."""

_ORDER: dict[type[Command], Cause] = {
    Start: Cause.START,
    Stop: Cause.STOP,
    Kill: Cause.KILL,
    Drain: Cause.DRAIN,
    Resume: Cause.RESUME,
}


class Decision(Value):
    """The outcome of one step."""

    fleet: Fleet
    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    operation: str = ""
    sentence: str = ""


def step(fleet: Fleet, cause: Request | Observation, now: Now) -> Decision:
    """What follows from `cause`. Raises CommandRejected, and nothing else, for a Request that does not fit."""
    draft = Draft(fleet, now)
    operation = None
    if isinstance(cause, Request):
        check(fleet, cause)
        operation = _accept(draft, cause)
    else:
        _observe(draft, cause)
    settle(draft, fleet)
    return Decision(
        fleet=draft.fleet,
        events=tuple(draft.events),
        effects=draft.ordered_effects(),
        operation=operation.id if operation else "",
        sentence=operation.sentence if operation else "",
    )


def settle(draft: Draft, before: Fleet) -> None:
    """Apply the rules that follow from the fleet's state, whichever road led there, until nothing changes."""
    for _ in range(SETTLE_LIMIT):
        seq = draft.fleet.seq
        _shift_traffic(draft)
        failover.begin(draft, before)
        failover.follow(draft)
        operations.advance(draft)
        if draft.fleet.seq == seq:
            return
        before = draft.fleet
    raise AssertionError(f"rules do not settle: {draft.events[-4:]}")


def _shift_traffic(draft: Draft) -> None:
    plan = plan_for(draft.fleet)
    if plan != draft.fleet.plan:
        why = "; ".join(filter(None, (getattr(event, "why", "") for event in draft.events[-3:])))
        draft.emit(TrafficShifted(plan=plan, why=why))
        draft.perform(ApplyTraffic(plan=plan))


def _accept(draft: Draft, request: Request) -> Operation:
    command, fleet = request.command, draft.fleet
    operation = replace(_operation(fleet, request, draft.now), undo=_undo(fleet, command))
    draft.emit(OperationBegan(operation=operation))
    match command:
        case Start() | Stop() | Kill() | Drain() | Resume():
            for name in command.nodes:
                draft.stimulate(name, Stimulus(cause=_ORDER[type(command)], by=request.by))
        case SetWeight(nodes=nodes, regions=regions, weight=weight):
            draft.emit(WeightsChanged(nodes=dict.fromkeys(nodes, weight), regions=dict.fromkeys(regions, weight)))
        case SetPolicy(policy=policy):
            draft.emit(PolicyChanged(policy=policy))
        case Restart():
            pass
        case Down():
            for other in fleet.operations.values():
                operations.end(draft, other, Outcome.FAILED, f"the fleet was taken down by {request.by}")
            draft.emit(FleetClosing())
        case _:
            assert_never(command)
    return operation


def _undo(fleet: Fleet, command: Command) -> Undo | None:
    if isinstance(command, SetWeight):
        weights = {name: fleet.region_weights.get(name, fleet.spec.region(name).weight) for name in command.regions}
        return Undo(node_weights={name: fleet.nodes[name].weight for name in command.nodes}, region_weights=weights)
    return Undo(policy=fleet.policy) if isinstance(command, SetPolicy) else None


def _operation(fleet: Fleet, request: Request, now: Now) -> Operation:
    command = request.command
    verb = VERBS[type(command)]
    names: tuple[str, ...] = getattr(command, "nodes", ())
    gateway = fleet.spec.gateway
    each = gateway.start_timeout + gateway.stop_timeout + fleet.spec.restart.max
    patience = (
        PLAN_DEADLINE if verb in (Verb.WEIGHT, Verb.POLICY) else each * (len(names) if verb is Verb.RESTART else 1)
    )
    return Operation(
        id=f"op-{fleet.seq + 1}",
        verb=verb,
        by=request.by,
        reason=request.reason,
        began=now.mono,
        wall=now.wall,
        deadline=now.mono + patience,
        version=fleet.plan.version,
        targets=tuple(
            Target(node=name, phase=Phase.WAITING, instance=instance_of(fleet.nodes[name], fleet.id)) for name in names
        ),
        sentence=_sentence(command),
    )


def _sentence(command: Command) -> str:
    match command:
        case Start(nodes=nodes):
            return f"start {', '.join(nodes)}"
        case Stop(nodes=nodes):
            return f"stop {', '.join(nodes)}"
        case Restart(nodes=nodes):
            return f"restart {', '.join(nodes)}, one at a time"
        case Kill(nodes=nodes):
            return f"kill {', '.join(nodes)} with SIGKILL"
        case Drain(nodes=nodes):
            return f"drain {', '.join(nodes)}"
        case Resume(nodes=nodes):
            return f"resume {', '.join(nodes)}"
        case SetWeight(nodes=nodes, regions=regions, weight=weight):
            return f"weight of {', '.join((*nodes, *regions))} = {weight}"
        case SetPolicy(policy=policy):
            return f"policy = {policy}"
        case Down():
            return "stop everything"
        case _:
            assert_never(command)


def _observe(draft: Draft, saw: Observation) -> None:
    match saw:
        case Ticked():
            return
        case PlanApplied(edge=edge, instance=instance, version=version):
            _plan_applied(draft, edge, instance, version)
        case PlanRejected():
            _plan_rejected(draft, saw)
        case Woke(node=name, deadline=deadline):
            if name in draft.fleet.nodes:
                draft.stimulate(name, Stimulus(cause=Cause.WOKE, woke=deadline))
        case Spawned(node=name, launch=launch):
            if _current(draft.fleet, name, launch.instance):
                draft.stimulate(name, Stimulus(cause=Cause.SPAWNED, launch=launch))
        case SpawnFailed() | Exited() | BecameHealthy() | BecameUnhealthy() | WentIdle():
            if _current(draft.fleet, saw.node, saw.instance):
                _of_one(draft, saw)
        case _:
            assert_never(saw)


def _of_one(draft: Draft, saw: SpawnFailed | Exited | BecameHealthy | BecameUnhealthy | WentIdle) -> None:
    match saw:
        case SpawnFailed(node=name, why=why, port=port):
            draft.stimulate(name, Stimulus(cause=Cause.SPAWN_FAILED, why=why, port=port))
        case Exited(node=name):
            draft.stimulate(name, Stimulus(cause=Cause.EXITED, why=exit_text(saw), code=_exit_code(saw)))
        case BecameHealthy(node=name):
            _healthy(draft, draft.fleet.nodes[name])
        case BecameUnhealthy(node=name, why=why, hung=hung):
            _unhealthy(draft, draft.fleet.nodes[name], why, hung=hung)
        case WentIdle(node=name):
            draft.stimulate(name, Stimulus(cause=Cause.IDLE))
        case _:
            assert_never(saw)


def _current(fleet: Fleet, name: str, instance: str) -> bool:
    node = fleet.nodes.get(name)
    return node is not None and instance_of(node, fleet.id) == instance


def _healthy(draft: Draft, node: Node) -> None:
    draft.stimulate(node.name, Stimulus(cause=Cause.HEALTHY))
    after = draft.fleet.nodes[node.name]
    if node.role is Role.EDGE and node.state is not NodeState.SERVING and after.state is NodeState.SERVING:
        draft.perform(ApplyTraffic(plan=draft.fleet.plan))


def _unhealthy(draft: Draft, node: Node, why: str, *, hung: bool) -> None:
    """On probes alone at most `max_unhealthy_share` of the nodes go out: more than that is likely to be us."""
    cause = Cause.HUNG if hung else Cause.UNHEALTHY
    if node.serviceable and _too_many_out(draft.fleet, node):
        reason = Reason(code=ReasonCode.SUSPECT, text=f"{why}; kept, because too many are out on probes already")
        if node.reason != reason:
            from_probe = replace(node, reason=reason)
            draft.take_note(from_probe, reason.text)
        return
    draft.stimulate(node.name, Stimulus(cause=cause, why=why))


def _too_many_out(fleet: Fleet, node: Node) -> bool:
    peers = [other for other in fleet.nodes.values() if other.role is node.role]
    probed_out = (ReasonCode.PROBE_FAILED, ReasonCode.HUNG)
    out = [other for other in peers if not other.serviceable and other.reason and other.reason.code in probed_out]
    # One may always go, or a fleet of two could never lose a hung node.
    return bool(out) and (len(out) + 1) > fleet.spec.safety.max_unhealthy_share * len(peers)


def exit_text(saw: Exited) -> str:
    """How a process ended, for people."""
    if saw.oom:
        return "killed by the kernel, most likely for want of memory"
    if saw.signal is not None:
        return f"killed by signal {saw.signal}"
    return "exited, status unknown" if saw.code is None else f"exited with code {saw.code}"


def _exit_code(saw: Exited) -> ReasonCode:
    return ReasonCode.OUT_OF_MEMORY if saw.oom else ReasonCode.EXITED


def _plan_applied(draft: Draft, edge: str, instance: str, version: int) -> None:
    fleet = draft.fleet
    if not _current(fleet, edge, instance) or fleet.confirmed.get(edge, -1) >= version:
        return
    draft.emit(TrafficApplied(edge=edge, version=version))


def _plan_rejected(draft: Draft, saw: PlanRejected) -> None:
    if not _current(draft.fleet, saw.edge, saw.instance):
        return
    draft.emit(TrafficRejected(edge=saw.edge, version=saw.version, why=saw.why))
    for operation in tuple(draft.fleet.operations.values()):
        if operation.undo is not None and operation.version < saw.version:
            operations.undo_change(draft, operation, f"{saw.edge} refused it: {saw.why}")
