"""Rate limits, seen from clients and from the service behind: what is let in, what is refused, and who never is.

Buckets that fill once an hour make every count exact.
"""

import time
from pathlib import Path

import pytest
from support.envoy import Processes, fleet_of, site
from support.load import fetch, open_loop
from support.upstream import Upstream

from hactl.core.model import Fleet
from hactl.core.routing import RateLimitSpec, RouteSpec, ServiceSpec
from hactl.core.spec import EdgeSpec, FleetSpec, RegionSpec

pytestmark = pytest.mark.envoy


def hourly(requests: int, *, burst: int = 0) -> RateLimitSpec:
    """A limit that does not fill again while a test runs."""
    return RateLimitSpec(requests=requests, per=3600.0, burst=burst)


def limited(service: Upstream, *routes: RouteSpec, edges: int = 1, threads: int = 1, **edge: object) -> Fleet:
    """Two nodes that ask one service, by default for everything."""
    spec = FleetSpec(
        edge=EdgeSpec(threads=threads, **edge),
        services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", service.port),)),),
        routes=routes or (RouteSpec(prefix="/", service="app"),),
    )
    return fleet_of(RegionSpec(nodes=2), spec=spec, edges=edges)


async def statuses(port: int, count: int, path: str = "/", method: str = "GET") -> dict[int, int]:
    """What so many requests, each on a connection of its own, are answered with."""
    async with open_loop(port, rate=300, limit=count, path=path, method=method, keep_alive=False) as load:
        await load.answered(count)
    return dict(load.statuses)


async def test_all_edges_together_let_in_the_limit(tmp_path: Path) -> None:
    """No more and no fewer, whichever edge a connection meets; what is refused never reaches a node."""
    async with Upstream() as service, site(tmp_path, limited(service, edges=2, rate_limit=hourly(20))) as running:
        assert await statuses(running.port, 100) == {200: 20, 429: 80}
        assert service.count == 20


async def test_the_threads_of_an_edge_share_its_bucket(tmp_path: Path) -> None:
    """However many threads take connections, an edge lets in its part once."""
    async with Upstream() as service, site(tmp_path, limited(service, threads=3, rate_limit=hourly(20))) as running:
        assert await statuses(running.port, 100) == {200: 20, 429: 80}


async def test_the_death_of_a_node_changes_no_limit(tmp_path: Path) -> None:
    """What was left is let in and succeeds, and nothing more."""
    async with Upstream() as service, site(tmp_path, limited(service, rate_limit=hourly(40))) as running:
        assert await statuses(running.port, 20) == {200: 20}
        running.processes["local-1"].kill()
        assert await statuses(running.port, 60) == {200: 20, 429: 40}


async def test_the_part_of_a_dead_edge_is_not_let_in(tmp_path: Path) -> None:
    """The others keep to their own, so that the limit holds; an edge that is started has a full bucket again."""
    async with Upstream() as service, site(tmp_path, limited(service, edges=2, rate_limit=hourly(20))) as running:
        running.processes["edge-2"].kill()
        assert await statuses(running.port, 30) == {200: 10, 429: 20}
        with Processes() as processes:
            await running.start(processes, "edge-2")
            await running.publish(edge="edge-2")
            assert await statuses(running.port, 100) == {200: 10, 429: 90}


async def test_a_refusal_says_what_it_is(tmp_path: Path) -> None:
    """Clients learn the limit of the edge they asked, what is left of it, and from a sentence what happened."""
    async with Upstream() as service, site(tmp_path, limited(service, rate_limit=hourly(2))) as running:
        for left in ("1", "0"):
            status, headers, _ = await fetch(running.port)
            assert (status, headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]) == (200, "2", left)
        status, headers, body = await fetch(running.port)
        assert (status, headers["content-type"]) == (429, "text/plain")
        assert headers["x-ratelimit-limit"] == "2"
        assert headers["x-ratelimit-remaining"] == "0"
        assert 0 < int(headers["x-ratelimit-reset"]) <= 3600
        assert body.startswith(b"too many requests")


async def test_hactls_own_paths_are_never_limited(tmp_path: Path) -> None:
    """Probes, proofs and readiness are answered long after everybody else is refused, and lead nowhere else."""
    async with Upstream() as service, site(tmp_path, limited(service, rate_limit=hourly(1))) as running:
        assert await statuses(running.port, 5) == {200: 1, 429: 4}
        for path in ("/-/echo", "/-/ready"):
            assert await statuses(running.port, 50, path) == {200: 50}
        await running.publish(running.without("local-1"))
        assert await statuses(running.port, 5, "/-/x/../../-/anything") == {404: 5}
        assert service.count == 1


async def test_a_limited_route_counts_all_its_methods_and_nobody_else(tmp_path: Path) -> None:
    """GET and POST share the bucket of their route; what the route refuses costs the fleet nothing."""
    routes = (
        RouteSpec(prefix="/few", service="app", rate_limit=hourly(10)),
        RouteSpec(prefix="/own", respond=204, rate_limit=hourly(3)),
        RouteSpec(prefix="/", service="app"),
    )
    async with Upstream() as service, site(tmp_path, limited(service, *routes, rate_limit=hourly(30))) as running:
        assert await statuses(running.port, 6, "/few/x") == {200: 6}
        assert await statuses(running.port, 20, "/few", "POST") == {200: 4, 429: 16}
        assert await statuses(running.port, 5, "/own") == {204: 3, 429: 2}
        assert await statuses(running.port, 50) == {200: 17, 429: 33}
    async with Upstream() as service, site(tmp_path / "2", limited(service, *routes)) as running:
        assert await statuses(running.port, 12, "/few") == {200: 10, 429: 2}
        assert await statuses(running.port, 100) == {200: 100}
        assert "x-ratelimit-limit" not in (await fetch(running.port))[1]


async def test_a_limit_fills_again(tmp_path: Path) -> None:
    """After what is allowed at once, as many as the limit says are let in while time passes, on both edges.

    Never more; and fewer where a busy machine lets requests arrive in heaps, because a full bucket overflows.
    """
    limit = RateLimitSpec(requests=40, per=1.0, burst=2)
    async with Upstream() as service, site(tmp_path, limited(service, edges=2, rate_limit=limit)) as running:
        start = time.monotonic()
        async with open_loop(running.port, rate=200, limit=600, keep_alive=False) as load:
            await load.answered(600, timeout=60.0)
        let_in = load.statuses[200]
        assert let_in + load.statuses[429] == 600
        assert 0.5 * 40 * 600 / 200 <= let_in <= 2 + 40 * (time.monotonic() - start), load


async def test_refusals_are_not_written_down_as_errors(tmp_path: Path) -> None:
    """A flood that is turned away fills no disk; a request that fails is still written down."""
    async with Upstream() as service, site(tmp_path, limited(service, rate_limit=hourly(2))) as running:
        assert await statuses(running.port, 20) == {200: 2, 429: 18}
    log = tmp_path / "nodes" / "edge-1" / "errors.jsonl"
    assert not log.exists() or log.read_text() == ""
