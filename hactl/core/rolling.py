"""Taking processes down and bringing them up again, one at a time: when the next may go, and when one is back.

Shared by rolling restarts (`operations`) and configuration changes (`rollout`). Pure; decides for one process at a
time and holds nothing.
"""

from typing import assert_never

from hactl.core.draft import Draft
from hactl.core.errors import CommandRejected
from hactl.core.lifecycle import Cause, Stimulus
from hactl.core.model import Fleet, Goal, Node, NodeState, Operation, Phase, Role, Step, Target, Verb
from hactl.core.safety import serving
from hactl.core.traffic import confirmed
from hactl.core.value import replace


def roll_one(draft: Draft, operation: Operation, target: Target) -> Target | str | None:
    """Take one target of a rolling restart further: the target as it is then, why it cannot be, or None for not yet."""
    node = draft.fleet.nodes[target.node]
    by = f"{operation.by} (rolling restart)"
    match target.phase:
        case Phase.WAITING:
            if not gate_open(draft.fleet, node):
                return None
            if node.state is NodeState.STOPPED:
                return replace(target, phase=Phase.STOPPING)
            order(draft, node, Cause.STOP, by)
            return replace(target, phase=Phase.STOPPING)
        case Phase.STOPPING:
            if node.state is not NodeState.STOPPED:
                return None
            order(draft, node, Cause.START, by)
            return replace(target, phase=Phase.STARTING, unfinished=node.unfinished)
        case Phase.STARTING:
            up = is_up(draft.fleet, node)
            return replace(target, phase=Phase.DONE) if up is True else up or None
        case Phase.DONE:
            return None
        case _:
            assert_never(target.phase)


def order(draft: Draft, node: Node, cause: Cause, by: str) -> None:
    """An order that may have become moot: a node that is already on its way needs none."""
    try:
        draft.stimulate(node.name, Stimulus(cause=cause, by=by))
    except CommandRejected:
        return


def gate_open(fleet: Fleet, node: Node) -> bool:
    """N-1: every other process that should serve does, the edges agree on the plan, and somebody is left."""
    rolling = {held.name for operation in fleet.operations.values() for held in held_down(fleet, operation)}

    def up(other: Node) -> bool:
        return other.goal is Goal.UP or other.name in rolling

    if node.role is Role.EDGE:
        others = [edge for edge in fleet.edges if edge.name != node.name and up(edge)]
        return all(edge.serviceable for edge in others) and confirmed(fleet, fleet.plan.version)
    others = [other for other in fleet.gateways if other.name != node.name and up(other) and not other.drained]
    enough = bool(serving(fleet, (node.name,))) or not others
    well = all(other.serviceable or other.standing_by for other in others)
    return well and enough and confirmed(fleet, fleet.plan.version)


def held_down(fleet: Fleet, operation: Operation) -> list[Node]:
    """What a rolling restart or a configuration change keeps down for the moment."""
    if operation.verb is not Verb.RESTART and not operation.revision:
        return []
    restarting = [target for target in operation.targets if target.step in (None, Step.CHANGE)]
    nodes = [fleet.nodes.get(target.node) for target in restarting if target.phase is Phase.STOPPING]
    return [node for node in nodes if node is not None and node.goal is Goal.DOWN]


def is_up(fleet: Fleet, node: Node) -> bool | str | None:
    """True: it is back, and the edges know; a sentence: it will not be back by itself; None: not yet."""
    if node.goal is Goal.DOWN:
        return f"'{node.name}' was stopped"
    if node.serviceable:
        return True if confirmed(fleet, fleet.plan.version) or node.role is Role.EDGE or not fleet.edges else None
    if (node.state is NodeState.DRAINING and node.drained) or node.state is NodeState.STANDBY:
        return True
    return given_up(node)


def given_up(node: Node) -> str | None:
    """Why a process will not be back by itself; None when it may well be."""
    if node.state is NodeState.FAILED:
        return f"'{node.name}' keeps dying: {node.reason.text if node.reason else 'unknown'}"
    return None
