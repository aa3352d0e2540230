"""Processes that no configuration wants any more, on their way out. Pure; not the change that left them: `rollout`."""

from hactl.core.causes import Cause
from hactl.core.config_events import NodesRemoved
from hactl.core.draft import Draft
from hactl.core.founding import wanted
from hactl.core.model import Fleet
from hactl.core.node import Goal, Node, NodeState
from hactl.core.rolling import known_to_edges, order
from hactl.core.traffic import plan_for


def let_go(draft: Draft) -> None:
    """Processes that no configuration wants: stopped as soon as others of their kind serve, and then forgotten.

    Never before every edge knows who the others are: a node that begins to drain fails its health checks at once.
    """
    fleet, ours = draft.fleet, wanted(draft.fleet)
    if fleet.proposal is not None or len(fleet.nodes) == len(ours):
        return
    if plan_for(fleet) != fleet.plan or not known_to_edges(fleet):
        return
    extra = [node for node in fleet.nodes.values() if node.name not in ours]
    served = {node.role for node in ours.values() if node.serviceable}
    for node in extra:
        being_spawned = node.state is NodeState.STARTING and node.launch is None
        spare = node.role in served or not node.serviceable
        if node.goal is Goal.UP and not fleet.closing and spare and not being_spawned:
            order(draft, node, Cause.STOP, "the configuration")
    gone = tuple(node.name for node in extra if may_be_forgotten(draft.fleet, draft.fleet.nodes[node.name]))
    if gone:
        draft.emit(NodesRemoved(nodes=gone))


def may_be_forgotten(fleet: Fleet, node: Node) -> bool:
    """It has stopped, and if its loss was told, so was the end of that."""
    return node.state is NodeState.STOPPED and node.name not in fleet.failovers
