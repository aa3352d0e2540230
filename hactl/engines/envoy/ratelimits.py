"""Rate limits: a bucket for the whole fleet and one for each route with a limit, all kept by edges. Pure.

At the edges, because a limit there does not change when a node dies and holds for any kind of node. Each edge lets in
its part of a limit and asks no other one: while an edge is away, its part is not let in. Threads of an edge share its
buckets. A request takes from the bucket of its route first, so that what a route refuses costs the fleet nothing.
"""

import math

from hactl.core.routing import RateLimitSpec, RouteSpec
from hactl.core.spec import FleetSpec
from hactl.engines.envoy.document import Document, extension, seconds, typed

FILTER = "envoy.filters.http.local_ratelimit"
STATUS = 429
"""How a refused request is answered."""
_KIND = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
_ENTRY = "route"
_MARK = "hactl.limit"
"""Namespace of the metadata by which a route names its bucket."""
_ALWAYS: Document = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
_UNLIMITED = RateLimitSpec(requests=(1 << 32) - 1)
"""A bucket that nobody can empty; Envoy wants one for requests that have no other."""


def limited(spec: FleetSpec) -> bool:
    """Whether there is any limit. Without one there is no filter, which every request would pay for."""
    return bool(spec.edge.rate_limit.requests or any(route.rate_limit.requests for route in spec.routes))


def limiter() -> Document:
    """The filter. It limits nothing by itself: buckets come with the routes, and change without a new listener."""
    return extension(FILTER, _KIND, stat_prefix="limits")


def buckets(spec: FleetSpec) -> Document:
    """All buckets, as a part of the virtual host: there every route that has a bucket shares it among its methods."""
    fleet = spec.edge.rate_limit
    document = typed(
        _KIND,
        stat_prefix="limits",
        token_bucket=_bucket(fleet if fleet.requests else _UNLIMITED, spec.edge.count),
        always_consume_default_token_bucket=bool(fleet.requests),
        descriptors=[
            {"entries": [{"key": _ENTRY, "value": str(number)}], "token_bucket": _bucket(limit, spec.edge.count)}
            for number, limit in enumerate((route.rate_limit for route in spec.routes), start=1)
            if limit.requests
        ],
        rate_limits=[{"actions": [{"metadata": _marked()}]}],
        filter_enabled=_ALWAYS,
        filter_enforced=_ALWAYS,
        enable_x_ratelimit_headers="DRAFT_VERSION_03",
        rate_limited_as_resource_exhausted=True,
    )
    return {"typed_per_filter_config": {FILTER: document}}


def on_route(spec: FleetSpec, route: RouteSpec, number: int) -> Document:
    """What the `number`th route (from 1) has beside its match and action."""
    if route.rate_limit.requests:
        return {"metadata": {"filter_metadata": {_MARK: {_ENTRY: str(number)}}}}
    return {} if spec.edge.rate_limit.requests else exempt()


def exempt() -> Document:
    """What a route that no limit is for has beside its match and action."""
    return {"typed_per_filter_config": {FILTER: typed("envoy.config.route.v3.FilterConfig", disabled=True)}}


def refusal() -> Document:
    """What an edge says to a request it does not let in. Answers of nodes are not looked at, whatever their status."""
    comparison = {"op": "EQ", "value": {"default_value": STATUS, "runtime_key": "hactl.limited_status"}}
    return {
        "filter": {"status_code_filter": {"comparison": comparison}},
        "body": {"inline_string": "too many requests: this gateway is at its limit, try again later\n"},
    }


def _bucket(limit: RateLimitSpec, edges: int) -> Document:
    """The part of one of some edges: as many in a longer time, so that no rounding changes the sum."""
    return {
        "max_tokens": math.ceil(limit.most / edges),
        "tokens_per_fill": limit.requests,
        "fill_interval": seconds(limit.per * edges),
    }


def _marked() -> Document:
    """The bucket that a route names; one that names none has only that of the fleet."""
    where = {"key": _MARK, "path": [{"key": _ENTRY}]}
    return {"descriptor_key": _ENTRY, "metadata_key": where, "source": "ROUTE_ENTRY"}
