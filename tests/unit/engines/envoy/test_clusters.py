"""Clusters of edges and nodes."""

from pathlib import Path

import pytest

from hactl.core.model import Fleet
from hactl.core.node import Node, Role
from hactl.core.routing import LimitsSpec, ServiceHealthSpec, ServiceSpec, ServiceTlsSpec
from hactl.core.spec import FleetSpec, GatewayKind, GatewaySpec, HealthSpec, Policy, ProbeKind
from hactl.core.value import replace
from hactl.engines.envoy.clusters import nodes_cluster, service_clusters
from hactl.engines.envoy.seat import Seat

SEAT = Seat(name="edge-1", directory=Path("/d"), sockets=Path("/s"))
PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def cluster(nodes: int = 3, policy: Policy = Policy.LEAST_REQUEST, **spec: object) -> dict:
    named = {f"n{i}": Node(name=f"n{i}", role=Role.GATEWAY) for i in range(nodes)}
    return nodes_cluster(Fleet(id="f1", spec=FleetSpec(**spec), nodes=named), policy, SEAT)


@pytest.mark.parametrize("nodes", [1, 2, 3, 4, 8, 100])
def test_ejection_never_empties_the_cluster(nodes: int) -> None:
    """All but one node may be ejected: Envoy ejects while the share already ejected is below the limit."""
    limit = cluster(nodes)["outlier_detection"]["max_ejection_percent"]
    ejected = 0
    while 100 * ejected / nodes < limit:
        ejected += 1
    assert ejected == nodes - 1


def test_no_status_ejects_a_node() -> None:
    """Only what went wrong on the way to a node counts against it."""
    ejection = cluster()["outlier_detection"]
    assert ejection["enforcing_consecutive_5xx"] == 0
    assert ejection["enforcing_consecutive_gateway_failure"] == 0
    assert ejection["split_external_local_origin_errors"] is True


def test_checks_are_those_of_the_configuration() -> None:
    """Times, thresholds, path and statuses arrive; statuses that fail are named, or their threshold would not count."""
    health = HealthSpec(path="/up", expect=(200, 299), interval=2.0, timeout=1.0, unhealthy_threshold=3)
    (check,) = cluster(health=health)["health_checks"]
    assert (check["interval"], check["no_traffic_interval"], check["timeout"]) == ("2.000s", "2.000s", "1.000s")
    assert check["unhealthy_threshold"] == 3
    assert check["http_health_check"] == {
        "path": "/up",
        "expected_statuses": [{"start": 200, "end": 300}],
        "retriable_statuses": [{"start": 100, "end": 200}, {"start": 300, "end": 600}],
    }


@pytest.mark.parametrize("policy", list(Policy))
def test_slow_start_is_only_asked_of_policies_that_have_it(policy: Policy) -> None:
    """Envoy knows slow start for round-robin and least-request."""
    made = cluster(policy=policy, health=HealthSpec(slow_start=5.0))
    assert made["lb_policy"] == policy.name
    has = any("slow_start_config" in part for part in made.values() if isinstance(part, dict))
    assert has == (policy in (Policy.ROUND_ROBIN, Policy.LEAST_REQUEST))


def test_nodes_are_spoken_to_in_a_protocol_they_know() -> None:
    """Envoy nodes get what the client spoke, other programs HTTP/1.1, programs with grpc checks HTTP/2."""
    command = GatewaySpec(kind=GatewayKind.COMMAND)
    own = cluster()["typed_extension_protocol_options"][PROTOCOL]
    other = cluster(gateway=command)["typed_extension_protocol_options"][PROTOCOL]
    grpc = cluster(gateway=command, health=HealthSpec(kind=ProbeKind.GRPC))["typed_extension_protocol_options"][
        PROTOCOL
    ]
    assert "use_downstream_protocol_config" in own
    assert list(other["explicit_http_config"]) == ["http_protocol_options"]
    assert list(grpc["explicit_http_config"]) == ["http2_protocol_options"]


def test_names_are_looked_up_and_addresses_are_not() -> None:
    """A service of addresses is static; one with a name is resolved."""
    static = service_clusters(ServiceSpec(name="a", endpoints=(("127.0.0.1", 1), ("::1", 2))))
    named = service_clusters(ServiceSpec(name="b", endpoints=(("127.0.0.1", 1), ("db.local", 2))))
    assert [(each["name"], each["type"]) for each in static + named] == [
        ("a", "STATIC"),
        ("a:grpc", "STATIC"),
        ("b", "STRICT_DNS"),
        ("b:grpc", "STRICT_DNS"),
    ]


def test_a_service_is_asked_within_its_limits() -> None:
    """Both clusters of a service get the limits of the configuration."""
    limited = ServiceSpec(name="a", endpoints=(("127.0.0.1", 1),), limits=LimitsSpec(connections=1, pending=2))
    for made in service_clusters(limited):
        assert made["circuit_breakers"]["thresholds"] == [
            {"max_connections": 1, "max_pending_requests": 2, "max_requests": 16_384, "max_retries": 16_384}
        ]


def test_services_are_checked_only_when_asked_for() -> None:
    """Without a path nothing is checked; with one each cluster checks in its own protocol, also without traffic."""
    plain = ServiceSpec(name="a", endpoints=(("127.0.0.1", 1),))
    assert not any("health_checks" in made for made in service_clusters(plain))
    checked = replace(plain, health=ServiceHealthSpec(path="/up", interval=3.0), tls=ServiceTlsSpec(sni="a.test"))
    one, two = [made["health_checks"][0] for made in service_clusters(checked)]
    assert one["interval"] == one["no_traffic_interval"] == "3.000s"
    assert (one["http_health_check"]["path"], one["http_health_check"]["host"]) == ("/up", "a.test")
    assert "codec_client_type" not in one["http_health_check"]
    assert two["http_health_check"]["codec_client_type"] == "HTTP2"


def test_both_clusters_of_a_service_ask_its_checks_for_the_same_name() -> None:
    """Each endpoint for its own, unless all bear one; never for the name of a cluster: one with a colon is no host."""
    endpoints = (("127.0.0.1", 1), ("a.test", 2), ("b.test", 3))
    checked = ServiceSpec(name="app", endpoints=endpoints, health=ServiceHealthSpec(path="/up"))
    for sni, names in (("", ["app", "a.test", "b.test"]), ("c.test", ["c.test"] * 3)):
        for made in service_clusters(replace(checked, tls=ServiceTlsSpec(sni=sni))):
            usual = made["health_checks"][0]["http_health_check"]["host"]
            (group,) = made["load_assignment"]["endpoints"]
            asked = [each["endpoint"].get("health_check_config", {"hostname": usual}) for each in group["lb_endpoints"]]
            assert [each["hostname"] for each in asked] == names


def test_a_service_is_spoken_to_in_tls_only_when_asked_for() -> None:
    """A file of authorities turns it on."""
    plain = ServiceSpec(name="a", endpoints=(("127.0.0.1", 1),))
    assert not any("transport_socket" in made for made in service_clusters(plain))
    assert all("transport_socket" in made for made in service_clusters(replace(plain, tls=ServiceTlsSpec(ca="/ca"))))
