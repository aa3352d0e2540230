"""Rate limits as the edges keep them."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from hactl.core.model import Fleet
from hactl.core.routing import RateLimitSpec, RouteSpec
from hactl.core.spec import EdgeSpec, FleetSpec, GatewayKind, GatewaySpec
from hactl.core.value import replace
from hactl.engines.envoy.listeners import edge_listeners
from hactl.engines.envoy.ratelimits import FILTER, _bucket
from hactl.engines.envoy.routes import edge_routes
from hactl.engines.envoy.seat import Seat

SEAT = Seat(name="x", directory=Path("/d"), sockets=Path("/s"))
LIMIT = RateLimitSpec(requests=500)


def fleet(*routes: RouteSpec, limit: RateLimitSpec | None = None, edges: int = 2, program: bool = False) -> Fleet:
    kind = GatewayKind.COMMAND if program else GatewayKind.ENVOY
    edge = EdgeSpec(count=edges, rate_limit=limit or RateLimitSpec())
    return Fleet(id="f1", spec=FleetSpec(routes=routes, edge=edge, gateway=GatewaySpec(kind=kind)))


def host(given: Fleet) -> dict:
    return edge_routes(given)["virtual_hosts"][0]


def exempt(given: Fleet) -> list[str]:
    """Paths of routes that no limit is for."""
    off = [route for route in host(given)["routes"] if FILTER in route.get("typed_per_filter_config", {})]
    assert all(route["typed_per_filter_config"][FILTER]["disabled"] for route in off)
    return sorted({route["match"].get("path") or route["match"]["prefix"] for route in off})


@pytest.mark.parametrize("edges", [1, 2, 3, 7])
@pytest.mark.parametrize("limit", [RateLimitSpec(requests=1), RateLimitSpec(requests=10, per=60.0, burst=3), LIMIT])
def test_the_parts_of_all_edges_are_the_limit(limit: RateLimitSpec, edges: int) -> None:
    """To the request, also when it cannot be divided; an edge can always let one in."""
    bucket = _bucket(limit, edges)
    rate = Fraction(bucket["tokens_per_fill"]) / Fraction(bucket["fill_interval"].removesuffix("s"))
    assert rate * edges == Fraction(limit.requests) / Fraction(limit.per)
    assert limit.most <= bucket["max_tokens"] * edges < limit.most + edges


def test_a_fleet_without_limits_pays_nothing() -> None:
    """No filter, no bucket, no exemption."""
    plain = fleet(RouteSpec(prefix="/", service="a"))
    assert FILTER not in json.dumps([edge_routes(plain), edge_listeners(plain, SEAT)])


def test_the_filter_stands_behind_readiness_on_both_listeners() -> None:
    """A refusal is explained, and what asks for readiness is never refused."""
    for listener in edge_listeners(fleet(limit=LIMIT), SEAT):
        http = listener["filter_chains"][0]["filters"][0]["typed_config"]
        assert [each["name"].rpartition(".")[2] for each in http["http_filters"]] == [
            "health_check",
            "local_ratelimit",
            "router",
        ]
        assert "too many requests" in http["local_reply_config"]["mappers"][0]["body"]["inline_string"]


def test_the_limit_of_the_fleet_is_for_every_route_but_hactls_own() -> None:
    """Whatever clients ask for, also where no route fits."""
    assert exempt(fleet(RouteSpec(prefix="/a", service="a"), limit=LIMIT)) == ["/-/"]
    assert exempt(fleet(limit=LIMIT, program=True)) == ["/-/echo"]  # a program decides about all other paths


def test_a_route_shares_one_bucket_among_its_methods() -> None:
    """Both halves of a route count together, no other route does, and both routes and fleet may refuse."""
    given = fleet(
        RouteSpec(prefix="/a", service="a", rate_limit=RateLimitSpec(requests=7)),
        RouteSpec(prefix="/b", service="a"),
        RouteSpec(prefix="/c", service="a", rate_limit=RateLimitSpec(requests=9)),
    )
    named = [
        (route["match"]["prefix"], route["metadata"]["filter_metadata"]["hactl.limit"]["route"])
        for route in host(given)["routes"]
        if "metadata" in route
    ]
    assert named == [("/a", "1"), ("/a", "1"), ("/c", "3"), ("/c", "3")]
    limits = host(given)["typed_per_filter_config"][FILTER]
    buckets = {each["entries"][0]["value"]: each["token_bucket"]["tokens_per_fill"] for each in limits["descriptors"]}
    assert buckets == {"1": 7, "3": 9}
    assert exempt(given) == ["/", "/-/", "/b"]
    assert limits["always_consume_default_token_bucket"] is False
    both = replace(given, spec=replace(given.spec, edge=EdgeSpec(rate_limit=LIMIT)))
    assert exempt(both) == ["/-/"]
    assert host(both)["typed_per_filter_config"][FILTER]["always_consume_default_token_bucket"] is True
