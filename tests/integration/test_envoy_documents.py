"""Everything hactl can write is something the real Envoy takes, and what Envoy does not take never reaches it."""

from pathlib import Path

import pytest
from support.envoy import Processes, fleet_of, site, until_well
from support.load import fetch
from support.places import fleet_paths
from support.upstream import Upstream

from hactl.core.errors import HactlError
from hactl.core.routing import (
    CorsSpec,
    HeadersSpec,
    RateLimitSpec,
    RedirectSpec,
    RouteSpec,
    ServiceSpec,
    ServiceTlsSpec,
)
from hactl.core.spec import (
    EdgeSpec,
    FailoverMode,
    FleetSpec,
    GatewayKind,
    GatewaySpec,
    HealthSpec,
    Policy,
    ProbeKind,
    RegionSpec,
)
from hactl.core.value import replace
from hactl.engines.envoy import binary
from hactl.engines.envoy.gateway import EnvoyGateway

pytestmark = pytest.mark.envoy

ONE = EdgeSpec(threads=1)
COMMAND = GatewaySpec(kind=GatewayKind.COMMAND)
TWO_REGIONS = (RegionSpec(name="seoul", nodes=2), RegionSpec(name="busan", nodes=2, priority=1))
CHANGES = HeadersSpec(set={"x-a": "50%"}, add={"x-b": ""}, remove=("server",))
ROUTES = (
    RouteSpec(path="/exact", service="app", timeout=30.0),
    RouteSpec(prefix="/api", host="api.example.com", methods=("GET", "POST"), service="app", retries=0),
    RouteSpec(prefix="/upload", methods=("POST",), service="named"),
    RouteSpec(prefix="/gone", respond=410, respond_body="gone\n"),
    RouteSpec(prefix="/v1", service="app", strip_prefix=True, websocket=False, request_headers=CHANGES),
    RouteSpec(path="/v2", service="app", rewrite="/", response_headers=CHANGES, cors=CorsSpec(origins=("*",))),
    RouteSpec(prefix="/else", redirect=RedirectSpec(to="https://example.com:8443/x?y", status=307), methods=("GET",)),
    RouteSpec(host="*.example.org", service="app"),
)
SERVICES = (
    ServiceSpec(name="app", endpoints=(("127.0.0.1", 9), ("127.0.0.2", 9))),
    ServiceSpec(name="named", endpoints=(("localhost", 9),), tls=ServiceTlsSpec(ca="system")),
)
SPECS = {
    **{policy.value: FleetSpec(edge=replace(ONE, policy=policy)) for policy in Policy},
    "hash-header": FleetSpec(edge=replace(ONE, policy=Policy.MAGLEV, hash_on="header:x-user")),
    "hash-cookie": FleetSpec(edge=replace(ONE, policy=Policy.RING_HASH, hash_on="cookie:session")),
    "sticky": FleetSpec(edge=replace(ONE, sticky=True)),
    "no-node-header": FleetSpec(edge=replace(ONE, node_header="")),
    "two-regions": FleetSpec(edge=ONE, regions=TWO_REGIONS),
    "spill-over": FleetSpec(edge=ONE, regions=TWO_REGIONS, failover_mode=FailoverMode.SPILL_OVER),
    "routes": FleetSpec(edge=ONE, services=SERVICES, routes=ROUTES),
    "limits": FleetSpec(
        edge=replace(ONE, rate_limit=RateLimitSpec(requests=1, per=0.1, burst=1)),
        services=SERVICES,
        routes=tuple(replace(route, rate_limit=RateLimitSpec(requests=10**9, per=86_400.0)) for route in ROUTES),
    ),
    "limited-routes": FleetSpec(
        edge=ONE, services=SERVICES, routes=(*ROUTES[:2], replace(ROUTES[2], rate_limit=RateLimitSpec(requests=7)))
    ),
    "hedged": FleetSpec(edge=ONE, services=SERVICES, routes=tuple(replace(route, hedge=1.0) for route in ROUTES)),
    "overlaid": FleetSpec(edge=ONE, gateway=GatewaySpec(envoy_overlay='{"edge":{"http":{"via":"x"}},"node":{}}')),
    "slow-start": FleetSpec(edge=replace(ONE, policy=Policy.ROUND_ROBIN), health=HealthSpec(slow_start=5.0)),
    "tcp-checks": FleetSpec(
        edge=ONE, health=HealthSpec(kind=ProbeKind.TCP), gateway=GatewaySpec(kind=GatewayKind.COMMAND)
    ),
    "grpc-checks": FleetSpec(
        edge=ONE, health=HealthSpec(kind=ProbeKind.GRPC), gateway=GatewaySpec(kind=GatewayKind.COMMAND)
    ),
    "one-node": FleetSpec(edge=ONE, regions=(RegionSpec(nodes=1),)),
    "any-status": FleetSpec(edge=ONE, health=HealthSpec(expect=(100, 599))),
}


@pytest.mark.parametrize("name", SPECS)
async def test_an_edge_takes_every_kind_of_fleet(name: str, tmp_path: Path) -> None:
    """The twin passes, the running edge confirms every document, and nothing was rejected or unknown."""
    fleet = fleet_of(spec=SPECS[name])
    async with site(tmp_path, fleet, start=("edge-1",)) as running:
        await running.publish(replace(fleet.plan, regions=()))
        stats = await running.edge._line(running.node("edge-1")).admin.stats("rejected|unknown_fields|version_text")
        bad = {stat.name: stat.value for stat in stats if isinstance(stat.value, int) and stat.value}
        assert bad == {}
        assert running.processes["edge-1"].log.read_text() == ""


@pytest.mark.parametrize("name", ["routes", "limits", "overlaid", "two-regions", "one-node"])
async def test_a_node_takes_every_kind_of_fleet(name: str, tmp_path: Path) -> None:
    """A node starts with these documents and answers under its own name."""
    fleet = fleet_of(spec=SPECS[name])
    first = fleet.gateways[0].name
    async with site(tmp_path, fleet, start=(first,)) as running:
        assert running.processes[first].log.read_text() == ""


async def test_refused_documents_never_reach_a_process(tmp_path: Path) -> None:
    """A route to a service that is not declared is refused before the start, in Envoy's own words, on one line."""
    fleet = fleet_of(spec=FleetSpec(edge=ONE, routes=(RouteSpec(prefix="/", service="ghost"),)))
    with (
        fleet_paths(tmp_path) as paths,
        pytest.raises(HactlError, match=r"envoy rejects these documents: .*ghost") as refused,
    ):
        await EnvoyGateway(paths).prepare(fleet.gateways[0], fleet)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "nodes" / fleet.gateways[0].name).exists()


async def test_routes_are_tried_in_the_order_of_the_file(tmp_path: Path) -> None:
    """The first route that fits answers, hosts and methods included; what fits none gets a 404 that says so."""
    async with Upstream(body=b"app") as app:
        routes = (
            RouteSpec(path="/exact", respond=201),
            RouteSpec(prefix="/", host="Other.example", respond=202),
            RouteSpec(prefix="/only", methods=("PUT",), respond=203),
            RouteSpec(prefix="/only", methods=("GET",), service="app"),
        )
        services = (ServiceSpec(name="app", endpoints=(("127.0.0.1", app.port),)),)
        fleet = fleet_of(RegionSpec(nodes=1), spec=FleetSpec(edge=ONE, services=services, routes=routes))
        async with site(tmp_path, fleet) as running:
            statuses = [
                (await fetch(running.port, path, method=method, host=host))[0]
                for path, method, host in [
                    ("/exact", "GET", "127.0.0.1"),
                    ("/only/x", "PUT", "127.0.0.1"),
                    ("/only/x", "GET", "127.0.0.1"),
                    ("/only/x", "POST", "127.0.0.1"),
                    ("/other", "GET", "127.0.0.1"),
                ]
            ]
    assert statuses == [201, 203, 200, 404, 404]


async def test_a_node_without_routes_says_what_to_do(tmp_path: Path) -> None:
    """An empty configuration serves, and its 404 tells how to add a route."""
    fleet = fleet_of(RegionSpec(nodes=1))
    async with site(tmp_path, fleet) as running:
        status, headers, body = await fetch(running.port)
    assert (status, headers["x-hactl-node"]) == (404, "local-1")
    assert b"[[route]]" in body


async def test_a_stale_socket_does_not_stop_a_start(tmp_path: Path) -> None:
    """Sockets that a killed process left behind are replaced; the new process answers on them."""
    fleet = fleet_of(RegionSpec(nodes=1))
    async with site(tmp_path, fleet, start=("local-1", "edge-1")) as running:
        with Processes() as again:
            for name in ("local-1", "edge-1"):
                running.processes[name].kill()
            await running.start(again, "local-1", "edge-1")
            await until_well(running.edge, running.node("edge-1"))
            assert running.paths.node_sockets("edge-1").joinpath("edge.sock").stat().st_mode & 0o777 == 0o600


async def test_the_binary_says_its_version() -> None:
    """The packaged Envoy is the one these documents were written for."""
    assert (await binary.version(binary.find())).startswith("1.40.")
