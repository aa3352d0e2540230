"""`step`: a fleet, one cause and the time → what happened and what to do. The only decision maker.

Not the loop (that is `supervisor`): nothing here waits, writes or knows who listens. A command is accepted or
rejected whole; an observation never fails, late news is dropped.
"""

from collections.abc import Iterable
from typing import assert_never

from hactl.core import (
    alert_queue,
    auto_failback,
    brownouts,
    consequence,
    drill_lock,
    drills,
    edge_loss,
    failover,
    hops,
    impairing,
    operations,
    pausing,
    proposals,
    ramp,
    region_loss,
    rollout,
    spares,
)
from hactl.core.causes import Cause, Stimulus, instance_of
from hactl.core.commands import (
    VERBS,
    Apply,
    AskDrill,
    BeginDrill,
    Command,
    ContinueDrill,
    Down,
    Drain,
    EndDrill,
    Failback,
    Failover,
    Freeze,
    Heal,
    Impair,
    KeepDrill,
    Kill,
    LockDrills,
    Pause,
    Request,
    Restart,
    Resume,
    Scale,
    SetPolicy,
    SetWeight,
    Start,
    Stop,
    Thaw,
    TryAlert,
    UnlockDrills,
    Unpause,
)
from hactl.core.draft import Draft
from hactl.core.effects import ApplyTraffic, Effect
from hactl.core.events import (
    Event,
    FleetClosing,
    OperationBegan,
    PolicyChanged,
    TrafficShifted,
    WeightsChanged,
)
from hactl.core.headroom import Carrying
from hactl.core.hop_commands import BreakHop, MendHop
from hactl.core.model import Fleet, Now
from hactl.core.observations import Observation
from hactl.core.observing import observe, reconsider_suspects
from hactl.core.operation import Operation, Target, Undo, Verb
from hactl.core.safety import check
from hactl.core.scope import scope_of
from hactl.core.shift_cause import cause_of_shift
from hactl.core.traffic import plan_for
from hactl.core.value import Value, replace
from hactl.core.wording import in_words

SETTLE_LIMIT = 200
"""Rounds after which rules that never rest would be a bug; real fleets need two or three."""
ALERT_PATIENCE = 600.0
"""Seconds a receiver has to take a test, all attempts included; it may be busy with others before."""

_ORDER: dict[type[Command], Cause] = {
    Start: Cause.START,
    Stop: Cause.STOP,
    Kill: Cause.KILL,
    Freeze: Cause.FREEZE,
    Thaw: Cause.THAW,
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
    carrying: Carrying | None = None
    """What a command leaves the others to carry, at its worst moment."""


def step(fleet: Fleet, cause: Request | Observation, now: Now) -> Decision:
    """What follows from `cause`. Raises CommandRejected, and nothing else, for a Request that does not fit."""
    draft = Draft(fleet, now)
    operation, carrying = None, None
    if isinstance(cause, Request):
        drills.still_lent(fleet, cause)
        check(fleet, cause)
        proposals.check(fleet, cause)
        ramp.check(fleet, cause)
        drills.check(fleet, cause)
        drill_lock.check(fleet, cause)
        impairing.check(fleet, cause)
        hops.check(fleet, cause)
        carrying = consequence.check(fleet, cause)
        operation = _accept(draft, cause)
    else:
        observe(draft, cause)
    settle(draft, fleet)
    alert_queue.raise_alerts(draft, fleet)
    return Decision(
        fleet=draft.fleet,
        events=tuple(draft.events),
        effects=draft.ordered_effects(),
        operation=operation.id if operation else "",
        sentence=operation.sentence if operation else "",
        carrying=carrying,
    )


def settle(draft: Draft, before: Fleet) -> None:
    """Apply the rules that follow from the fleet's state, whichever road led there, until nothing changes."""
    for _ in range(SETTLE_LIMIT):
        seq = draft.fleet.seq
        pausing.follow(draft)
        reconsider_suspects(draft)
        spares.promote(draft)
        brownouts.follow(draft)
        _shift_traffic(draft)
        _tell_new_edges(draft, before)
        failover.begin(draft, before)
        failover.follow(draft)
        edge_loss.begin(draft, before)
        edge_loss.follow(draft)
        region_loss.begin(draft, before)
        region_loss.follow(draft, before)
        impairing.follow(draft)
        hops.follow(draft)
        operations.advance(draft)
        drills.advance(draft)
        rollout.advance(draft)
        ramp.advance(draft)
        auto_failback.follow(draft)
        if draft.fleet.seq == seq:
            return
        before = draft.fleet
    raise AssertionError(f"rules do not settle: {draft.events[-4:]}")


def _shift_traffic(draft: Draft) -> None:
    plan = plan_for(draft.fleet)
    if plan != draft.fleet.plan:
        draft.emit(TrafficShifted(plan=plan, why=cause_of_shift(draft.events), at=draft.now.mono))
        draft.perform(ApplyTraffic(plan=plan))


def _tell_new_edges(draft: Draft, before: Fleet) -> None:
    """An edge that has come into service must prove the plan in force, even when that plan is old."""
    for edge in draft.fleet.edges:
        was = before.nodes.get(edge.name)
        if edge.serviceable and not (was is not None and was.serviceable):
            draft.perform(ApplyTraffic(plan=draft.fleet.plan))


def _accept(draft: Draft, request: Request) -> Operation:
    command, fleet = request.command, draft.fleet
    if isinstance(command, KeepDrill | EndDrill | AskDrill | ContinueDrill):
        return drills.tend(draft, command, by=request.by)
    operation = _operation(draft, request)
    if request.proposal is not None:
        operation = proposals.begin(draft, operation, request.proposal, meant=request.confirm == fleet.name)
        patience = _patience(fleet, operation.verb, len(operation.targets)) + request.proposal.bake
        operation = replace(operation, deadline=draft.now.mono + patience)
    if isinstance(command, Failover | Failback):
        operation = ramp.begin(draft, operation, command, sure=request.confirm == fleet.name)
    if isinstance(command, BeginDrill):
        operation = drills.begin(draft, operation, command)
    draft.emit(OperationBegan(operation=operation))
    match command:
        case Start() | Stop() | Kill() | Freeze() | Thaw() | Drain() | Resume():
            for name in command.nodes:
                hold = isinstance(command, Kill) and command.hold
                draft.stimulate(name, Stimulus(cause=_ORDER[type(command)], by=request.by, hold=hold))
        case SetWeight(nodes=nodes, regions=regions, weight=weight):
            draft.emit(WeightsChanged(nodes=dict.fromkeys(nodes, weight), regions=dict.fromkeys(regions, weight)))
        case SetPolicy(policy=policy):
            draft.emit(PolicyChanged(policy=policy))
        case Pause() | Unpause():
            pausing.obey(draft, request)
        case Restart() | Apply() | Scale() | Failover() | Failback() | BeginDrill():
            pass
        case Impair() | Heal() | BreakHop() | MendHop():
            _harm(draft, operation, command)
        case LockDrills() | UnlockDrills():
            drill_lock.follow(draft, request)
        case Down():
            _take_down(draft, fleet.operations.values(), by=request.by)
        case TryAlert(alert=name):
            alert_queue.send_test(draft, operation, name)
        case _:
            assert_never(command)
    return operation


def _take_down(draft: Draft, others: Iterable[Operation], *, by: str) -> None:
    """Whatever else was in progress has no fleet any more."""
    why = f"the fleet was taken down by {by}"
    for other in others:
        if other.drill is not None:
            drills.abandon(draft, other, why)
        else:
            operations.abandon(draft, other, why, "hactl up")
    draft.emit(FleetClosing())


def _harm(draft: Draft, operation: Operation, command: Impair | Heal | BreakHop | MendHop) -> None:
    """What only a drill in progress may do, and what undoes it."""
    if isinstance(command, Impair | Heal):
        impairing.begin(draft, command)
    else:
        hops.begin(draft, operation, command)


def _undo(fleet: Fleet, command: Command) -> Undo | None:
    if isinstance(command, SetWeight):
        weights = {name: fleet.region_weight(name) for name in command.regions}
        return Undo(node_weights={name: fleet.nodes[name].weight for name in command.nodes}, region_weights=weights)
    return Undo(policy=fleet.policy) if isinstance(command, SetPolicy) else None


def _operation(draft: Draft, request: Request) -> Operation:
    command, fleet, verb = request.command, draft.fleet, VERBS[type(request.command)]
    names = pausing.waiting(fleet) if isinstance(command, Unpause) else scope_of(command).nodes
    targets = (Target(node=name, instance=instance_of(fleet.nodes[name], fleet.id)) for name in names)
    return replace(
        operations.begun(draft, verb, in_words(command), by=request.by, reason=request.reason),
        deadline=draft.now.mono + _patience(fleet, verb, len(names)),
        targets=tuple(targets),
        undo=_undo(fleet, command),
    )


def _patience(fleet: Fleet, verb: Verb, targets: int) -> float:
    """Seconds until an operation has failed: a drain, a stop, a backoff and a start, as often as it needs them."""
    each = operations.turnaround(fleet.spec)
    match verb:
        case Verb.WEIGHT | Verb.POLICY | Verb.FAILOVER | Verb.FAILBACK:
            return ramp.PATIENCE  # until every edge has confirmed it, or it is rolled back
        case Verb.ALERT_TEST:
            return ALERT_PATIENCE
        case Verb.RESTART | Verb.APPLY | Verb.SCALE:
            return each * targets
        case Verb.DOWN:
            return each * 2  # the edges, then the nodes
        case Verb.DRILL | Verb.DRILL_KEEP | Verb.DRILL_END | Verb.DRILL_ASK | Verb.DRILL_CONTINUE:
            return each  # to restore what it touched
        case Verb.IMPAIR | Verb.HEAL:
            return impairing.PATIENCE
        case Verb.BREAK_HOP | Verb.MEND_HOP:
            return hops.PATIENCE
        case Verb.START | Verb.STOP | Verb.KILL | Verb.FREEZE | Verb.THAW | Verb.DRAIN | Verb.RESUME:
            return each
        case Verb.PAUSE | Verb.UNPAUSE | Verb.DRILL_LOCK | Verb.DRILL_UNLOCK:
            return each
        case _:
            assert_never(verb)
