"""An operator's patch over the documents of edges and nodes."""

import json
from pathlib import Path

import pytest

from hactl.config import overlay as config
from hactl.core.model import Fleet
from hactl.core.node import Node, Role
from hactl.core.routing import CorsSpec, RateLimitSpec, RouteSpec, ServiceSpec
from hactl.core.spec import EdgeSpec, FleetSpec, GatewaySpec, Policy
from hactl.engines.envoy import edge, gateway
from hactl.engines.envoy.document import Documents
from hactl.engines.envoy.overlay import hint, merged
from hactl.engines.envoy.seat import Seat

SEAT = Seat(name="x", directory=Path("/d"), sockets=Path("/s"))
NODE = Node(name="n1", role=Role.GATEWAY, address="127.0.0.1", port=20001)


def fleet(**layers: dict) -> Fleet:
    """A fleet with one hedged route to one service, and a patch."""
    spec = FleetSpec(
        gateway=GatewaySpec(envoy_overlay=json.dumps(layers) if layers else ""),
        services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", 9),)),),
        routes=(RouteSpec(prefix="/", service="app", hedge=1.0),),
    )
    return Fleet(id="f1", spec=spec)


def of_edge(**layer: object) -> Documents:
    return edge.documents(fleet(edge=layer) if layer else fleet(), Policy.RANDOM, SEAT)


def of_node(**layer: object) -> Documents:
    return gateway.documents(NODE, fleet(node=layer) if layer else fleet(), SEAT)


def http(listener: dict) -> dict:
    return listener["filter_chains"][0]["filters"][0]["typed_config"]


def named(items: list[dict]) -> list[str]:
    return [item["name"].rpartition(".")[2] for item in items]


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_patches_are_merged_as_the_rfc_has_it(target: dict, patch: dict, result: dict) -> None:
    """The examples of RFC 7396 whose two sides are objects; neither side is changed."""
    before = json.dumps([target, patch])
    assert merged(target, patch) == result
    assert json.dumps([target, patch]) == before


def test_nothing_is_laid_over_unasked() -> None:
    """Without a patch, and with one for the others only, documents are what they were."""
    assert gateway.documents(NODE, fleet(edge={"http": {"via": "x"}}), SEAT) == of_node()
    assert edge.documents(fleet(node={"http": {"via": "x"}}), Policy.RANDOM, SEAT) == of_edge()
    assert hint(fleet()) == ""
    assert "envoy_overlay" in hint(fleet(edge={}))


def test_each_part_goes_to_its_document() -> None:
    """Bootstrap and routes as they are, the listener for clients, HTTP on both listeners of an edge."""
    documents = of_edge(
        bootstrap={"node": {"metadata": {"team": "web"}}},
        listener={"tcp_backlog_size": 7},
        http={"via": "x", "use_remote_address": None},
        routes={"request_headers_to_remove": ["x-secret"]},
    )
    shared, private = documents.listeners
    assert documents.bootstrap["node"] == of_edge().bootstrap["node"] | {"metadata": {"team": "web"}}
    assert (shared["tcp_backlog_size"], "tcp_backlog_size" in private) == (7, False)
    assert [http(each)["via"] for each in documents.listeners] == ["x", "x"]
    assert not any("use_remote_address" in http(each) for each in documents.listeners)
    assert documents.routes["request_headers_to_remove"] == ["x-secret"]


def test_filters_stand_in_front_of_the_router_and_leave_own_paths_alone() -> None:
    """Probes and proofs are answered whatever a filter of the operator thinks of them."""
    mine = [{"name": "a.b.one"}, {"name": "two"}]
    for documents, plain in ((of_edge(http_filters=mine), of_edge()), (of_node(http_filters=mine), of_node())):
        for listener, before in zip(documents.listeners, plain.listeners, strict=True):
            *own, router = named(http(before)["http_filters"])
            assert named(http(listener)["http_filters"]) == [*own, "one", "two", router]
        (host,) = documents.routes["virtual_hosts"]
        for route in host["routes"]:
            own = str(route["match"].get("path") or route["match"].get("prefix")).startswith("/-/")
            off = [name for name, config in route.get("typed_per_filter_config", {}).items() if config.get("disabled")]
            assert off == (["a.b.one", "two"] if own else [])
        assert any("disabled" in json.dumps(route) for route in host["routes"])


def test_logs_are_added_where_clients_come_in() -> None:
    """hactl goes on counting, and probes are not logged."""
    documents = of_edge(access_logs=[{"name": "mine"}])
    assert named(http(documents.listeners[0])["access_log"]) == ["stats", "file", "mine"]
    assert http(documents.listeners[1])["access_log"] == []
    assert named(http(of_node(access_logs=[{"name": "mine"}]).listeners[0])["access_log"]) == ["file", "mine"]


def test_clusters_are_patched_by_name_with_their_kin_or_added() -> None:
    """Both of a service, both of an edge; any other name is a cluster of the operator's."""
    new = {"type": "STATIC", "load_assignment": {"cluster_name": "new"}}
    patched = of_node(clusters={"app": {"connect_timeout": "9s"}, "new": new}).clusters
    assert [each["name"] for each in patched] == ["app", "app:grpc", "new", "app:hop", "app:grpc:hop"]
    assert [each.get("connect_timeout") for each in patched] == ["9s", "9s", None, "9s", "9s"]
    assert patched[2] == {"name": "new", **new}
    patched = of_edge(clusters={"gw": {"connect_timeout": "9s"}}).clusters
    assert [(each["name"], each["connect_timeout"]) for each in patched] == [("gw", "9s"), ("gw-hedged", "9s")]


def test_what_hactl_keeps_to_itself_is_what_it_writes() -> None:
    """The names that `hactl.config` knows are those of the documents."""
    cors = CorsSpec(origins=("*",))
    limit = RateLimitSpec(requests=1)
    spec = FleetSpec(
        edge=EdgeSpec(sticky=True, rate_limit=limit),
        services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", 9),)),),
        routes=(RouteSpec(prefix="/", service="app", hedge=1.0, cors=cors),),
    )
    full = Fleet(id="f1", spec=spec)
    everything = edge.documents(full, Policy.RANDOM, SEAT), gateway.documents(NODE, full, SEAT)
    filters = {each["name"] for given in everything for one in given.listeners for each in http(one)["http_filters"]}
    assert filters == set(config.OWN_FILTERS)
    clusters = [cluster["name"] for cluster in everything[0].clusters]
    assert clusters[0] == config.EDGE_CLUSTER
    assert all(name.startswith(f"{config.EDGE_CLUSTER}-") for name in clusters[1:])
    for given in everything:
        assert set(config.ALIKE) - {"path_normalization_options"} <= set(http(given.listeners[0]))
        for part, document in (("listener", given.listeners[0]), ("http", http(given.listeners[0]))):
            arrays = {key for key, value in document.items() if isinstance(value, list)}
            assert arrays <= set(config.OWN[part]) | {"upgrade_configs"}
