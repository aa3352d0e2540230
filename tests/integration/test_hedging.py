"""Hedged routes: a node that hangs costs them little, and a service that is merely slow costs its nodes nothing."""

from pathlib import Path

import pytest
from support.envoy import fleet_of, site
from support.load import open_loop
from support.upstream import Upstream

from hactl.core.model import Fleet
from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.spec import EdgeSpec, FleetSpec, RegionSpec
from hactl.core.value import replace
from hactl.engines.envoy.routes import HEDGES

pytestmark = pytest.mark.envoy


def asking(service: Upstream, **route: object) -> Fleet:
    """Three nodes with one route."""
    spec = FleetSpec(
        edge=EdgeSpec(threads=1),
        services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", service.port),)),),
        routes=(RouteSpec(prefix="/", service="app", **route),),
    )
    return fleet_of(RegionSpec(nodes=3), spec=spec)


@pytest.mark.parametrize("hedge", [0.1, 0.0])
async def test_a_node_that_hangs_costs_a_hedged_route_little(hedge: float, tmp_path: Path) -> None:
    """Nobody repairs anything: hedged requests to the frozen node are answered by another one, a moment later.

    Others wait for as long as a request may take. The gap is so wide that no busy machine closes it: 0.1 s and 5 s.
    """
    async with Upstream() as service, site(tmp_path, asking(service, hedge=hedge)) as running:
        async with open_loop(running.port, rate=80, limit=2000) as load:
            await load.answered(40)
            running.processes["local-2"].freeze()
            await load.answered(200)
        waited = load.failed + sum(latency > 4.0 for latency in load.latencies)
        assert (waited == 0) is bool(hedge), load


@pytest.mark.parametrize("retries", [1, 5])
async def test_a_slow_service_takes_no_node_with_it(retries: int, tmp_path: Path) -> None:
    """Every request outlasts the hedge by far: nothing is ejected, none fails, and work grows by a bound."""
    async with Upstream(delay=0.6) as service, site(tmp_path, asking(service, hedge=0.1, retries=retries)) as running:
        async with open_loop(running.port, rate=200, limit=600) as load:
            await load.answered(600)
        assert (load.ok, load.failed) == (600, 0), load
        assert 600 < service.count <= 600 * (1 + min(retries, HEDGES))
        assert await running.stat(r"cluster\.gw(-hedged)?\.outlier_detection\.ejections_total") == 0
        assert await running.stat(r"cluster\.gw-hedged\.membership_healthy") == 3


async def test_the_death_of_nodes_costs_a_hedged_route_nothing(tmp_path: Path) -> None:
    """Two of three die under load; nobody is told."""
    async with Upstream() as service, site(tmp_path, asking(service, hedge=1.0)) as running:
        async with open_loop(running.port, rate=300) as load:
            await load.answered(60)
            running.processes["local-1"].kill()
            running.processes["local-3"].kill()
            await load.answered(300)
        assert load.failed == 0, load


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_what_may_happen_only_once_is_never_hedged(method: str, tmp_path: Path) -> None:
    """A method that is not idempotent is sent once, however long it takes."""
    async with Upstream(delay=0.3) as service, site(tmp_path, asking(service, hedge=0.1)) as running:
        async with open_loop(running.port, rate=100, limit=50, method=method) as load:
            await load.answered(50)
        assert (load.ok, service.count) == (50, 50), load


async def test_a_hedged_route_follows_the_plan(tmp_path: Path) -> None:
    """A node that leaves the plan gets nothing any more, and its requests are counted like any others."""
    async with Upstream() as service, site(tmp_path, asking(service, hedge=1.0)) as running:
        await running.publish(running.without("local-1"))
        before, was = await running.edge.read(running.node("edge-1"), running.fleet), await running.counted()
        async with open_loop(running.port, rate=300, limit=60) as load:
            await load.answered(60)
        after = await running.edge.read(running.node("edge-1"), running.fleet)
        assert load.ok == 60, load
        assert "local-1" not in load.nodes
        assert after.requests - before.requests == 60
        assert (await running.counted())["local-1"] == was["local-1"]


async def test_hedging_begins_and_ends_while_requests_are_answered(tmp_path: Path) -> None:
    """The cluster it needs comes before the routes that name it, and goes after them; an adopted edge knows no less."""
    async with Upstream() as service, site(tmp_path, asking(service)) as running:
        hedged = asking(service, hedge=1.0).spec.routes
        clusters = {True: {"gw", "gw-hedged"}, False: {"gw"}}
        async with open_loop(running.port, rate=300) as load:
            await load.answered(30)
            for version, (routes, adopted) in enumerate([(hedged, 0), ((), 0), (hedged, 1), ((), 1)], start=2):
                if adopted:
                    await running.edge.forget(running.node("edge-1"))
                spec = replace(running.fleet.spec, routes=routes or running.fleet.spec.routes)
                plan = replace(running.fleet.plan, version=version)
                await running.edge.publish(running.node("edge-1"), replace(running.fleet, spec=spec), plan)
                await load.answered(60)
                stats = await running.edge._line(running.node("edge-1")).admin.stats(r"^cluster\..*\.version_text$")
                assert {stat.name.split(".")[1] for stat in stats} == clusters[bool(routes)]
        assert load.failed == 0, load
