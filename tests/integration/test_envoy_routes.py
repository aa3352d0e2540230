"""What routes change on the way, and how nodes treat services: seen from a client and from the service."""

import asyncio
from pathlib import Path

import pytest
from support.certificates import issue
from support.envoy import Site, fleet_of, site
from support.load import fetch
from support.polling import until
from support.ports import free_port
from support.upstream import Upstream

from hactl.core.model import Fleet
from hactl.core.routing import (
    CorsSpec,
    HeadersSpec,
    LimitsSpec,
    RedirectSpec,
    RouteSpec,
    ServiceHealthSpec,
    ServiceSpec,
    ServiceTlsSpec,
)
from hactl.core.spec import EdgeSpec, FleetSpec, RegionSpec
from hactl.core.value import replace

pytestmark = pytest.mark.envoy
ORIGIN = "https://app.example.com"


def serving(*routes: RouteSpec, ports: tuple[int, ...], service: ServiceSpec | None = None) -> Fleet:
    """One node that asks the service `app` on these ports."""
    service = service or ServiceSpec(name="app", endpoints=())
    service = replace(service, endpoints=tuple(("127.0.0.1", port) for port in ports))
    spec = FleetSpec(edge=EdgeSpec(threads=1), services=(service,), routes=routes)
    return fleet_of(RegionSpec(nodes=1), spec=spec)


async def test_services_are_asked_for_another_path(tmp_path: Path) -> None:
    """Stripped and rewritten prefixes and paths arrive without doubled or missing slashes, queries untouched."""
    routes = (
        RouteSpec(prefix="/api", strip_prefix=True, service="app"),
        RouteSpec(prefix="/old/", rewrite="/v1", service="app"),
        RouteSpec(path="/one", rewrite="/two", service="app"),
        RouteSpec(prefix="/", rewrite=r"/all\1", service="app"),
    )
    expected = {
        "/api": "/",
        "/api/x/api?q=/api": "/x/api?q=/api",
        "/old/x": "/v1/x",
        "/old/": "/v1/",
        "/one?q=1": "/two?q=1",
        "/x": r"/all\1/x",
    }
    async with Upstream() as service, site(tmp_path, serving(*routes, ports=(service.port,))) as running:
        for path in expected:
            await fetch(running.port, path)
        assert [path for _, path in service.requests] == list(expected.values())


async def test_clients_are_sent_elsewhere(tmp_path: Path) -> None:
    """To a path of the same host, or to a URL, with the status that was chosen; the query stays."""
    routes = (
        RouteSpec(path="/old", redirect=RedirectSpec(to="/new", status=308)),
        RouteSpec(prefix="/away", redirect=RedirectSpec(to="https://b.example:8443")),
        RouteSpec(prefix="/", redirect=RedirectSpec(to="https://b.example/x?y=1", status=301)),
    )
    async with site(tmp_path, serving(*routes, ports=(9,))) as running:
        answers = [await fetch(running.port, path) for path in ("/old?q=1", "/away/z?q=1", "/")]
        assert [status for status, _, _ in answers] == [308, 302, 301]
        same, away, last = [headers["location"] for _, headers, _ in answers]
        assert same.startswith("http://")
        assert same.endswith("/new?q=1")
        assert [away, last] == ["https://b.example:8443/away/z?q=1", "https://b.example/x?y=1"]


async def test_headers_are_set_added_and_removed(tmp_path: Path) -> None:
    """Both ways; values are literal, and nobody sets the header that names the node."""
    request = HeadersSpec(set={"x-set": "100%"}, add={"x-add": "more"}, remove=("x-secret",))
    response = HeadersSpec(set={"x-frame": "DENY", "x-hactl-node": "liar"}, remove=("x-powered-by",))
    route = RouteSpec(prefix="/", service="app", request_headers=request, response_headers=response)
    async with Upstream() as service, site(tmp_path, serving(route, ports=(service.port,))) as running:
        service.headers = {"x-powered-by": "tests", "x-frame": "other"}
        _, headers, _ = await fetch(
            running.port, headers=(("x-set", "client"), ("x-add", "some"), ("x-secret", "s"), ("x-rest", "r"))
        )
        assert service.asked["x-set"] == "100%"
        assert service.asked["x-add"] in ("more", "some,more")  # two lines or one: the service keeps the last line
        assert "x-secret" not in service.asked
        assert service.asked["x-rest"] == "r"
        assert headers["x-frame"] == "DENY"
        assert "x-powered-by" not in headers
        assert headers["x-hactl-node"] == "local-1"


async def test_browsers_of_named_origins_may_ask(tmp_path: Path) -> None:
    """Preflight requests are answered by the node, also on a route of other methods; others get no leave."""
    cors = CorsSpec(origins=(ORIGIN,), methods=("GET", "PUT"), headers=("x-a",), credentials=True, max_age=60.0)
    route = RouteSpec(prefix="/", methods=("GET", "PUT"), service="app", cors=cors)
    async with Upstream() as service, site(tmp_path, serving(route, ports=(service.port,))) as running:
        for origin, leave in ((ORIGIN, ORIGIN), ("https://evil.example", None)):
            asks = (("origin", origin), ("access-control-request-method", "PUT"))
            _, told, _ = await fetch(running.port, method="OPTIONS", headers=asks)
            assert told.get("access-control-allow-origin") == leave  # without it the others mean nothing to a browser
            assert told["access-control-allow-methods"] == "GET,PUT"
            assert told["access-control-max-age"] == "60"
            _, told, _ = await fetch(running.port, headers=(("origin", origin),))
            assert told.get("access-control-allow-origin") == leave
        assert service.requests == {("GET", "/"): 2}


async def test_websockets_can_be_refused(tmp_path: Path) -> None:
    """A route with websocket = false answers 403 to an upgrade, and everything else as before."""
    route = RouteSpec(prefix="/", service="app", websocket=False)
    async with Upstream() as service, site(tmp_path, serving(route, ports=(service.port,))) as running:
        upgrade = (("upgrade", "websocket"), ("connection", "upgrade"))
        status, _, _ = await fetch(running.port, headers=upgrade)
        assert (status, service.count) == (403, 0)
        status, _, _ = await fetch(running.port)
        assert (status, service.count) == (200, 1)


async def test_what_is_beyond_the_limits_of_a_service_is_refused_at_once(tmp_path: Path) -> None:
    """While as many requests as allowed are on their way, the next is a 503; later ones pass again."""
    limited = ServiceSpec(name="app", endpoints=(), limits=LimitsSpec(requests=2))
    route = RouteSpec(prefix="/", service="app")
    async with Upstream() as service, site(tmp_path, serving(route, ports=(service.port,), service=limited)) as running:
        service.hold()
        async with asyncio.TaskGroup() as tasks:
            held = [tasks.create_task(fetch(running.port)) for _ in range(2)]
            await service.arrived(2)
            status, _, _ = await fetch(running.port)
            assert status == 503
            service.release()
        assert [task.result()[0] for task in held] == [200, 200]
        assert service.count == 2


async def healthy(running: Site, count: int) -> None:
    """Wait until the node finds `count` endpoints of its service well."""
    admin = running.gateway._admin(running.node("local-1"))
    await until(
        lambda: admin.stats(r"^cluster\.app\.membership_healthy$"),
        lambda stats: [stat.value for stat in stats] == [count],
    )


async def test_endpoints_that_fail_their_checks_get_nothing(tmp_path: Path) -> None:
    """A dead endpoint is found before any request; one that comes back is used again; two of three may be dead."""
    checked = ServiceHealthSpec(path="/up", interval=0.05, timeout=0.5, unhealthy_threshold=1)
    service = ServiceSpec(name="app", endpoints=(), health=checked)
    async with Upstream() as good, Upstream(status=500) as bad:
        fleet = serving(RouteSpec(prefix="/", service="app"), ports=(good.port, bad.port, free_port()), service=service)
        async with site(tmp_path, fleet) as running:
            await healthy(running, 1)
            assert {(await fetch(running.port, "/x"))[0] for _ in range(20)} == {200}
            assert bad.requests["GET", "/x"] == 0
            bad.status = 200
            await healthy(running, 2)


@pytest.mark.parametrize(
    ("host", "secure", "sni", "named"),
    [
        ("localhost", True, "", "localhost"),
        ("localhost", False, "", "localhost"),
        ("localhost", True, "app.test", "app.test"),
        ("127.0.0.1", False, "", "app"),
    ],
)
async def test_checks_ask_for_the_name_by_which_a_service_is_known(
    tmp_path: Path, host: str, secure: bool, sni: str, named: str
) -> None:
    """A server of several sites has no other one to answer for. Behind an address it is the name of the service."""
    files = issue(tmp_path / "tls", sni or host)
    checked = ServiceHealthSpec(path="/up", interval=0.05)
    tls = ServiceTlsSpec(ca=str(files.cert), sni=sni) if secure else ServiceTlsSpec()
    async with Upstream(tls=files.context if secure else None) as upstream:
        service = ServiceSpec(name="app", endpoints=((host, upstream.port),), health=checked, tls=tls)
        spec = FleetSpec(edge=EdgeSpec(threads=1), services=(service,), routes=(RouteSpec(prefix="/", service="app"),))
        async with site(tmp_path, fleet_of(RegionSpec(nodes=1), spec=spec)) as running:
            await healthy(running, 1)
            assert upstream.hosts == {named}


async def test_a_service_that_hangs_does_not_keep_its_node_from_starting(tmp_path: Path) -> None:
    """A node that waits for its first checks in vain becomes ready all the same, and serves its other routes."""
    checked = ServiceSpec(name="app", endpoints=(), health=ServiceHealthSpec(path="/up", timeout=0.3))
    routes = (RouteSpec(prefix="/well", respond=200), RouteSpec(prefix="/", service="app"))
    async with Upstream() as service:
        service.hold()
        async with site(tmp_path, serving(*routes, ports=(service.port,), service=checked)) as running:
            assert service.requests["GET", "/up"] >= 1
            assert (await fetch(running.port, "/well"))[0] == 200


@pytest.mark.parametrize(("sni", "status"), [("app.test", 200), ("other.test", 503)])
async def test_services_prove_who_they_are(tmp_path: Path, sni: str, status: int) -> None:
    """Over TLS a service with the right name answers; one whose certificate bears another name is never asked."""
    files = issue(tmp_path / "tls", "app.test")
    service = ServiceSpec(name="app", endpoints=(), tls=ServiceTlsSpec(ca=str(files.cert), sni=sni))
    async with Upstream(tls=files.context) as upstream:
        fleet = serving(RouteSpec(prefix="/", service="app"), ports=(upstream.port,), service=service)
        async with site(tmp_path, fleet) as running:
            assert (await fetch(running.port, method="POST"))[0] == status
            assert upstream.count == (status == 200)
