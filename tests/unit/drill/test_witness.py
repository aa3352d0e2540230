"""Edges and nodes are heard as far as they answer."""

from pathlib import Path

from support.build import a_launch, a_spec
from support.script import serving

from hactl.core.value import replace
from hactl.drill.witness import arrived, hear, meanwhile
from hactl.engines.envoy.account import Account
from hactl.paths import FleetPaths


async def test_who_does_not_answer_is_no_witness(tmp_path: Path) -> None:
    """An edge that hangs or is dead is what some drills are about: nothing is explained then, and nothing breaks."""
    fleet = serving(a_spec())
    edge = replace(fleet.nodes["edge-1"], launch=a_launch("edge-1"))
    assert await hear(FleetPaths(tmp_path), replace(fleet, nodes={**fleet.nodes, "edge-1": edge})) == {}
    node = replace(fleet.nodes["seoul-1"], launch=a_launch("seoul-1"))
    known = replace(fleet, nodes={**fleet.nodes, "seoul-1": node})
    assert await arrived(FleetPaths(tmp_path), known, ("app",)) == {}


def test_what_each_counted_in_between_is_told() -> None:
    before = {"edge-1": Account(edge="edge-1", pid=1, panics=5), "edge-2": Account(edge="edge-2", pid=2)}
    after = {"edge-1": Account(edge="edge-1", pid=1, panics=7), "edge-3": Account(edge="edge-3", pid=3, panics=1)}
    assert [(one.edge, one.panics) for one in meanwhile(before, after)] == [("edge-1", 2), ("edge-3", 1)]
