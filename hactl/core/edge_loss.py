"""Losses of edges: the connections each cost, and when it serves again. Measures, never decides; twin of `failover`.

An edge shares its port with the others, so new connections keep working and no plan changes. What is lost are the
connections it had and the requests in flight on them, which no other edge can take over. How many there were is known
from the last reading of the edge, and is as old as that. An ordered stop or restart is no loss: that one drains.
"""

from hactl.core.draft import Draft
from hactl.core.events import EdgeBack, EdgeGivenUp, EdgeLost
from hactl.core.failover import waits_for_a_person, will_not_return
from hactl.core.model import EdgeLoss, Fleet
from hactl.core.node import Health, Node, NodeState, Reason, ReasonCode


def begin(draft: Draft, before: Fleet) -> None:
    """Note every edge that served before this cause, and whose process has ended since or is being killed."""
    for was in before.edges:
        edge = draft.fleet.nodes.get(was.name)
        if edge is None or was.state is not NodeState.SERVING or was.name in draft.fleet.edge_losses:
            continue
        if edge.launch == was.launch and not _being_killed(edge):
            continue
        use = {one.edge: one for one in draft.in_use}
        others = tuple(other.name for other in draft.fleet.edges if other.serviceable)
        loss = EdgeLoss(
            edge=edge.name,
            cause=edge.reason or Reason(code=ReasonCode.EXITED),
            seen=draft.now.mono,
            wall=draft.now.wall,
            use=use.get(edge.name),
            others=others,
            carried=tuple(use[name] for name in others if name in use),
        )
        draft.emit(EdgeLost(loss=loss))


def follow(draft: Draft) -> None:
    """End every loss that has been made good, or will not be without an operator."""
    for loss in tuple(draft.fleet.edge_losses.values()):
        edge = draft.fleet.nodes.get(loss.edge)
        if edge is None or will_not_return(edge) or waits_for_a_person(edge):
            draft.emit(EdgeGivenUp(edge=loss.edge))
        elif edge.serviceable and edge.name in draft.fleet.confirmed:
            draft.emit(EdgeBack(edge=loss.edge, ms=(draft.now.mono - loss.seen) * 1000))


def _being_killed(edge: Node) -> bool:
    """It hangs; and neither the others nor a pause keep it from being killed for that."""
    hangs = edge.health is Health.UNHEALTHY and edge.reason is not None and edge.reason.code is ReasonCode.HUNG
    return hangs and not edge.hung and edge.state is NodeState.SERVING
