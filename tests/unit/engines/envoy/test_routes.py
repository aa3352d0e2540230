"""Routes of edges and nodes."""

import re

from hactl.core.model import Fleet
from hactl.core.routing import IDEMPOTENT, CorsSpec, HeadersSpec, RouteSpec
from hactl.core.spec import EdgeSpec, FleetSpec, RegionSpec
from hactl.core.value import replace
from hactl.engines.envoy import routes
from hactl.engines.envoy.changes import CORS
from hactl.engines.envoy.routes import echo_body, edge_routes, node_routes


def fleet(*declared: RouteSpec, edge: EdgeSpec | None = None, regions: tuple[RegionSpec, ...] = ()) -> Fleet:
    spec = FleetSpec(routes=declared, edge=edge or EdgeSpec(), regions=regions or (RegionSpec(),))
    return Fleet(id="f1", spec=spec)


def of_edge(given: Fleet) -> list[dict]:
    return edge_routes(given)["virtual_hosts"][0]["routes"]


def of_node(given: Fleet) -> list[dict]:
    return node_routes(given, "n1")["virtual_hosts"][0]["routes"]


def methods(route: dict) -> set[str]:
    (condition,) = [h for h in route["match"]["headers"] if h["name"] == ":method"]
    return set(condition["string_match"]["safe_regex"]["regex"].split("|"))


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def test_only_idempotent_methods_are_sent_twice() -> None:
    """Whatever reached a node is repeated for GET and its kin only; no status of a service is ever repeated."""
    for repeated, once in zip(of_edge(fleet())[1::2], of_edge(fleet())[2::2], strict=True):
        assert methods(repeated) == set(IDEMPOTENT)
        assert repeated["route"]["retry_policy"]["retry_on"].split(",").count("reset") == 1
        assert once["route"]["retry_policy"]["retry_on"] == "connect-failure,refused-stream,reset-before-request"
        for route in (repeated, once):
            assert "5xx" not in route["route"]["retry_policy"]["retry_on"]
            assert "retriable_status_codes" not in route["route"]["retry_policy"]


def test_a_route_of_some_methods_matches_no_other() -> None:
    """Both halves of a route stay within the methods it names."""
    edge = of_edge(fleet(RouteSpec(prefix="/x", methods=("GET", "POST"), service="a")))
    halves = [route for route in edge if route["match"].get("prefix") == "/x"]
    assert [methods(half) for half in halves] == [{"GET"}, {"GET", "POST"}]
    only = of_edge(fleet(RouteSpec(prefix="/x", methods=("GET",), service="a")))
    assert [methods(route) for route in only if route["match"].get("prefix") == "/x"] == [{"GET"}]


def test_no_retries_means_nothing_is_repeated() -> None:
    """With `retries = 0` one route is left, for all methods, that repeats only what no node can have seen."""
    edge = of_edge(fleet(RouteSpec(prefix="/x", retries=0, service="a")))
    (route,) = [route for route in edge if route["match"].get("prefix") == "/x"]
    assert route["route"]["retry_policy"]["num_retries"] == 3
    assert "reset," not in route["route"]["retry_policy"]["retry_on"] + ","
    assert "headers" not in route["match"]


def test_the_node_gives_up_before_the_edge_does() -> None:
    """For every method and try the node's time is shorter, so that a slow service never counts against a node."""
    given = fleet(RouteSpec(prefix="/x", service="a", timeout=3.0, per_try_timeout=1.0))
    repeated, once = [route["route"] for route in of_edge(given) if route["match"].get("prefix") == "/x"]
    grpc, idempotent, others = [route["route"] for route in of_node(given) if route["match"].get("prefix") == "/x"]
    assert seconds(idempotent["timeout"]) < seconds(repeated["retry_policy"]["per_try_timeout"])
    assert seconds(others["timeout"]) < seconds(once["timeout"])
    assert seconds(grpc["timeout"]) < seconds(once["timeout"])
    assert grpc["cluster"] == "a:grpc"


def test_own_paths_come_first() -> None:
    """No declared route can take /-/echo away, at the edge or at the node."""
    catch_all = RouteSpec(prefix="/", service="a")
    assert of_edge(fleet(catch_all))[1]["match"]["prefix"] == "/-/"
    assert of_node(fleet(catch_all))[0]["match"] == {"path": "/-/echo"}
    assert of_node(fleet(catch_all))[0]["direct_response"]["body"]["inline_string"] == echo_body("f1", "n1")


def test_a_host_is_matched_as_a_whole() -> None:
    """Any case and port, names below a star, and nothing else."""
    plain, star = re.compile(routes._host_regex("api.example.com")), re.compile(routes._host_regex("*.example.com"))
    assert plain.fullmatch("API.example.com:8080")
    assert not plain.fullmatch("apiXexample.com")
    assert not plain.fullmatch("api.example.com.evil")
    assert star.fullmatch("a.b.example.com")
    assert not star.fullmatch("example.com")


def test_the_hash_is_taken_from_what_the_configuration_names() -> None:
    """Header, cookie or source address; the source address when nothing is named, so that a policy can be changed."""
    for hash_on, expected in {
        "header:x-user": {"header": {"header_name": "x-user"}},
        "cookie:sid": {"cookie": {"name": "sid"}},
        "source-ip": {"connection_properties": {"source_ip": True}},
        "": {"connection_properties": {"source_ip": True}},
    }.items():
        assert of_edge(fleet(edge=EdgeSpec(hash_on=hash_on)))[-1]["route"]["hash_policy"] == [expected]


def test_later_regions_are_tried_when_earlier_ones_failed() -> None:
    """Retries leave a priority in every fleet of several regions: any of them may be put behind the others."""
    two = fleet(regions=(RegionSpec(name="a"), RegionSpec(name="b")))
    assert "retry_priority" in of_edge(two)[1]["route"]["retry_policy"]
    assert "retry_priority" not in of_edge(fleet())[1]["route"]["retry_policy"]


def test_the_node_header_can_be_turned_off() -> None:
    """With "" no header names the node."""
    assert "response_headers_to_add" not in edge_routes(fleet(edge=EdgeSpec(node_header="")))
    assert edge_routes(fleet())["response_headers_to_add"][0]["header"]["key"] == "x-hactl-node"


def test_a_preflight_request_reaches_a_route_of_other_methods() -> None:
    """Only with CORS, and only in front of a route that would not take OPTIONS anyway."""
    cors = CorsSpec(origins=("https://a.test",))
    narrow = RouteSpec(prefix="/x", methods=("GET",), service="a", cors=cors)
    first, *rest = [route for route in of_node(fleet(narrow)) if route["match"].get("prefix") == "/x"]
    assert methods(first) == {"OPTIONS"}
    assert all(CORS in route["typed_per_filter_config"] for route in (first, *rest))
    for other in (replace(narrow, methods=()), replace(narrow, cors=CorsSpec())):
        found = [route for route in of_node(fleet(other)) if route["match"].get("prefix") == "/x"]
        assert not any(":method" in str(route) and methods(route) == {"OPTIONS"} for route in found)


def test_changes_are_made_by_the_node_only() -> None:
    """The edge passes on what it got, so that another node can be asked the same."""
    headers = HeadersSpec(set={"x-a": "1"})
    changed = RouteSpec(
        prefix="/x", service="a", strip_prefix=True, request_headers=headers, cors=CorsSpec(origins=("*",))
    )
    assert of_edge(fleet(changed)) == of_edge(fleet(RouteSpec(prefix="/x", service="a")))
    for route in [route for route in of_node(fleet(changed)) if route["match"].get("prefix") == "/x"]:
        assert route["route"]["regex_rewrite"]["substitution"] == "/"
        assert route["request_headers_to_add"][0]["header"] == {"key": "x-a", "value": "1"}


def test_websockets_are_refused_by_the_edge() -> None:
    """Where every client comes in, whatever its nodes are."""
    off = [{"upgrade_type": "websocket", "enabled": False}]
    closed = of_edge(fleet(RouteSpec(prefix="/x", service="a", websocket=False)))
    assert [route["route"]["upgrade_configs"] for route in closed if route["match"]["prefix"] == "/x"] == [off, off]
    assert all("upgrade_configs" not in route["route"] for route in closed if route["match"]["prefix"] == "/-/")


def test_the_edge_keeps_as_much_of_a_body_as_configured() -> None:
    """Also more than a connection buffers, and nothing at all."""
    for kept in (0, 123, 1 << 30):
        (host,) = edge_routes(fleet(edge=EdgeSpec(max_body_retry=kept)))["virtual_hosts"]
        assert host["request_body_buffer_limit"] == kept
