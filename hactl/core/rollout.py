"""A configuration on its way into force, or back: which process takes it when, and what makes it roll back. Pure.

Not who reads and validates a `hactl.toml` (that happens before anything is decided), nor whether it may come into force
and by which steps (`proposals`).

    the first node, the first edge    proved by what they answer; then the traffic is watched for a while
    new processes                     new capacity comes before old capacity goes
    the other edges, the other nodes  edges are told while they run, nodes restart, one at a time
    commit                            weights, regions and priorities change with the next plan
    removed processes                 drained and stopped

Until the commit everything can be rolled back, and is, when a process rejects the configuration or clients get worse
answers. Each process knows which revision it is to run with, so a daemon that dies half-way changes nothing.
"""

from typing import assert_never

from hactl.core.causes import Cause
from hactl.core.config_events import NodesAdded, NodesRemoved, RevisionApplied, RevisionRolledBack
from hactl.core.draft import Draft
from hactl.core.effects import ApplyTraffic
from hactl.core.events import OperationMoved
from hactl.core.founding import wanted
from hactl.core.leaving import let_go, may_be_forgotten
from hactl.core.model import Fleet
from hactl.core.node import Goal, Node, NodeState, Role
from hactl.core.operation import Operation, Outcome, Phase, Step, Target
from hactl.core.operations import end
from hactl.core.pausing import held, kept_down
from hactl.core.restarts import placed
from hactl.core.rolling import held_down, in_turn, is_up, known_to_edges, may_go, order, proved
from hactl.core.unfinished import cut_off, sentence
from hactl.core.value import replace


def advance(draft: Draft) -> None:
    """Take the configuration change in progress as far as the fleet's state allows; let go of what nobody wants."""
    for operation in tuple(draft.fleet.operations.values()):
        if operation.revision:
            _advance_one(draft, operation)
            current = draft.fleet.operations.get(operation.id)
            if current is not None and draft.now.mono >= current.deadline:
                _expire(draft, current)
    let_go(draft)


def turn_back(draft: Draft, operation: Operation, why: str) -> None:
    """Take the configuration back everywhere. Too late after the commit, and not twice."""
    proposal = draft.fleet.proposal
    if proposal is None or operation.back or proposal.revision != operation.revision:
        return
    for stopped in held_down(draft.fleet, operation):
        order(draft, stopped, Cause.START, f"{operation.by} (undo)")
    kept = wanted(draft.fleet)
    back, gone = [], []
    # Edges first, and of them those first that could not prove it: they may not take a plan before that either.
    unproved = {edge.name for edge in draft.fleet.edges if not proved(draft.fleet, edge, proposal.revision)}
    for node in sorted(draft.fleet.nodes.values(), key=lambda node: node.name not in unproved):
        if node.name not in kept:
            gone.append(Target(node=node.name, step=Step.REMOVE))
        elif node.revision == proposal.revision:
            restart = node.role is Role.GATEWAY or proposal.restarts_edges
            back.append(Target(node=node.name, step=Step.CHANGE, restart=restart))
    patience = operation.deadline - operation.began
    turned = replace(operation, back=why, targets=(*back, *gone), deadline=draft.now.mono + patience)
    draft.emit(OperationMoved(operation=turned))


def _advance_one(draft: Draft, operation: Operation) -> None:
    """The first steps that are not done: new processes come side by side, as old ones go; all else in turn."""
    proposal, beside = draft.fleet.proposal, None
    for target in in_turn(draft.fleet, operation):
        if beside not in (None, target.step):
            return
        moved = _take(draft, operation, target)
        if isinstance(moved, str):
            turn_back(draft, operation, moved)
            return
        if moved is not None and moved != target:
            current = draft.fleet.operations[operation.id]
            targets = tuple(moved if item == target else item for item in current.targets)
            operation = replace(current, targets=targets)
            draft.emit(OperationMoved(operation=operation))
        if moved is None or moved.phase is not Phase.DONE:
            if target.step not in (Step.ADD, Step.REMOVE):
                return
            beside = target.step
    if any(target.phase is not Phase.DONE for target in operation.targets):
        return
    if operation.back:
        if proposal is not None:
            draft.emit(RevisionRolledBack(revision=operation.revision, why=operation.back))
        end(draft, operation, Outcome.ROLLED_BACK, f"rolled back: {operation.back}", "hactl config history")
    else:
        unfinished = sum(target.unfinished for target in operation.targets)
        told = sentence(f"revision {operation.revision} is in force", cut_off(unfinished))
        end(draft, operation, Outcome.DONE, told)


def _take(draft: Draft, operation: Operation, target: Target) -> Target | str | None:
    """The target after its next move, why it cannot be had, or None for not yet."""
    node = draft.fleet.nodes.get(target.node)
    match target.step:
        case Step.BAKE:
            return _bake(draft, target)
        case Step.COMMIT:
            return _commit(draft, operation, target)
        case Step.ADD:
            return _add(draft, operation, target)
        case Step.REMOVE:
            return _remove(draft, operation, target, node)
        case Step.CHANGE:
            if node is None:
                return replace(target, phase=Phase.DONE)
            change = _restart if target.restart else _tell
            return change(draft, operation, target, node)
        case None | Step.SHIFT:
            raise AssertionError(target)
        case _:
            assert_never(target.step)


def _bake(draft: Draft, target: Target) -> Target | str | None:
    """Also who has the configuration already is watched: once may be chance, but who dies twice has it from that."""
    proposal = draft.fleet.proposal
    if target.phase is Phase.WAITING:
        bake = proposal.bake if proposal else 0.0
        return replace(target, phase=Phase.STARTING, until=draft.now.mono + bake)
    for node in draft.fleet.nodes.values():
        has_it = proposal is not None and node.revision == proposal.revision
        if has_it and node.state is NodeState.BACKOFF and not kept_down(node):
            return _did_not(node, "stay")
    return replace(target, phase=Phase.DONE) if draft.now.mono >= target.until else None


def _commit(draft: Draft, operation: Operation, target: Target) -> Target | None:
    """Done when the edges have proved the plan that follows from it."""
    if draft.fleet.proposal is not None:
        draft.emit(RevisionApplied(revision=operation.revision))
        return replace(target, phase=Phase.STARTING)
    return replace(target, phase=Phase.DONE) if known_to_edges(draft.fleet) else None


def _add(draft: Draft, operation: Operation, target: Target) -> Target | str | None:
    proposal, node = draft.fleet.proposal, draft.fleet.nodes.get(target.node)
    if node is None:
        if proposal is None:
            return replace(target, phase=Phase.DONE)
        fresh = next(node for node in proposal.nodes if node.name == target.node)
        # A process of that name may have been there before: every launch since is in the journal, so this is beyond.
        fresh = replace(fresh, revision=proposal.revision, launches=draft.fleet.seq)
        draft.emit(NodesAdded(nodes=(fresh,)))
        order(draft, fresh, Cause.START, operation.by)
        return replace(target, phase=Phase.STARTING)
    if target.phase is not Phase.STARTING:
        return _make_way(draft, operation, target, node)
    return _back_up(draft.fleet, target, node, going_back=False)


def _make_way(draft: Draft, operation: Operation, target: Target, node: Node) -> Target | None:
    """A process of that name is on its way out still: it goes first, for it has what was in force before."""
    if may_be_forgotten(draft.fleet, node):
        draft.emit(NodesRemoved(nodes=(node.name,)))
        return replace(target, phase=Phase.WAITING)
    free = not node.state.alive or (node.launch is not None and may_go(draft.fleet, node, operation))
    if node.goal is Goal.UP and free:
        order(draft, node, Cause.STOP, operation.by)
    return replace(target, phase=Phase.STOPPING)


def _remove(draft: Draft, operation: Operation, target: Target, node: Node | None) -> Target | None:
    """Once the configuration is in force `let_go` sees to it; what was only just added is stopped here."""
    if node is None:
        return replace(target, phase=Phase.DONE)
    if not operation.back:
        return replace(target, phase=Phase.STOPPING, unfinished=node.unfinished)
    if may_be_forgotten(draft.fleet, node):
        draft.emit(NodesRemoved(nodes=(node.name,)))
        return replace(target, phase=Phase.DONE)
    if node.goal is Goal.UP:
        order(draft, node, Cause.STOP, operation.by)
    return replace(target, phase=Phase.STOPPING)


def _tell(draft: Draft, operation: Operation, target: Target, node: Node) -> Target | str | None:
    """An edge takes a configuration as it takes a plan: by documents that it proves. One that dies of them does not."""
    revision = _revision(draft.fleet, operation)
    if target.phase is Phase.WAITING:
        _revise(draft, node, revision)
        if node.state is NodeState.FAILED:
            return replace(target, phase=Phase.DONE)
        if node.state is NodeState.BACKOFF:
            order(draft, node, Cause.START, f"{operation.by} (revision {revision})")
        draft.perform(ApplyTraffic(plan=draft.fleet.plan))
        return replace(target, phase=Phase.STARTING)
    if not operation.back and node.state in (NodeState.BACKOFF, NodeState.FAILED) and not kept_down(node):
        return _did_not(node, "come")
    done = proved(draft.fleet, node, revision) or kept_down(node)
    return replace(target, phase=Phase.DONE) if done else None


def _restart(draft: Draft, operation: Operation, target: Target, node: Node) -> Target | str | None:
    revision = _revision(draft.fleet, operation)
    by = f"{operation.by} (revision {revision})"
    match target.phase:
        case Phase.WAITING:
            if node.state is NodeState.STOPPED and node.goal is Goal.DOWN:
                _revise(draft, node, revision)
                return replace(target, phase=Phase.DONE)
            if not node.state.alive:
                _revise(draft, node, revision)
                order(draft, node, Cause.START, by)
                return replace(target, phase=Phase.STARTING)
            if node.goal is Goal.DOWN or node.launch is None or not may_go(draft.fleet, node, operation):
                return None
            order(draft, node, Cause.STOP, by)
            return replace(target, phase=Phase.STOPPING)
        case Phase.STOPPING:
            if node.state is not NodeState.STOPPED:
                return None
            _revise(draft, node, revision)
            order(draft, node, Cause.START, by)
            return replace(target, phase=Phase.STARTING, unfinished=node.unfinished)
        case Phase.STARTING:
            if node.role is Role.EDGE and node.serviceable and not proved(draft.fleet, node, revision):
                return None
            return _back_up(draft.fleet, target, node, going_back=bool(operation.back))
        case Phase.DONE:
            return None
        case _:
            assert_never(target.phase)


def _back_up(fleet: Fleet, target: Target, node: Node, *, going_back: bool) -> Target | str | None:
    """On the way there one failed start is enough; on the way back nothing else is left to do than to go on."""
    up = is_up(fleet, node)
    if up is True or node.goal is Goal.DOWN or kept_down(node):
        return replace(target, phase=Phase.DONE)
    if node.state in (NodeState.BACKOFF, NodeState.FAILED) or (node.state is NodeState.STARTING and held(node)):
        if not going_back:
            return _did_not(node, "come")
        if node.state is NodeState.FAILED or held(node):
            return replace(target, phase=Phase.DONE)
    return None


def _did_not(node: Node, what: str) -> str:
    return f"'{node.name}' did not {what} up with it: {node.reason.text if node.reason else 'unknown'}"


def _revision(fleet: Fleet, operation: Operation) -> int:
    """The configuration that processes are to get now."""
    return fleet.revision if operation.back else operation.revision


def _revise(draft: Draft, node: Node, revision: int) -> None:
    """From its next start on, or with what it is told next, the process has that configuration."""
    revised = replace(node, revision=revision)
    draft.take_note(placed(revised, draft.fleet.spec_for(revised)), f"revision {revision}")


def _expire(draft: Draft, operation: Operation) -> None:
    """Before the commit it is rolled back; during a rollback, and after the commit, what is left is reported."""
    waiting = [target.node or str(target.step) for target in operation.targets if target.phase is not Phase.DONE]
    why = f"still waiting for {', '.join(waiting[:3])} at the deadline"
    if not operation.back and draft.fleet.proposal is not None:
        turn_back(draft, operation, why)
        return
    if draft.fleet.proposal is not None:
        draft.emit(RevisionRolledBack(revision=operation.revision, why=operation.back))
        draft.perform(ApplyTraffic(plan=draft.fleet.plan))  # edges that were not reached have the new one still
    what = f"rolled back ({operation.back}), but {why}" if operation.back else f"in force, but {why}"
    end(draft, operation, Outcome.FAILED, what, "hactl status; then: hactl restart NODE")
