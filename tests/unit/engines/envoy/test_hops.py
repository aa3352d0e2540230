"""How a node is led past its services: the same cluster once more, and a choice that its runtime makes."""

from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from hactl.core.model import Fleet
from hactl.core.node import Node, Role
from hactl.core.routing import RouteSpec, ServiceHealthSpec, ServiceSpec
from hactl.core.spec import FleetSpec, SafetySpec
from hactl.engines.envoy.document import Documents
from hactl.engines.envoy.gateway import documents
from hactl.engines.envoy.hops import counter, in_force, order, places
from hactl.engines.envoy.seat import Seat

SEAT = Seat(name="n1", directory=Path("/d/nodes/n1"), sockets=Path("/s/nodes/n1"))
NODE = Node(name="n1", role=Role.GATEWAY, region="seoul", port=20001)
SERVICE = ServiceSpec(
    name="api", endpoints=(("one.test", 80), ("two.test", 80)), health=ServiceHealthSpec(path="/up"), timeout=0.25
)


def made(**changes: Any) -> Documents:
    spec = FleetSpec(services=(SERVICE,), routes=(RouteSpec(prefix="/", service="api"),), **changes)
    return documents(NODE, Fleet(id="f1", spec=spec), SEAT)


def of(target: str) -> dict[str, str]:
    """The settings that an order sets, empty ones included."""
    return dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))


def test_beside_a_service_stands_the_same_once_more_with_other_endpoints() -> None:
    """So that what a drill shows of limits, ejection, checks and TLS is true of the service."""
    clusters = {str(cluster["name"]): cluster for cluster in made().clusters}
    real, hop = clusters["api"], clusters["api:hop"]
    assert {key for key in real if real[key] != hop.get(key)} == {
        *("name", "type", "load_assignment", "health_checks", "dns_lookup_family")
    }
    (group,) = cast("Any", hop["load_assignment"])["endpoints"]
    paths = [each["endpoint"]["address"]["pipe"]["path"] for each in group["lb_endpoints"]]
    assert paths == ["/s/hops/api-0.sock", "/s/hops/api-1.sock"] == [*map(str, places(SEAT, "api", 2))]
    assert hop["type"] == "STATIC"


def test_every_route_to_a_service_chooses_and_takes_the_service_by_itself() -> None:
    (host,) = cast("Any", made().routes)["virtual_hosts"]
    chosen = [route["route"] for route in host["routes"] if "weighted_clusters" in route.get("route", {})]
    assert [[(each["name"], each["weight"]) for each in one["weighted_clusters"]["clusters"]] for one in chosen] == [
        [("api:grpc", 1), ("api:grpc:hop", 0)],
        [("api", 1), ("api:hop", 0)],
    ]
    assert all("cluster" not in one and one["timeout"] for one in chosen)


def test_where_no_drill_is_allowed_there_is_nothing_of_it() -> None:
    documents = made(safety=SafetySpec(max_faulted_share=0))
    assert [cluster["name"] for cluster in documents.clusters] == ["api", "api:grpc"]
    assert "weighted_clusters" not in str(documents.routes)


def test_an_order_says_all_that_is_known_so_that_the_newest_holds() -> None:
    """Of both clusters of a service; what is to be as ever is taken out, not set."""
    assert of(order(("api",), ("api", "web"))) == {
        "hactl.hop.api": "0",
        "hactl.hop.api:hop": "1",
        "hactl.hop.api:grpc": "0",
        "hactl.hop.api:grpc:hop": "1",
        "hactl.hop.web": "",
        "hactl.hop.web:hop": "",
        "hactl.hop.web:grpc": "",
        "hactl.hop.web:grpc:hop": "",
    }


def test_it_is_in_force_when_the_runtime_says_exactly_that() -> None:
    both = ("api", "web")
    runtime = {key: value for key, value in of(order(("api",), both)).items() if value}
    assert in_force(runtime, ("api",), both)
    assert not in_force(runtime, (), both)
    assert not in_force(runtime, both, both)
    assert in_force({"other": "1"}, (), both)


def test_who_can_be_led_is_told_by_a_statistic() -> None:
    """Envoy writes no colon in the names of those."""
    assert counter("api") == r"^cluster\.api_hop\.membership_total$"
