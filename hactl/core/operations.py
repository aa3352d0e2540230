"""Accepted commands that take time: what each does next, when it ends and how. Pure; driven by the fleet's state.

An operation holds no thread of its own: whenever the fleet has changed, `advance` looks at every operation in
progress and takes the steps the fleet's state allows. That is why one survives kill -9 of the daemon: the journal
holds the operation, the fleet holds the rest.
"""

from typing import assert_never

from hactl.core.causes import Cause, Stimulus
from hactl.core.config_events import RevisionRolledBack
from hactl.core.draft import Draft
from hactl.core.effects import Halt
from hactl.core.evacuating import restore
from hactl.core.events import OperationEnded, OperationMoved, PolicyChanged, WeightsChanged
from hactl.core.model import Fleet
from hactl.core.node import Goal, NodeState, Role
from hactl.core.operation import Operation, Outcome, Phase, Target, Undo, Verb, began_at, named
from hactl.core.rolling import given_up, held_down, is_up, known_to_edges, order, roll_one
from hactl.core.spec import FleetSpec
from hactl.core.targets import healed, impaired, made_good, thawed, waiting_for_failback
from hactl.core.traffic import confirmed
from hactl.core.unfinished import cut_off, sentence, still_open
from hactl.core.value import replace


def advance(draft: Draft) -> None:
    """Move every operation as far as the fleet's state allows; end those that are through, or too late."""
    for operation_id in tuple(draft.fleet.operations):
        operation = draft.fleet.operations.get(operation_id)
        if operation is not None:
            _advance_one(draft, operation)


def begun(draft: Draft, verb: Verb, sentence: str, *, by: str, reason: str) -> Operation:
    """An operation that begins now, without targets and without any time to spare: those are for whoever begins it."""
    fleet, now = draft.fleet, draft.now
    return Operation(
        id=named(fleet.seq + 1),
        verb=verb,
        by=by,
        reason=reason,
        began=now.mono,
        wall=now.wall,
        deadline=now.mono,
        version=fleet.plan.version,
        sentence=sentence,
    )


def turnaround(spec: FleetSpec) -> float:
    """Seconds in which one process has surely come round: a drain, a stop, a backoff and a start."""
    return spec.gateway.start_timeout + 2 * spec.gateway.stop_timeout + spec.restart.max


def end(draft: Draft, operation: Operation, outcome: Outcome, sentence: str, hint: str = "") -> None:
    """End an operation; the one place that does."""
    took = (draft.now.mono - operation.began) * 1000
    draft.emit(OperationEnded(id=operation.id, outcome=outcome, sentence=sentence, hint=hint, ms=took))


def abandon(draft: Draft, operation: Operation, sentence: str, hint: str) -> None:
    """End an operation that something bigger has overtaken."""
    end(draft, operation, Outcome.FAILED, sentence, hint)
    give_back(draft, operation)
    if operation.evacuation is not None:
        restore(draft, operation.evacuation, sentence)
    if draft.fleet.proposal is not None and draft.fleet.proposal.revision == operation.revision:
        draft.emit(RevisionRolledBack(revision=operation.revision, why=sentence))


def give_back(draft: Draft, operation: Operation) -> None:
    """What a rolling restart had stopped only to start it again is wanted up, whoever brings it up now."""
    for node in held_down(draft.fleet, operation):
        draft.take_note(replace(node, goal=Goal.UP), f"{operation.sentence} has ended")


def spare_the_rest(draft: Draft, by: str, since: int) -> None:
    """Let each rolling restart that `by` has begun after the record `since` end with the process it has in hand."""
    for operation in tuple(draft.fleet.operations.values()):
        if operation.verb is Verb.RESTART and operation.by == by and began_at(operation.id) > since:
            begun_with = tuple(target for target in operation.targets if target.phase is not Phase.WAITING)
            if begun_with != operation.targets:
                draft.emit(OperationMoved(operation=replace(operation, targets=begun_with)))


def undo_change(draft: Draft, operation: Operation, why: str) -> None:
    """Take a weight or policy change back, because an edge would not have it."""
    undo = _own_undo(draft, operation)
    if undo is not None:
        if undo.node_weights or undo.region_weights:
            draft.emit(WeightsChanged(nodes=undo.node_weights, regions=undo.region_weights))
        if undo.policy is not None:
            draft.emit(PolicyChanged(policy=undo.policy))
    end(draft, operation, Outcome.ROLLED_BACK, f"rolled back: {why}", "hactl doctor")


def _own_undo(draft: Draft, operation: Operation) -> Undo | None:
    """What is left to undo: a value that a later change in progress has set again is now that one's to undo."""
    undo = operation.undo
    if undo is None:
        return None
    ids = tuple(draft.fleet.operations)
    for later in ids[ids.index(operation.id) + 1 :]:
        other = draft.fleet.operations[later]
        if other.undo is None:
            continue
        nodes, regions = undo.node_weights, undo.region_weights
        theirs = Undo(
            node_weights={name: nodes.get(name, weight) for name, weight in other.undo.node_weights.items()},
            region_weights={name: regions.get(name, weight) for name, weight in other.undo.region_weights.items()},
            policy=undo.policy if undo.policy is not None and other.undo.policy is not None else other.undo.policy,
        )
        if theirs != other.undo:
            draft.emit(OperationMoved(operation=replace(other, undo=theirs)))
        undo = Undo(
            node_weights={name: weight for name, weight in nodes.items() if name not in theirs.node_weights},
            region_weights={name: weight for name, weight in regions.items() if name not in theirs.region_weights},
            policy=undo.policy if theirs.policy is None else None,
        )
    return undo


def _advance_one(draft: Draft, operation: Operation) -> None:
    match operation.verb:
        case Verb.RESTART:
            _roll(draft, operation)
        case Verb.WEIGHT | Verb.POLICY:
            # The first plan made after it was accepted has the change, unless it altered no plan at all.
            version = min(draft.fleet.plan.version, operation.version + 1)
            if known_to_edges(draft.fleet, version):
                told = "confirmed by every edge" if confirmed(draft.fleet, version) else "no edge is up to confirm it"
                end(draft, operation, Outcome.DONE, f"{operation.sentence}: {told}")
        case Verb.DOWN:
            _close(draft, operation)
        case Verb.APPLY | Verb.SCALE | Verb.FAILOVER | Verb.FAILBACK | Verb.DRILL:
            return  # `rollout`, `ramp` and `drills` take those further
        case Verb.START | Verb.STOP | Verb.KILL | Verb.FREEZE | Verb.THAW | Verb.DRAIN | Verb.RESUME:
            _await_targets(draft, operation)
        case Verb.PAUSE | Verb.UNPAUSE | Verb.IMPAIR | Verb.HEAL | Verb.DRILL_LOCK | Verb.DRILL_UNLOCK:
            _await_targets(draft, operation)
        case Verb.BREAK_HOP | Verb.MEND_HOP:
            pass  # `hops` ends them, or the deadline does
        case Verb.ALERT_TEST | Verb.DRILL_KEEP | Verb.DRILL_END | Verb.DRILL_ASK | Verb.DRILL_CONTINUE:
            pass  # the delivery ends it; the others are no operations of their own
        case _:
            assert_never(operation.verb)
    current = draft.fleet.operations.get(operation.id)
    if current is not None and draft.now.mono >= current.deadline:
        _expire(draft, current)


def _await_targets(draft: Draft, operation: Operation) -> None:
    verdicts = {target.node: _verdict(draft.fleet, operation, target) for target in operation.targets}
    targets = tuple(
        _done(draft.fleet, target) if verdicts[target.node] is True else target for target in operation.targets
    )
    failed = [verdict for verdict in verdicts.values() if isinstance(verdict, str)]
    if all(verdict is not None for verdict in verdicts.values()):
        if failed:
            end(draft, operation, Outcome.FAILED, "; ".join(failed), "hactl status")
        else:
            held_back = waiting_for_failback(draft.fleet, (target.node for target in targets))
            told = sentence(operation.sentence, _left(operation.verb, targets), held_back)
            end(draft, operation, Outcome.DONE, told)
    elif targets != operation.targets:
        draft.emit(OperationMoved(operation=replace(operation, targets=targets)))


def _done(fleet: Fleet, target: Target) -> Target:
    """It is through; what its drain left behind is noted now, before anything else happens to the node."""
    if target.phase is Phase.DONE:
        return target
    return replace(target, phase=Phase.DONE, unfinished=fleet.nodes[target.node].unfinished)


def _left(verb: Verb, targets: tuple[Target, ...]) -> str:
    """What became of requests that did not finish in time; "" when all did."""
    number = sum(target.unfinished for target in targets)
    if verb is Verb.DRAIN:
        return still_open(number)
    return cut_off(number) if verb in (Verb.STOP, Verb.RESTART) else ""


def _verdict(fleet: Fleet, operation: Operation, target: Target) -> bool | str | None:
    """True: done; a sentence: cannot be done any more; None: not yet."""
    node = fleet.nodes.get(target.node)
    if node is None:
        return f"'{target.node}' is no longer in the configuration"
    if target.phase is Phase.DONE:
        return True
    match operation.verb:
        case Verb.START:
            return is_up(fleet, node)
        case Verb.RESUME:
            if node.drained:
                return f"'{node.name}' was taken out again"
            if node.goal is Goal.DOWN:
                return True if node.state is NodeState.STOPPED else f"'{node.name}' was stopped"
            back = node.serviceable or node.standing_by
            return True if back and known_to_edges(fleet) else given_up(node)
        case Verb.STOP:
            if node.goal is Goal.UP:
                return f"'{node.name}' was started again"
            return True if node.state is NodeState.STOPPED else None
        case Verb.DRAIN:
            if not node.drained and node.goal is Goal.UP:
                return f"'{node.name}' was resumed"
            out = node.idle or not node.state.alive
            return True if out and known_to_edges(fleet) else None
        case Verb.KILL | Verb.FREEZE:
            return made_good(fleet, operation, target, node)
        case Verb.THAW:
            return thawed(fleet, node)
        case Verb.IMPAIR:
            return impaired(target, node)
        case Verb.HEAL:
            return healed(node)
        case Verb.UNPAUSE:
            return True if node.goal is Goal.DOWN else is_up(fleet, node)
        case _:
            raise AssertionError(operation.verb)


def _roll(draft: Draft, operation: Operation) -> None:
    """One target at a time: wait for the gate, stop it gracefully, start it, see it serve, next."""
    for target in operation.targets:
        if target.phase is Phase.DONE:
            continue
        moved = roll_one(draft, operation, target)
        if isinstance(moved, str):
            end(draft, operation, Outcome.FAILED, moved, f"hactl status; then: hactl start {target.node}")
        elif moved is not None:
            targets = tuple(moved if item.node == moved.node else item for item in operation.targets)
            draft.emit(OperationMoved(operation=replace(operation, targets=targets)))
        return
    told = f"restarted {len(operation.targets)}, one at a time"
    end(draft, operation, Outcome.DONE, sentence(told, _left(operation.verb, operation.targets)))


def _close(draft: Draft, operation: Operation) -> None:
    """`down`: the edges first, then the nodes, which then have nothing in flight any more."""
    fleet = draft.fleet
    edges_gone = all(not edge.state.alive for edge in fleet.edges)
    for node in fleet.nodes.values():
        if node.role is Role.GATEWAY and not edges_gone:
            continue
        if node.state in (NodeState.STOPPED, NodeState.STOPPING):
            continue
        if node.state is NodeState.DRAINING:
            if node.role is Role.GATEWAY:
                draft.stimulate(node.name, Stimulus(cause=Cause.IDLE))
            continue
        draft.stimulate(node.name, Stimulus(cause=Cause.STOP, by=operation.by))
    if all(node.state is NodeState.STOPPED for node in draft.fleet.nodes.values()):
        unfinished = sum(node.unfinished for node in draft.fleet.nodes.values())
        end(draft, operation, Outcome.DONE, sentence("everything has stopped", cut_off(unfinished)))
        draft.perform(Halt())


def _expire(draft: Draft, operation: Operation) -> None:
    waiting = [target.node for target in operation.targets if target.phase is not Phase.DONE]
    if operation.verb is Verb.DOWN:
        waiting = [node.name for node in draft.fleet.nodes.values() if node.state.alive]
    what = ", ".join(f"'{name}'" for name in waiting[:3]) if waiting else "the edges"
    if operation.verb in (Verb.WEIGHT, Verb.POLICY):
        undo_change(draft, operation, "not confirmed by every edge in time")
        return
    if operation.verb is Verb.ALERT_TEST:
        what = "the receiver"
    held = held_down(draft.fleet, operation)
    end(draft, operation, Outcome.FAILED, f"still waiting for {what} at the deadline", "hactl status")
    for node in held:
        order(draft, node, Cause.START, f"{operation.by} (undo)")
    if operation.verb is Verb.DOWN:
        draft.perform(Halt())
