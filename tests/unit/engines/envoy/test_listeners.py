"""Listeners of edges and nodes."""

from pathlib import Path

from hactl.core.model import Fleet
from hactl.core.node import Node, Role
from hactl.core.routing import RouteSpec
from hactl.core.spec import EdgeSpec, EdgeTlsSpec, FleetSpec
from hactl.engines.envoy.listeners import edge_listeners, node_listeners
from hactl.engines.envoy.seat import Seat

SEAT = Seat(name="x", directory=Path("/d"), sockets=Path("/s"))
NODE = Node(name="n1", role=Role.GATEWAY, address="127.0.0.1", port=20001)


def edge(**options: object) -> list[dict]:
    return edge_listeners(Fleet(spec=FleetSpec(edge=EdgeSpec(**options))), SEAT)


def http(listener: dict) -> dict:
    return listener["filter_chains"][0]["filters"][0]["typed_config"]


def test_edges_share_a_port_and_nodes_do_not() -> None:
    """Only the edges' public listener may be bound twice."""
    shared, private = edge()
    (node,) = node_listeners(NODE, SEAT)
    assert shared["enable_reuse_port"] is True
    assert node["enable_reuse_port"] is False
    assert private["address"] == {"pipe": {"path": "/s/edge.sock", "mode": 0o600}}


def test_the_private_listener_proves_the_public_one() -> None:
    """Same routes, same filters; it is not drained, not limited and not counted with the clients."""
    shared, private = edge(sticky=True)
    assert http(shared)["rds"] == http(private)["rds"]
    assert http(shared)["http_filters"] == http(private)["http_filters"]
    assert shared["traffic_direction"] == "INBOUND"
    assert "traffic_direction" not in private
    assert private["ignore_global_conn_limit"] is True
    assert http(private)["access_log"] == []
    assert http(shared)["stat_prefix"] != http(private)["stat_prefix"]


def test_edge_and_node_read_a_path_the_same_way() -> None:
    """Otherwise a route chosen at the edge could be another one at the node."""
    keys = ("normalize_path", "merge_slashes", "path_with_escaped_slashes_action", "upgrade_configs")
    (node,) = node_listeners(NODE, SEAT)
    assert [http(edge()[0])[key] for key in keys] == [http(node)[key] for key in keys]


def test_an_edge_hangs_up_before_a_node_does() -> None:
    """The node keeps idle connections longer than any edge, so that no request meets a closing connection."""
    (node,) = node_listeners(NODE, SEAT)
    idle = float(http(node)["common_http_protocol_options"]["idle_timeout"].removesuffix("s"))
    assert idle > 60


def test_limits_come_from_the_configuration() -> None:
    """Header time and idle time arrive; how much of a body is kept does not change how answers are buffered."""
    shared, _ = edge(max_body_retry=0, request_headers_timeout=3.0, idle_timeout=7.0)
    assert shared["per_connection_buffer_limit_bytes"] == 1 << 20
    assert http(shared)["request_headers_timeout"] == "3.000s"
    assert http(shared)["common_http_protocol_options"]["idle_timeout"] == "7.000s"


def test_a_node_can_answer_preflight_requests() -> None:
    """The filter stands before the router, and after what answers for the node itself; nobody pays for it unasked."""
    assert len(http(node_listeners(NODE, SEAT)[0])["http_filters"]) == 2
    (node,) = node_listeners(NODE, SEAT, cors=True)
    assert [each["name"].rpartition(".")[2] for each in http(node)["http_filters"]] == [
        "health_check",
        "cors",
        "router",
    ]


def test_a_silent_request_has_the_time_of_the_longest_route() -> None:
    """An edge ends a request in which nothing moves, but no sooner than a route allows; a node never does."""
    (node,) = node_listeners(NODE, SEAT)
    assert http(node)["stream_idle_timeout"] == "0.000s"
    for idle, route, expected in ((300.0, 5.0, "300.000s"), (1.0, 5.0, "6.000s")):
        spec = FleetSpec(edge=EdgeSpec(idle_timeout=idle), routes=(RouteSpec(prefix="/", timeout=route),))
        shared, private = edge_listeners(Fleet(spec=spec), SEAT)
        assert [http(one)["stream_idle_timeout"] for one in (shared, private)] == [expected] * 2


def test_no_unread_answer_can_use_up_a_shared_connection() -> None:
    """On every HTTP/2 hop the window of a connection holds those of all its streams."""
    (node,) = node_listeners(NODE, SEAT)
    for listener in (*edge(), node):
        http2 = http(listener)["http2_protocol_options"]
        streams = http2["max_concurrent_streams"] * http2["initial_stream_window_size"]
        assert http2["initial_connection_window_size"] >= streams


def test_clients_are_met_with_tls_and_probes_without() -> None:
    """A third listener, private too, shows what the public one does; all by the same secret."""
    shared, private, encrypted = edge(tls=EdgeTlsSpec(cert="/c", key="/k"))
    assert "transport_socket" not in private["filter_chains"][0]
    tls = shared["filter_chains"][0]["transport_socket"]
    assert encrypted["filter_chains"][0]["transport_socket"] == tls
    assert encrypted["address"] == {"pipe": {"path": "/s/tls.sock", "mode": 0o600}}
    assert "traffic_direction" not in encrypted, "it is not drained"
    context = tls["typed_config"]["common_tls_context"]
    assert context["alpn_protocols"] == ["h2", "http/1.1"]
    assert context["tls_params"]["tls_minimum_protocol_version"] == "TLSv1_2"
    (secret,) = context["tls_certificate_sds_secret_configs"]
    assert secret["sds_config"]["path_config_source"] == {"path": "/d/sds/sds.json"}
