"""What a node is given."""

from pathlib import Path

import pytest
from support.descriptors import none_left

from hactl.core.model import Fleet
from hactl.core.node import Node, Role
from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.spec import EdgeSpec, FleetSpec, SafetySpec
from hactl.engines.envoy import faults
from hactl.engines.envoy.gateway import EnvoyGateway, documents
from hactl.engines.envoy.seat import Seat
from hactl.paths import FleetPaths

SEAT = Seat(name="n1", directory=Path("/d"), sockets=Path("/s"))
NODE = Node(name="n1", role=Role.GATEWAY, region="seoul", port=20001)


def test_a_node_knows_its_services_and_its_fleet() -> None:
    """Two clusters for a service, and beside each that of its hop; fleet, region and name are what it starts with."""
    service = ServiceSpec(name="app", endpoints=(("127.0.0.1", 1),))
    spec = FleetSpec(services=(service,), routes=(RouteSpec(prefix="/", service="app"),))
    made = documents(NODE, Fleet(id="f1", spec=spec), SEAT)
    assert [cluster["name"] for cluster in made.clusters] == ["app", "app:grpc", "app:hop", "app:grpc:hop"]
    assert made.bootstrap["node"] == {"id": "n1", "cluster": "f1", "locality": {"region": "seoul"}}


def test_nodes_have_room_for_all_edges() -> None:
    """The limit of a node is above what all edges there may ever be bring together, so that none needs a restart."""
    for count in (3, 4):
        spec = FleetSpec(edge=EdgeSpec(max_connections=100, count=count))
        assert "'max_active_downstream_connections': 3300" in repr(documents(NODE, Fleet(spec=spec), SEAT).bootstrap)


@pytest.mark.parametrize(("share", "installed"), [(0.0, False), (0.5, True)])
def test_a_node_that_no_drill_may_touch_has_no_fault_filter(share: float, installed: bool) -> None:
    """It costs every request a little, so whoever rules drills out does without."""
    spec = FleetSpec(safety=SafetySpec(max_faulted_share=share))
    assert (faults.FILTER in repr(documents(NODE, Fleet(spec=spec), SEAT).listeners)) is installed


async def test_who_could_not_be_asked_is_not_judged(tmp_path: Path) -> None:
    """We have no descriptor left: that is nobody's fault but ours."""
    kind = EnvoyGateway(FleetPaths(tmp_path))
    seat = Seat.of(FleetPaths(tmp_path), "one")
    seat.bootstrap.parent.mkdir(parents=True)
    seat.bootstrap.write_text('{"node": {"cluster": "ab12"}}')
    node = Node(name="one", role=Role.GATEWAY, address="127.0.0.1", port=1)
    for _ in range(2):  # the first time it looks up whose fleet the node is of
        with none_left():
            answer = await kind.probe(node, 1.0)
        assert (answer.ok, answer.unasked) == (False, True)
        assert (await kind.probe(node, 1.0)).refused
