"""Planned work loses no request: nodes and edges are drained by themselves here, without a daemon."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support.envoy import fleet_of, site
from support.load import fetch, open_loop
from support.polling import until
from support.upstream import Upstream

from hactl.core.errors import HactlError
from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.spec import EdgeSpec, FleetSpec, RegionSpec

pytestmark = pytest.mark.envoy

RESPOND = FleetSpec(edge=EdgeSpec(threads=1), routes=(RouteSpec(prefix="/", respond=200),))


async def idle(in_flight: Callable[[], Awaitable[int | None]]) -> None:
    """Wait until nothing is in flight any more."""
    await until(in_flight, lambda count: count == 0)


@pytest.mark.parametrize("keep_alive", [True, False])
async def test_an_edge_is_drained_without_a_lost_request(keep_alive: bool, tmp_path: Path) -> None:
    """Two edges share the port; one is drained under load, then ended: every request that reached an edge is answered.

    A connection that the kernel had taken, and nobody accepted before the socket was closed, is the kernel's to reset.
    """
    async with site(tmp_path, fleet_of(RegionSpec(nodes=1), spec=RESPOND, edges=2)) as running:
        edge = running.node("edge-1")
        async with open_loop(running.port, rate=200, keep_alive=keep_alive) as load:
            await load.answered(50)
            assert await running.edge.in_flight(edge)
            await running.edge.drain(edge)
            await idle(lambda: running.edge.in_flight(edge))
            assert (await running.edge.probe(edge, 1.0)).ok
            assert await running.processes["edge-1"].terminate() == 0
            await load.answered(50)
        assert load.failed == load.unaccepted, load


async def test_the_drain_of_an_edge_cannot_be_taken_back(tmp_path: Path) -> None:
    """An edge that was told to stop listening says so instead of pretending."""
    async with site(tmp_path, fleet_of(RegionSpec(nodes=1), spec=RESPOND)) as running:
        with pytest.raises(HactlError, match="cannot undo a drain"):
            await running.edge.undrain(running.node("edge-1"))


async def test_a_node_is_drained_and_stopped_without_a_lost_request(tmp_path: Path) -> None:
    """Slow requests of all methods go on while a node is drained by itself, found idle, and ended."""
    async with Upstream(delay=0.1) as service:
        spec = FleetSpec(
            edge=EdgeSpec(threads=1),
            services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", service.port),)),),
            routes=(RouteSpec(prefix="/", service="app"),),
        )
        async with site(tmp_path, fleet_of(RegionSpec(nodes=2), spec=spec)) as running:
            node = running.node("local-1")
            async with open_loop(running.port, rate=100, method="POST", body=b"x") as load:
                await load.answered(30)
                await running.publish(running.without("local-1"))
                await running.gateway.drain(node)
                await idle(lambda: running.gateway.in_flight(node))
                assert await running.processes["local-1"].terminate() == 0
                await load.answered(30)
            assert load.failed == 0, load


async def test_a_drained_node_is_well_but_not_ready(tmp_path: Path) -> None:
    """The daemon's probe still succeeds, the edges' check does not, and taking the drain back undoes it."""
    async with site(tmp_path, fleet_of(RegionSpec(nodes=1), spec=RESPOND)) as running:
        node = running.node("local-1")
        await running.gateway.drain(node)
        assert (await running.gateway.probe(node, 1.0)).ok
        assert (await fetch(node.port, "/-/ready"))[0] == 503
        assert (await fetch(node.port, "/-/echo"))[0] == 200
        await running.gateway.undrain(node)
        assert (await fetch(node.port, "/-/ready"))[0] == 200


async def test_a_node_knows_how_many_requests_it_works_on(tmp_path: Path) -> None:
    """Requests that wait for a service are in flight until they are answered."""
    async with Upstream() as service:
        spec = FleetSpec(
            edge=EdgeSpec(threads=1),
            services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", service.port),)),),
            routes=(RouteSpec(prefix="/", service="app"),),
        )
        async with site(tmp_path, fleet_of(RegionSpec(nodes=1), spec=spec)) as running:
            node = running.node("local-1")
            service.hold()
            async with asyncio.TaskGroup() as group:
                for _ in range(3):
                    group.create_task(fetch(running.port))
                await service.arrived(3)
                assert await running.gateway.in_flight(node) == 3
                service.release()
            assert await running.gateway.in_flight(node) == 0
            running.processes["local-1"].kill()
            assert await running.gateway.in_flight(node) is None
