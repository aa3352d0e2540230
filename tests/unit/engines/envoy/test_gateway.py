"""What a node is given."""

from pathlib import Path

from hactl.core.model import Fleet
from hactl.core.node import Node, Role
from hactl.core.spec import EdgeSpec, FleetSpec, RouteSpec, ServiceSpec
from hactl.engines.envoy.gateway import documents
from hactl.engines.envoy.seat import Seat

SEAT = Seat(name="n1", directory=Path("/d"), sockets=Path("/s"))
NODE = Node(name="n1", role=Role.GATEWAY, region="seoul", port=20001)


def test_a_node_knows_its_services_and_its_fleet() -> None:
    """One pair of clusters per service; fleet, region and name stand in the start-up document."""
    service = ServiceSpec(name="app", endpoints=(("127.0.0.1", 1),))
    spec = FleetSpec(services=(service,), routes=(RouteSpec(prefix="/", service="app"),))
    made = documents(NODE, Fleet(id="f1", spec=spec), SEAT)
    assert [cluster["name"] for cluster in made.clusters] == ["app", "app:grpc"]
    assert made.bootstrap["node"] == {"id": "n1", "cluster": "f1", "locality": {"region": "seoul"}}


def test_nodes_have_room_for_all_edges() -> None:
    """The limit of a node is above what all edges there may ever be bring together, so that none needs a restart."""
    for count in (3, 4):
        spec = FleetSpec(edge=EdgeSpec(max_connections=100, count=count))
        assert "'max_active_downstream_connections': 3300" in repr(documents(NODE, Fleet(spec=spec), SEAT).bootstrap)
