"""From a configuration to processes with names and ports, fresh or kept."""

import pytest
from support.build import a_spec, founded

from hactl.core.errors import HactlError
from hactl.core.founding import edge_names, lay_out, node_names
from hactl.core.node import Goal, NodeState, Role
from hactl.core.spec import RegionSpec
from hactl.core.value import replace


def test_names_follow_the_configuration() -> None:
    """Edges first, then the regions in their order, numbered from one."""
    spec = replace(a_spec(edges=2), regions=(RegionSpec(name="seoul", nodes=2), RegionSpec(name="osaka", nodes=1)))
    assert edge_names(spec) == ["edge-1", "edge-2"]
    assert node_names(spec) == ["seoul-1", "seoul-2", "osaka-1"]
    assert [node.name for node in lay_out(spec, range(20_000, 20_003))] == [*edge_names(spec), *node_names(spec)]


def test_nodes_get_ports_and_edges_share_theirs() -> None:
    """Free ports are dealt out in order; every edge listens where clients knock."""
    spec = a_spec(edge={"host": "127.0.0.9", "port": 9999})
    nodes = {node.name: node for node in lay_out(spec, [20_005, 20_007, 20_009])}
    assert [(nodes[name].address, nodes[name].port) for name in edge_names(spec)] == [("127.0.0.9", 9999)] * 2
    assert [nodes[name].port for name in node_names(spec)] == [20_005, 20_007, 20_009]
    assert {node.state for node in nodes.values()} == {NodeState.STOPPED}
    assert {node.goal for node in nodes.values()} == {Goal.UP}


def test_too_few_ports_are_an_error_with_a_hint() -> None:
    """It names the range and the key."""
    with pytest.raises(HactlError) as error:
        lay_out(a_spec(), [20_000, 20_001])
    assert error.value.message == "no free port left in fleet.ports = 20000-27999"
    assert error.value.hint == "widen fleet.ports in hactl.toml"


def test_what_keeps_its_name_keeps_what_the_operator_made_of_it() -> None:
    """Port, goal, weight, drain and the number of launches; new nodes get new ports, others go.

    A new node may have a name that was there before: its launches have numbers nobody has had."""
    fleet = founded(a_spec(nodes=2))
    changed = {
        "seoul-1": replace(fleet.nodes["seoul-1"], weight=7, drained=True, goal=Goal.DOWN, launches=3),
        "edge-1": replace(fleet.nodes["edge-1"], goal=Goal.DOWN, launches=2),
    }
    fleet = replace(fleet, nodes=fleet.nodes | changed, seq=77)
    nodes = {node.name: node for node in lay_out(a_spec(nodes=3, edges=1), [21_000], fleet)}
    kept, new, edge = nodes["seoul-1"], nodes["seoul-3"], nodes["edge-1"]
    assert (kept.port, kept.weight, kept.drained, kept.goal, kept.launches) == (20_000, 7, True, Goal.DOWN, 3)
    assert (kept.state, kept.role) == (NodeState.STOPPED, Role.GATEWAY)
    assert (new.port, new.launches) == (21_000, fleet.seq)
    assert (edge.goal, edge.launches) == (Goal.DOWN, 2)
    assert "edge-2" not in nodes


def test_a_port_outside_the_range_is_not_kept() -> None:
    """A node that had moved elsewhere gets a proper port again, and keeps all else."""
    fleet = founded(a_spec(nodes=1))
    moved = replace(fleet.nodes["seoul-1"], port=40_000, weight=7, launches=3)
    (node,) = (
        node
        for node in lay_out(a_spec(nodes=1), [21_000], replace(fleet, nodes=fleet.nodes | {"seoul-1": moved}))
        if node.role is Role.GATEWAY
    )
    assert (node.port, node.weight, node.launches) == (21_000, 7, 3)
