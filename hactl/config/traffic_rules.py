"""What must hold between the keys of services and routes. Not the rules of the other tables: `rules`."""

from collections.abc import Iterator

from hactl.config.unfit import Problem, did_you_mean, nearest, quoted
from hactl.core.routing import IDEMPOTENT, HeadersSpec, RateLimitSpec, RouteSpec, ServiceHealthSpec, ServiceSpec
from hactl.core.spec import FleetSpec, GatewayKind

OWN_PATHS = "/-/"
"""Every node answers below this path itself, for probes and drills."""
FRAMING = ("connection", "content-length", "host", "transfer-encoding", "upgrade")
"""Headers that say where a message goes and where it ends: changing them would let two programs disagree about it."""
BY_NODES = ("redirect", "strip_prefix", "rewrite", "request_headers", "response_headers", "cors")
"""Keys of routes that a node does the work of."""


def services(spec: FleetSpec) -> Iterator[Problem]:
    """Problems of the services."""
    for name in twice([service.name for service in spec.services]):
        yield Problem(path=f"service[{name}].name", cause=f"two services are called {quoted(name)}")
    for service in spec.services:
        yield from _service(service, f"service[{service.name}]")
        yield from _check(service, f"service[{service.name}].health", spec.gateway.start_timeout)


def routes(spec: FleetSpec) -> Iterator[Problem]:
    """Problems of the routes."""
    names = [service.name for service in spec.services]
    for number, route in enumerate(spec.routes, start=1):
        path = f"route[{number}]"
        yield from _match(route, path)
        yield from _answer(route, path, names)
        yield from _rewriting(route, path)
        yield from _cors(route, path)
        yield from _hedge(route, f"{path}.hedge")
        yield from rate_limit(route.rate_limit, f"{path}.rate_limit")
        for key in ("request_headers", "response_headers"):
            yield from _headers(getattr(route, key), f"{path}.{key}")
        if spec.gateway.kind is GatewayKind.COMMAND:
            yield from _beyond_programs(route, path)


def rate_limit(limit: RateLimitSpec, path: str) -> Iterator[Problem]:
    """Problems of one rate limit."""
    if not limit.requests and limit != RateLimitSpec():
        yield Problem(path=path, cause="wants requests", hint="like requests = 100")


def twice(names: list[str]) -> list[str]:
    """Names that occur more than once, each once."""
    return sorted({name for name in names if names.count(name) > 1})


def _service(service: ServiceSpec, path: str) -> Iterator[Problem]:
    if not service.endpoints:
        yield Problem(path=f"{path}.endpoints", cause="wants at least one address", hint='like ["127.0.0.1:9000"]')
    hosts = {host for host, _ in service.endpoints}
    if service.tls.ca and not service.tls.sni and len(hosts) > 1:
        cause = "wants an sni, because the endpoints have several names"
        yield Problem(path=f"{path}.tls", cause=cause, hint="the name that all their certificates bear")


def _check(service: ServiceSpec, path: str, patience: float) -> Iterator[Problem]:
    """A node that starts waits for its first checks: a service that hangs must not keep it from becoming ready."""
    if service.health.path and service.health.timeout > patience / 2:
        yield Problem(path=path, cause="timeout wants at most half of gateway.start_timeout")
    if not service.health.path and service.health != ServiceHealthSpec():
        yield Problem(path=path, cause="wants a path", hint='like path = "/healthz"')


def _match(route: RouteSpec, path: str) -> Iterator[Problem]:
    if bool(route.prefix) == bool(route.path):
        cause = "has both prefix and path" if route.prefix else "has neither prefix nor path"
        yield Problem(path=path, cause=cause, hint="keep one" if route.prefix else 'add prefix = "/" for all requests')
    for key in ("prefix", "path"):
        if str(getattr(route, key)).startswith(OWN_PATHS):
            yield Problem(path=f"{path}.{key}", cause=f"paths below {quoted(OWN_PATHS)} are answered by hactl itself")


def _answer(route: RouteSpec, path: str, names: list[str]) -> Iterator[Problem]:
    given = {"service": route.service, "respond": route.respond, "redirect": route.redirect.to}
    some = [key for key, value in given.items() if value]
    if len(some) > 1:
        yield Problem(path=path, cause=f"has both {some[0]} and {some[1]}", hint="keep one")
    elif not some:
        yield Problem(path=path, cause="has neither service nor respond nor redirect", hint="add one of them")
    if route.service and route.service not in names:
        near = nearest(route.service, names)
        hint = did_you_mean(route.service, names) if near or names else "add a [[service]] of that name"
        yield Problem(path=f"{path}.service", cause=f"no service is called {quoted(route.service)}", hint=hint)
    if route.respond_body and not route.respond:
        yield Problem(path=f"{path}.respond_body", cause="needs respond", hint="like respond = 200")


def _rewriting(route: RouteSpec, path: str) -> Iterator[Problem]:
    if route.strip_prefix and route.rewrite:
        yield Problem(path=path, cause="has both strip_prefix and rewrite", hint="keep one")
    if route.strip_prefix and not route.prefix:
        yield Problem(path=f"{path}.strip_prefix", cause="needs prefix")
    for key in ("strip_prefix", "rewrite", "request_headers", "cors"):
        if getattr(route, key) != getattr(RouteSpec(), key) and not route.service:
            yield Problem(path=f"{path}.{key}", cause="needs service")


def _cors(route: RouteSpec, path: str) -> Iterator[Problem]:
    cors = route.cors
    if cors != RouteSpec().cors and not cors.origins:
        yield Problem(path=f"{path}.cors", cause="wants origins", hint='like origins = ["https://app.example.com"]')
    if "*" in cors.origins and cors.credentials:
        cause = 'credentials conflict with the origin "*"'
        yield Problem(path=f"{path}.cors", cause=cause, hint="any page could act for its visitors: name the origins")


def _hedge(route: RouteSpec, path: str) -> Iterator[Problem]:
    if not route.hedge:
        return
    if not route.service:
        yield Problem(path=path, cause="needs service")
    if not route.retries:
        yield Problem(path=path, cause="conflicts with retries = 0", hint="the second request is one of them")
    if route.per_try_timeout is not None:
        yield Problem(path=path, cause="conflicts with per_try_timeout", hint="keep one: a hedged try is not given up")
    if route.hedge >= route.timeout:
        yield Problem(path=path, cause="must be shorter than timeout")
    if not route.idempotent:
        cause = f"does nothing for {', '.join(route.methods)}"
        yield Problem(path=path, cause=cause, hint=f"only {', '.join(IDEMPOTENT)} may be sent twice")


def _headers(headers: HeadersSpec, path: str) -> Iterator[Problem]:
    named = [*headers.set, *headers.add, *headers.remove]
    for name in named:
        if name.lower() in FRAMING:
            yield Problem(path=path, cause=f"the header {quoted(name)} cannot be changed")
    for name in twice([name.lower() for name in (*headers.set, *headers.remove)]):
        yield Problem(path=path, cause=f"the header {quoted(name)} appears twice")


def _beyond_programs(route: RouteSpec, path: str) -> Iterator[Problem]:
    for key in BY_NODES:
        if getattr(route, key) != getattr(RouteSpec(), key):
            yield Problem(path=f"{path}.{key}", cause='conflicts with kind = "command": your program decides')
