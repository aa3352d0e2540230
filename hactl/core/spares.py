"""Warm spares: who steps in the moment somebody is out. Pure; one of the rules that settle a fleet.

A region has `nodes + spares` processes, and any of them may be the one that stands by: whoever becomes ready stands by
first, and as many as are missing in rotation step in, in the same step. A node that comes back finds its place taken
and stands by in turn; nobody is taken out of rotation to make room for it.
"""

from collections.abc import Iterable

from hactl.core.draft import Draft
from hactl.core.model import Fleet, Now
from hactl.core.node import Node, NodeState
from hactl.core.traffic import in_rotation
from hactl.core.value import replace


def promote(draft: Draft) -> None:
    """Let as many spares step in as nodes are missing in each region."""
    for region, wanted in _wanted(draft.fleet).items():
        nodes = draft.fleet.in_region(region)
        missing = wanted - len(in_rotation(draft.fleet, region))
        for spare in [node for node in nodes if node.standing_by][: max(0, missing)]:
            serving = replace(spare, state=NodeState.SERVING, reason=None, since=draft.now.wall)
            draft.take_note(serving, f"steps in: {_why(nodes)}")


def without(fleet: Fleet, names: Iterable[str]) -> Fleet:
    """The fleet right after these have ended: with the spares that step in for them."""
    hit = {name: replace(fleet.nodes[name], state=NodeState.STARTING) for name in names}
    draft = Draft(replace(fleet, nodes=fleet.nodes | hit), Now(mono=0.0, wall=0.0))
    promote(draft)
    return draft.fleet


def _wanted(fleet: Fleet) -> dict[str, int]:
    """Nodes in rotation, by region; those of a configuration that is coming as well, so that they are ready for it."""
    coming = fleet.proposal.spec.regions if fleet.proposal is not None else ()
    return {region.name: region.nodes for region in (*coming, *fleet.spec.regions)}


def _why(nodes: tuple[Node, ...]) -> str:
    out = [node.name for node in nodes if not node.serviceable and not node.standing_by]
    return f"{', '.join(out[:3])} out" if out else "not enough in rotation"
