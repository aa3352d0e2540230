"""Taking processes down and bringing them up again, one at a time: when the next may go, and when one is back.

Shared by rolling restarts (`operations`) and configuration changes (`rollout`). Pure; decides for one process at a
time and holds nothing.
"""

from typing import assert_never

from hactl.core.causes import Cause, Stimulus
from hactl.core.draft import Draft
from hactl.core.errors import CommandRejected
from hactl.core.model import Fleet
from hactl.core.node import Goal, Node, NodeState, Role
from hactl.core.operation import Operation, Phase, Step, Target
from hactl.core.pausing import held
from hactl.core.safety import remaining, serving
from hactl.core.traffic import confirmed
from hactl.core.value import replace


def roll_one(draft: Draft, operation: Operation, target: Target) -> Target | str | None:
    """Take one target of a rolling restart further: the target as it is then, why it cannot be, or None for not yet."""
    node = draft.fleet.nodes.get(target.node)
    if node is None:
        return f"'{target.node}' is no longer in the configuration"
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
    rolling = {other.name for operation in fleet.operations.values() for other in held_down(fleet, operation)}

    def up(other: Node) -> bool:
        return other.goal is Goal.UP or other.name in rolling

    if node.role is Role.EDGE:
        others = [edge for edge in fleet.edges if edge.name != node.name and up(edge)]
        return all(edge.serviceable for edge in others) and known_to_edges(fleet)
    others = [other for other in fleet.gateways if other.name != node.name and up(other) and not other.drained]
    enough = bool(serving(fleet, (node.name,))) or not others
    well = all(other.serviceable or other.standing_by for other in others)
    return well and enough and known_to_edges(fleet)


def in_turn(fleet: Fleet, operation: Operation) -> list[Target]:
    """What a configuration change has still to do. A node that has gone out of service meanwhile has its turn before
    one that serves: nothing can be lost on it, and it may be what is missing beside the other."""
    left = [target for target in operation.targets if target.phase is not Phase.DONE]
    if not left or not _restarts_a_node(fleet, left[0]):
        return left
    first = next(
        (target for target in left if _restarts_a_node(fleet, target) and _before_others(fleet, target)), left[0]
    )
    return [first, *(target for target in left if target != first)]


def _restarts_a_node(fleet: Fleet, target: Target) -> bool:
    node = fleet.nodes.get(target.node)
    return target.step is Step.CHANGE and target.restart and node is not None and node.role is Role.GATEWAY


def _before_others(fleet: Fleet, target: Target) -> bool:
    """It has begun already, or its node keeps dying or does not answer."""
    node = fleet.nodes[target.node]
    out = node.state is NodeState.FAILED or (node.state is NodeState.SERVING and not node.serviceable)
    return target.phase is not Phase.WAITING or (out and node.goal is Goal.UP)


def may_go(fleet: Fleet, node: Node, operation: Operation) -> bool:
    """Nobody who should be back soon is still out, the edges agree, and enough are left. Who keeps failing, or waits
    for the end of a pause, is not waited for: a new configuration may be what it needs; nor, on the
    way back, is an edge that has the new one and may not be able to agree any more."""
    without, least = (operation.revision, 0) if operation.back else (0, operation.least)
    edges = [edge for edge in fleet.edges if edge.serviceable and edge.revision != without]
    if not all(fleet.confirmed.get(edge.name, -1) >= fleet.plan.version for edge in edges):
        return False
    peers = [other for other in fleet.nodes.values() if other.role is node.role and other.name != node.name]
    on_their_way = (NodeState.STARTING, NodeState.STOPPING, NodeState.BACKOFF)
    if any(other.goal is Goal.UP and other.state in on_their_way and not held(other) for other in peers):
        return False
    if not node.serviceable:
        return True
    if node.role is Role.EDGE:
        awaited = (other.goal is Goal.UP and other.state is not NodeState.FAILED and not held(other) for other in peers)
        return any(other.serviceable for other in peers) or not any(awaited)
    if len(remaining(fleet, (node.name,))) < least:
        return False
    return bool(serving(fleet, (node.name,))) or len(serving(fleet)) <= 1


def known_to_edges(fleet: Fleet, version: int | None = None) -> bool:
    """Every edge that serves has proved the plan in force, or one as new as `version`; also when no edge is up, or
    will soon be, that could: then nobody is served anything old, and whoever comes back is told the newest."""
    if confirmed(fleet, fleet.plan.version if version is None else version):
        return True
    return not any(
        edge.goal is Goal.UP and edge.state is not NodeState.FAILED and not (held(edge) and edge.launch is None)
        for edge in fleet.edges
    )


def proved(fleet: Fleet, edge: Node, revision: int) -> bool:
    """The edge uses that configuration; one that is down for good has nothing to prove, it starts with what it is to
    have."""
    if edge.state is NodeState.FAILED or (edge.goal is Goal.DOWN and not edge.state.alive):
        return True
    return edge.serviceable and fleet.proved.get(edge.name) == revision


def held_down(fleet: Fleet, operation: Operation) -> list[Node]:
    """What a rolling restart or a configuration change keeps down for the moment."""
    if not operation.one_by_one:
        return []
    restarting = [target for target in operation.targets if target.step in (None, Step.CHANGE)]
    nodes = [fleet.nodes.get(target.node) for target in restarting if target.phase is Phase.STOPPING]
    return [node for node in nodes if node is not None and node.goal is Goal.DOWN]


def is_up(fleet: Fleet, node: Node) -> bool | str | None:
    """True: it is back, and the edges know; a sentence: it will not come back on its own; None: not yet."""
    if node.goal is Goal.DOWN:
        return f"'{node.name}' was stopped"
    if node.serviceable:
        return True if node.role is Role.EDGE or known_to_edges(fleet) else None
    if (node.state is NodeState.DRAINING and node.drained) or node.state is NodeState.STANDBY:
        return True
    return given_up(node)


def given_up(node: Node) -> str | None:
    """Why a process will not come back on its own; None when it may."""
    if node.state is NodeState.FAILED:
        return f"'{node.name}' keeps dying: {node.reason.text if node.reason else 'unknown'}"
    if held(node) and node.launch is None:
        return f"'{node.name}' is down: {node.reason.text if node.reason else 'unknown'}"
    return None
