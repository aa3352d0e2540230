"""Which requests go where, for edges and for nodes. Pure: specs in, documents out.

Both read the same `[[route]]` list with the same matches: the node to choose a service, the edge to know how long a
request may take and how often it may be tried. Times are nested, so that it is always the node that reports a slow
service and the edge only ever gives up on a node: otherwise a slow service would count against healthy nodes.
"""

import re
from collections.abc import Iterable, Iterator
from typing import cast

from hactl.core.model import Fleet
from hactl.core.routing import RouteSpec
from hactl.core.spec import FleetSpec, GatewayKind
from hactl.engines.envoy import ratelimits
from hactl.engines.envoy.changes import PREFLIGHT, on_route, redirecting, rewriting
from hactl.engines.envoy.clusters import GRPC_SUFFIX
from hactl.engines.envoy.document import Document, seconds, typed
from hactl.engines.envoy.endpoints import CLUSTER, HEDGED, METADATA

EDGE_ROUTES = "edge_routes"
NODE_ROUTES = "node_routes"
OWN_PREFIX = "/-/"
"""Paths that belong to hactl."""
ECHO = "/-/echo"
"""Answered by every Envoy node itself, with its name."""
READY = "/-/ready"
"""Answered by every Envoy, edge or node, about itself."""
REFUSED = "x-hactl-refused"
"""Response header with which a node marks a refusal of its own, so that the edge asks another node."""
OURS = "x-hactl-probe"
"""Request header of what the daemon itself asks, a node or through an edge: no fault of a drill holds for that."""
MARK = f"{OURS}: 1\r\n"
"""That header as it is sent."""
HEDGES = 2
"""How often a hedged request is sent again at most, for whatever reason: two nodes may die at once."""
_MARGIN = 0.25
"""Seconds an edge waits longer than the node behind it."""


def edge_routes(fleet: Fleet) -> Document:
    """The edge's route configuration."""
    spec, edge = fleet.spec, fleet.spec.edge
    document: Document = {
        "name": EDGE_ROUTES,
        "virtual_hosts": [
            {
                "name": "all",
                "domains": ["*"],
                "include_attempt_count_in_response": True,
                # what of a request body is kept, and can be sent again
                "request_body_buffer_limit": edge.max_body_retry,
                **(ratelimits.buckets(spec) if ratelimits.limited(spec) else {}),
                "routes": [_two_hosts(), *_all_edge_pairs(spec)],
            }
        ],
        "response_headers_to_remove": [REFUSED],
    }
    if edge.node_header:
        document["response_headers_to_add"] = [_header(edge.node_header, f"%UPSTREAM_METADATA({METADATA}:node)%")]
    return document


def node_routes(fleet: Fleet, name: str) -> Document:
    """The route configuration of the node called `name`."""
    routes: list[Document] = [{"match": {"path": ECHO}, "direct_response": _direct(200, echo_body(fleet.id, name))}]
    routes += [_two_hosts(), _own_rest()]
    several = {service.name for service in fleet.spec.services if len(service.endpoints) > 1}
    for route in fleet.spec.routes:
        routes += _node_routes(route, _undelivered() if route.service in several else {})
    nothing = "no route matches this request" if fleet.spec.routes else "no routes yet: add a [[route]] to hactl.toml"
    routes.append({"match": {"prefix": "/"}, "direct_response": _direct(404, nothing + "\n")})
    return {
        "name": NODE_ROUTES,
        "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}],
        # a service cannot make the edge repeat its requests
        "response_headers_to_remove": [REFUSED],
    }


def echo_body(fleet_id: str, name: str) -> str:
    """What the node called `name` of this fleet, and nobody else, answers on /-/echo."""
    return f'{{"node":"{name}","fleet":"{fleet_id}"}}'


def _all_edge_pairs(spec: FleetSpec) -> Iterator[Document]:
    limited = ratelimits.limited(spec)
    beside = ratelimits.exempt() if limited else {}
    yield from (document | beside for document in _edge_pair(_own(spec), spec))
    for number, route in enumerate((*spec.routes, RouteSpec(prefix="/")), start=1):
        beside = ratelimits.on_route(spec, route, number) if limited else {}
        yield from (document | beside for document in _edge_pair(route, spec))


def _own(spec: FleetSpec) -> RouteSpec:
    """What is hactl's alone: all paths of its own where Envoys answer them; of those a program gets only the proof."""
    envoy = spec.gateway.kind is GatewayKind.ENVOY
    return RouteSpec(prefix=OWN_PREFIX if envoy else "", path="" if envoy else ECHO, timeout=1.0, per_try_timeout=0.5)


def _edge_pair(route: RouteSpec, spec: FleetSpec) -> list[Document]:
    """The same match twice: idempotent methods with retries, all others without a second delivery."""
    idempotent = route.idempotent
    hashed = [_hash_policy(spec.edge.hash_on)]
    action: Document = {"cluster": CLUSTER, "timeout": seconds(route.timeout + _MARGIN), "hash_policy": hashed}
    if not route.websocket:
        action["upgrade_configs"] = [{"upgrade_type": "websocket", "enabled": False}]
    pair: list[Document] = []
    if idempotent and route.retries:
        # also regions of one priority: one that is evacuated has another
        again: Document = {"retry_policy": _repeatable(route, several_priorities=len(spec.regions) > 1)}
        if route.hedge:
            again |= {"cluster": HEDGED, "hedge_policy": {"hedge_on_per_try_timeout": True}}
        pair.append({"match": _match(route, idempotent), "route": {**action, **again}})
    if not route.methods or not route.retries or len(idempotent) < len(route.methods):
        pair.append({"match": _match(route, route.methods), "route": {**action, "retry_policy": _undelivered()}})
    return pair


def _repeatable(route: RouteSpec, *, several_priorities: bool) -> Document:
    """Again on another node whenever a node failed. No status is retried: a service's 503 is an answer."""
    policy: Document = {
        **_elsewhere(),
        "retry_on": "connect-failure,refused-stream,reset-before-request,reset,retriable-headers",
        "retriable_headers": [{"name": REFUSED, "present_match": True}],
        # a service slower than its hedge would otherwise be asked six times
        "num_retries": min(route.retries, HEDGES) if route.hedge else route.retries,
        "per_try_timeout": seconds(route.hedge or route.try_timeout + _MARGIN),
    }
    if several_priorities:
        policy["retry_priority"] = {
            "name": "envoy.retry_priorities.previous_priorities",
            "typed_config": typed(
                "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig", update_frequency=2
            ),
        }
    return policy


def _undelivered() -> Document:
    """Again only when no byte of the request can have arrived: at a node, or at an endpoint of a service."""
    return {**_elsewhere(), "retry_on": "connect-failure,refused-stream,reset-before-request", "num_retries": 3}


def _elsewhere() -> Document:
    return {
        "retry_back_off": {"base_interval": "0.005s", "max_interval": "0.050s"},
        # least-request prefers a dead node, which has nothing in flight: with 5 picks one retry in six met it again;
        # where three of four are dead a pick meets the fourth one time in 16, and 50 picks would miss it in 4 %
        "host_selection_retry_max_attempts": 200,
        "retry_host_predicate": [
            {
                "name": "envoy.retry_host_predicates.previous_hosts",
                "typed_config": typed("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"),
            }
        ],
    }


def _node_routes(route: RouteSpec, again: Document) -> list[Document]:
    return [document | on_route(route) for document in (*_preflight(route), *_answers(route, again))]


def _preflight(route: RouteSpec) -> list[Document]:
    """A route of some methods must take the requests in which browsers ask for leave, too: the filter answers them."""
    if not route.cors.origins or not route.methods or "OPTIONS" in route.methods:
        return []
    match = _match(route, ("OPTIONS",))
    match["headers"] = [*cast("list[Document]", match["headers"]), *PREFLIGHT]
    # it never gets there; on a route without a service the filter does nothing (measured)
    return [_to_service(match, route.service, route.timeout, {})]


def _answers(route: RouteSpec, again: Document) -> list[Document]:
    asked = _match(route, route.methods)
    if route.respond:
        return [{"match": asked, "direct_response": _direct(route.respond, route.respond_body)}]
    if route.redirect.to:
        return [{"match": asked, "redirect": redirecting(route.redirect)}]
    more = rewriting(route) | ({"retry_policy": again} if again else {})
    documents = [_to_service(asked | {"grpc": {}}, route.service + GRPC_SUFFIX, route.timeout, more)]
    if route.idempotent and route.retries and route.try_timeout < route.timeout:
        documents.append(_to_service(_match(route, route.idempotent), route.service, route.try_timeout, more))
    documents.append(_to_service(asked, route.service, route.timeout, more))
    return documents


def _to_service(match: Document, cluster: str, timeout: float, more: Document) -> Document:
    return {"match": match, "route": {"cluster": cluster, "timeout": seconds(timeout), **more}}


def _match(route: RouteSpec, methods: Iterable[str]) -> Document:
    """Path, host and methods. The host is a condition like any other, so that the order of the file decides."""
    match: Document = {"path": route.path} if route.path else {"prefix": route.prefix or "/"}
    headers = []
    if route.host:
        headers.append({"name": ":authority", "string_match": {"safe_regex": {"regex": _host_regex(route.host)}}})
    if methods := tuple(methods):
        headers.append(
            {"name": ":method", "string_match": {"safe_regex": {"regex": "|".join(map(re.escape, methods))}}}
        )
    if headers:
        match["headers"] = headers
    return match


def _host_regex(host: str) -> str:
    """`host` in any case with any port; a leading `*.` stands for any name below it."""
    name = "[^:]+" + re.escape(host[1:]) if host.startswith("*.") else re.escape(host)
    return f"(?i){name}(:[0-9]+)?"


def _two_hosts() -> Document:
    """Two Host headers arrive joined by a comma; edge, node and service could each believe another one."""
    authority = {"name": ":authority", "string_match": {"contains": ","}}
    return {"match": {"prefix": "/", "headers": [authority]}, "direct_response": _direct(400, "two host headers\n")}


def _own_rest() -> Document:
    """No route gets what lies below hactl's own paths: no limit and no filter of anybody looks at it on its way."""
    return {"match": {"prefix": OWN_PREFIX}, "direct_response": _direct(404, "nothing is here\n")}


def _hash_policy(hash_on: str) -> Document:
    """What the hashing policies look at; always there, because the policy may be changed while an edge runs."""
    kind, _, name = hash_on.partition(":")
    match kind:
        case "header":
            return {"header": {"header_name": name}}
        case "cookie":
            return {"cookie": {"name": name}}
        case _:
            return {"connection_properties": {"source_ip": True}}


def _header(name: str, value: str) -> Document:
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _direct(status: int, body: str) -> Document:
    return {"status": status, **({"body": {"inline_string": body}} if body else {})}
