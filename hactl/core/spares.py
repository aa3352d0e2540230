"""Warm spares: which one steps in the moment a node is out. Pure; one of the rules that settle a fleet.

A region has `nodes + spares` processes, and any of them may be the one on standby: a process that becomes ready is on
standby first, and as many as are missing in rotation step in, in the same step. A node that comes back finds its place
taken and goes on standby in turn; no node is taken out of rotation to make room for it.
"""

from hactl.core.draft import Draft
from hactl.core.model import Fleet
from hactl.core.node import Node, NodeState
from hactl.core.traffic import stepping_in
from hactl.core.value import replace


def promote(draft: Draft) -> None:
    """Let as many spares step in as nodes are missing in each region."""
    for region, wanted in _wanted(draft.fleet).items():
        nodes = draft.fleet.in_region(region)
        for spare in stepping_in(draft.fleet, region, wanted):
            serving = replace(spare, state=NodeState.SERVING, reason=None, since=draft.now.wall)
            draft.take_note(serving, f"steps in: {_why(nodes)}")


def _wanted(fleet: Fleet) -> dict[str, int]:
    """Nodes in rotation, by region; those of a configuration that is coming as well, so that they are ready for it."""
    coming = fleet.proposal.spec.regions if fleet.proposal is not None else ()
    return {region.name: region.nodes for region in (*coming, *fleet.spec.regions)}


def _why(nodes: tuple[Node, ...]) -> str:
    out = [node.name for node in nodes if not node.serviceable and not node.standing_by]
    return f"{', '.join(out[:3])} out" if out else "not enough in rotation"
