"""Losses of capacity: when one begins, when traffic has moved, when the capacity is back. Measures, never decides.

What the edges are told follows from the fleet's state alone (`traffic`); this module only keeps the clock on it.
"""

from hactl.core.draft import Draft
from hactl.core.events import FailoverBegan, FailoverEnded, FailoverMoved
from hactl.core.model import Failover, Fleet
from hactl.core.node import Goal, Node, NodeState, Reason, ReasonCode
from hactl.core.plan import EndpointStatus
from hactl.core.rolling import known_to_edges
from hactl.core.traffic import complete, confirmed
from hactl.core.value import replace


def begin(draft: Draft, before: Fleet) -> None:
    """Note every gateway node that served before this cause and does not any more, unless somebody ordered a drain."""
    for was in before.gateways:
        node = draft.fleet.nodes.get(was.name)
        if node is None or not was.serviceable or node.serviceable or node.state is NodeState.DRAINING:
            continue
        if node.name in draft.fleet.failovers:
            continue
        # A loss that leaves the plan as it is (nobody else could serve) is not moved before the next plan is.
        held = _listed(draft.fleet, node)
        failover = Failover(
            node=node.name,
            cause=node.reason or Reason(code=ReasonCode.EXITED),
            seen=draft.now.mono,
            version=draft.fleet.plan.version + (1 if held else 0),
        )
        draft.emit(FailoverBegan(failover=failover))


def follow(draft: Draft) -> None:
    """Move every loss in progress as far as the edges' confirmations allow."""
    for failover in tuple(draft.fleet.failovers.values()):
        _follow_one(draft, failover)


def _follow_one(draft: Draft, failover: Failover) -> None:
    fleet, now = draft.fleet, draft.now
    if failover.moved is None and confirmed(fleet, failover.version):
        failover = replace(failover, moved=now.mono)
        draft.emit(FailoverMoved(failover=failover, ms=_ms(failover.seen, now.mono)))
    node = fleet.nodes.get(failover.node)
    moved_ms = None if failover.moved is None else _ms(failover.seen, failover.moved)
    if node is None or will_not_return(node) or (waits_for_a_person(node) and known_to_edges(fleet)):
        draft.emit(FailoverEnded(node=failover.node, moved_ms=moved_ms, back_ms=None))
    elif _made_up_for(fleet, node) and known_to_edges(fleet):
        back_ms = _ms(failover.seen, now.mono)
        draft.emit(FailoverEnded(node=failover.node, moved_ms=moved_ms, back_ms=back_ms))


def _made_up_for(fleet: Fleet, node: Node) -> bool:
    """The node is back, or a spare has stepped in for it."""
    return (node.serviceable and _listed(fleet, node)) or complete(fleet, node.region)


def will_not_return(node: Node) -> bool:
    """Somebody has taken it out on purpose, or it has died too often."""
    gone = node.state in (NodeState.STOPPED, NodeState.FAILED) or node.goal is Goal.DOWN
    return gone or node.drained


def waits_for_a_person(node: Node) -> bool:
    """It has ended in a paused fleet: how long that lasts says nothing about how fast a loss is made good."""
    return node.state is NodeState.BACKOFF and node.deadline is None


def _listed(fleet: Fleet, node: Node) -> bool:
    """True when the plan in force has the node in use; a weight of 0, its own or its region's, lists it as draining."""
    return any(
        endpoint.node == node.name and endpoint.status is not EndpointStatus.UNHEALTHY
        for endpoint in fleet.plan.endpoints
    )


def _ms(start: float, end: float) -> float:
    return (end - start) * 1000
