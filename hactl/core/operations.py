"""Accepted commands that take time: what each does next, when it ends and how. Pure; driven by the fleet's state.

An operation holds no thread of its own: whenever the fleet has changed, `advance` looks at every operation in
progress and takes the steps the fleet's state allows. That is why one survives kill -9 of the daemon: the journal
holds the operation, the fleet holds the rest.
"""

from typing import assert_never

from hactl.core.draft import Draft
from hactl.core.effects import Halt
from hactl.core.errors import CommandRejected
from hactl.core.events import OperationEnded, OperationMoved, PolicyChanged, WeightsChanged
from hactl.core.lifecycle import Cause, Stimulus
from hactl.core.model import (
    Fleet,
    Goal,
    Node,
    NodeState,
    Operation,
    Outcome,
    Phase,
    Role,
    Target,
    Undo,
    Verb,
)
from hactl.core.safety import serving
from hactl.core.traffic import confirmed
from hactl.core.unfinished import cut_off, sentence, still_open
from hactl.core.value import replace


def advance(draft: Draft) -> None:
    """Move every operation as far as the fleet's state allows; end those that are through, or too late."""
    for operation_id in tuple(draft.fleet.operations):
        operation = draft.fleet.operations.get(operation_id)
        if operation is not None:
            _advance_one(draft, operation)


def end(draft: Draft, operation: Operation, outcome: Outcome, sentence: str, hint: str = "") -> None:
    """End an operation; the one place that does."""
    took = (draft.now.mono - operation.began) * 1000
    draft.emit(OperationEnded(id=operation.id, outcome=outcome, sentence=sentence, hint=hint, ms=took))


def abandon(draft: Draft, operation: Operation, sentence: str, hint: str) -> None:
    """End an operation that something bigger has overtaken."""
    end(draft, operation, Outcome.FAILED, sentence, hint)
    give_back(draft, operation)


def give_back(draft: Draft, operation: Operation) -> None:
    """What a rolling restart had stopped only to start it again is wanted up, whoever brings it up now."""
    for node in _held_down(draft.fleet, operation):
        draft.take_note(replace(node, goal=Goal.UP), f"{operation.sentence} has ended")


def undo_change(draft: Draft, operation: Operation, why: str) -> None:
    """Take a weight or policy change back, because an edge would not have it."""
    undo = _own_undo(draft, operation)
    if undo is not None:
        if undo.node_weights or undo.region_weights:
            draft.emit(WeightsChanged(nodes=undo.node_weights, regions=undo.region_weights))
        if undo.policy is not None:
            draft.emit(PolicyChanged(policy=undo.policy))
    end(draft, operation, Outcome.ROLLED_BACK, f"taken back: {why}", "hactl doctor")


def _own_undo(draft: Draft, operation: Operation) -> Undo | None:
    """What is left to take back: a value that a later change in progress has set again is now that one's to undo."""
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
            if confirmed(draft.fleet, min(draft.fleet.plan.version, operation.version + 1)):
                end(draft, operation, Outcome.DONE, f"{operation.sentence}: confirmed by every edge")
        case Verb.DOWN:
            _close(draft, operation)
        case Verb.START | Verb.STOP | Verb.KILL | Verb.DRAIN | Verb.RESUME:
            _await_targets(draft, operation)
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
            end(draft, operation, Outcome.DONE, sentence(operation.sentence, _left(operation.verb, targets)))
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
        return f"'{target.node}' is gone from the configuration"
    if target.phase is Phase.DONE:
        return True
    match operation.verb:
        case Verb.START:
            return _is_up(fleet, node)
        case Verb.RESUME:
            if node.drained:
                return f"'{node.name}' was taken out again"
            if node.goal is Goal.DOWN:
                return True if node.state is NodeState.STOPPED else f"'{node.name}' was stopped"
            return True if node.serviceable and confirmed(fleet, fleet.plan.version) else _given_up(node)
        case Verb.STOP:
            if node.goal is Goal.UP:
                return f"'{node.name}' was started again"
            return True if node.state is NodeState.STOPPED else None
        case Verb.DRAIN:
            if not node.drained and node.goal is Goal.UP:
                return f"'{node.name}' was resumed"
            out = node.idle or not node.state.alive
            return True if out and confirmed(fleet, fleet.plan.version) else None
        case Verb.KILL:
            if node.launch is None or node.launch.instance == target.instance:
                return True if node.state is NodeState.STOPPED else _given_up(node)
            return True if _is_up(fleet, node) is True and node.name not in fleet.failovers else None
        case _:
            raise AssertionError(operation.verb)


def _is_up(fleet: Fleet, node: Node) -> bool | str | None:
    if node.goal is Goal.DOWN:
        return f"'{node.name}' was stopped"
    if node.serviceable:
        return True if confirmed(fleet, fleet.plan.version) or node.role is Role.EDGE or not fleet.edges else None
    if node.state is NodeState.DRAINING and node.drained:
        return True
    return _given_up(node)


def _given_up(node: Node) -> str | None:
    if node.state is NodeState.FAILED:
        return f"'{node.name}' keeps dying: {node.reason.text if node.reason else 'unknown'}"
    return None


def _roll(draft: Draft, operation: Operation) -> None:
    """One target at a time: wait for the gate, stop it gracefully, start it, see it serve, next."""
    for target in operation.targets:
        if target.phase is Phase.DONE:
            continue
        moved = _roll_one(draft, operation, target)
        if isinstance(moved, str):
            end(draft, operation, Outcome.FAILED, moved, f"hactl status; then: hactl start {target.node}")
        elif moved is not None:
            targets = tuple(moved if item.node == moved.node else item for item in operation.targets)
            draft.emit(OperationMoved(operation=replace(operation, targets=targets)))
        return
    told = f"restarted {len(operation.targets)}, one at a time"
    end(draft, operation, Outcome.DONE, sentence(told, _left(operation.verb, operation.targets)))


def _roll_one(draft: Draft, operation: Operation, target: Target) -> Target | str | None:
    node = draft.fleet.nodes[target.node]
    order = f"{operation.by} (rolling restart)"
    match target.phase:
        case Phase.WAITING:
            if not _gate_open(draft.fleet, node):
                return None
            if node.state is NodeState.STOPPED:
                return replace(target, phase=Phase.STOPPING)
            _order(draft, node, Cause.STOP, order)
            return replace(target, phase=Phase.STOPPING)
        case Phase.STOPPING:
            if node.state is not NodeState.STOPPED:
                return None
            _order(draft, node, Cause.START, order)
            return replace(target, phase=Phase.STARTING, unfinished=node.unfinished)
        case Phase.STARTING:
            up = _is_up(draft.fleet, node)
            return replace(target, phase=Phase.DONE) if up is True else up or None
        case Phase.DONE:
            return None
        case _:
            assert_never(target.phase)


def _order(draft: Draft, node: Node, cause: Cause, by: str) -> None:
    """An order that may have become moot: a node that is already on its way needs none."""
    try:
        draft.stimulate(node.name, Stimulus(cause=cause, by=by))
    except CommandRejected:
        return


def _gate_open(fleet: Fleet, node: Node) -> bool:
    """N-1: every other process that should serve does, the edges agree on the plan, and somebody is left."""
    rolling = {held.name for operation in fleet.operations.values() for held in _held_down(fleet, operation)}

    def up(other: Node) -> bool:
        return other.goal is Goal.UP or other.name in rolling

    if node.role is Role.EDGE:
        others = [edge for edge in fleet.edges if edge.name != node.name and up(edge)]
        return all(edge.serviceable for edge in others) and confirmed(fleet, fleet.plan.version)
    others = [other for other in fleet.gateways if other.name != node.name and up(other) and not other.drained]
    enough = bool(serving(fleet, (node.name,))) or not others
    return all(other.serviceable for other in others) and enough and confirmed(fleet, fleet.plan.version)


def _held_down(fleet: Fleet, operation: Operation) -> list[Node]:
    """What a rolling restart keeps down for the moment."""
    if operation.verb is not Verb.RESTART:
        return []
    nodes = [fleet.nodes.get(target.node) for target in operation.targets if target.phase is Phase.STOPPING]
    return [node for node in nodes if node is not None and node.goal is Goal.DOWN]


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
    held = _held_down(draft.fleet, operation)
    end(draft, operation, Outcome.FAILED, f"still waiting for {what} at the deadline", "hactl status")
    for node in held:
        _order(draft, node, Cause.START, f"{operation.by} (undo)")
    if operation.verb is Verb.DOWN:
        draft.perform(Halt())
