"""Each key of routes and services does what it says: matches, times, tries, limits. Changes: `test_envoy_routes`."""

import asyncio
import os
import socket
import time
from pathlib import Path

import pytest
from support.envoy import fleet_of, site
from support.load import fetch, open_loop
from support.ports import free_port
from support.raw import raw
from support.upstream import Upstream

from hactl.core.model import Fleet
from hactl.core.routing import LimitsSpec, RouteSpec, ServiceSpec
from hactl.core.spec import EdgeSpec, FleetSpec, RegionSpec
from hactl.core.value import replace

pytestmark = pytest.mark.envoy

LONG = 20.0
"""Seconds that nothing here may take, however busy the machine is."""


def routed(*routes: RouteSpec, ports: tuple[int, ...] = (9,), service: ServiceSpec | None = None) -> Fleet:
    """One node whose service `app` is at these ports."""
    service = replace(
        service or ServiceSpec(name="app", endpoints=()), endpoints=tuple(("127.0.0.1", p) for p in ports)
    )
    spec = FleetSpec(edge=EdgeSpec(threads=1), services=(service,), routes=routes)
    return fleet_of(RegionSpec(nodes=1), spec=spec)


async def test_a_route_is_for_its_host(tmp_path: Path) -> None:
    """In any case, with any port, over any of the names below a star, and for no other."""
    routes = (
        RouteSpec(prefix="/", host="api.example.com", respond=201),
        RouteSpec(prefix="/", host="*.example.com", respond=202),
        RouteSpec(prefix="/", host="[::1]", respond=203),
        RouteSpec(prefix="/", host="localhost", respond=204),
    )
    expected = {
        "api.example.com": 201,
        "API.Example.COM:8443": 201,
        "a.b.example.com": 202,
        "example.com": 404,
        "api.example.com.evil": 404,
        "xapi.example.com": 202,
        "[::1]:80": 203,
        "localhost": 204,
    }
    async with site(tmp_path, routed(*routes)) as running:
        for host, status in expected.items():
            async with raw(running.port) as client:
                assert await client.ask(f"GET / HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()) == status, host
        async with raw(running.port) as client:  # without a Host, which HTTP/1.0 allows, it is for this machine
            assert await client.ask(b"GET / HTTP/1.0\r\n\r\n") == 204


async def test_prefixes_and_paths_and_methods_choose(tmp_path: Path) -> None:
    """A path is meant exactly, a prefix letter by letter, a method by name; a query belongs to neither."""
    routes = (
        RouteSpec(path="/one", respond=201),
        RouteSpec(prefix="/two", methods=("GET", "DELETE"), respond=202),
        RouteSpec(prefix="/two", respond=203),
    )
    asked = [
        ("GET", "/one?x=1", 201),
        ("GET", "/one/", 404),
        ("GET", "/twofold", 202),
        ("DELETE", "/two/x?y", 202),
        ("POST", "/two", 203),
        ("OPTIONS", "/two", 203),
        ("GET", "/tw", 404),
    ]
    async with site(tmp_path, routed(*routes)) as running:
        for method, path, status in asked:
            assert (await fetch(running.port, path, method=method))[0] == status, (method, path)


async def test_a_route_answers_by_itself(tmp_path: Path) -> None:
    """With the status and the body it was given, to the byte."""
    text = 'ü "%REQ(:path)%"\n' + "x" * 4000
    routes = (RouteSpec(prefix="/text", respond=418, respond_body=text), RouteSpec(prefix="/", respond=204))
    async with site(tmp_path, routed(*routes)) as running:
        status, _, body = await fetch(running.port, "/text")
        assert (status, body.decode()) == (418, text)
        assert (await fetch(running.port))[::2] == (204, b"")


async def test_a_request_has_the_time_of_its_route(tmp_path: Path) -> None:
    """After it, a 504; a service that is mute is asked once; an idempotent request has the shorter time of one try."""
    routes = (
        RouteSpec(prefix="/try", service="app", timeout=LONG, per_try_timeout=0.2),
        RouteSpec(prefix="/", service="app", timeout=0.2),
    )
    async with Upstream() as service, site(tmp_path, routed(*routes, ports=(service.port,))) as running:
        service.hold()
        start = time.monotonic()
        for method, path in (("GET", "/"), ("POST", "/"), ("GET", "/try")):
            assert (await fetch(running.port, path, method=method, timeout=LONG))[0] == 504
            assert service.requests[method, path] == 1
        assert time.monotonic() - start < LONG
        async with asyncio.TaskGroup() as group:
            post = group.create_task(fetch(running.port, "/try", method="POST", timeout=LONG))
            await service.arrived(4)
            service.release()
        assert post.result()[0] == 200


@pytest.mark.parametrize(("retries", "deliveries"), [(0, 1), (1, 2), (3, 4)])
async def test_a_request_is_tried_as_often_as_its_route_says(retries: int, deliveries: int, tmp_path: Path) -> None:
    """Nodes die one after another with the same GET in flight; when no try is left it fails."""
    route = RouteSpec(prefix="/", service="app", timeout=LONG, retries=retries)
    async with Upstream() as service:
        fleet = routed(route, ports=(service.port,))
        fleet = fleet_of(RegionSpec(nodes=5), spec=fleet.spec)
        async with site(tmp_path, fleet) as running:
            service.hold()
            async with open_loop(running.port, rate=50, limit=1, timeout=LONG) as load:
                for delivery in range(1, deliveries + 1):
                    await service.arrived(delivery)
                    (busy,) = [
                        node
                        for node in running.fleet.gateways
                        if running.processes[node.name].running and await running.gateway.in_flight(node)
                    ]
                    running.processes[busy.name].kill()
                await load.answered(1)
            assert (load.failed, service.count) == (1, deliveries), load


async def test_an_endpoint_that_is_dead_costs_nothing(tmp_path: Path) -> None:
    """What could not be sent to it is sent to another, POSTs too; nobody has to find it dead first."""
    async with Upstream() as service:
        fleet = routed(RouteSpec(prefix="/", service="app"), ports=(service.port, free_port(), free_port()))
        async with site(tmp_path, fleet) as running:
            for method in ("GET", "POST"):
                async with open_loop(running.port, rate=300, limit=300, method=method) as load:
                    await load.answered(300)
                assert (load.statuses[200], load.failed) == (300, 0), load
            assert service.count == 600


async def test_connecting_to_a_service_takes_no_longer_than_it_may(tmp_path: Path) -> None:
    """An endpoint whose queue is full, so that nobody answers the knock, is given up after its time."""
    service = ServiceSpec(name="app", endpoints=(), timeout=0.2)
    with socket.socket() as mute, socket.socket() as first:
        mute.bind(("127.0.0.1", 0))
        mute.listen(0)
        first.connect(mute.getsockname())  # takes the only place
        port = mute.getsockname()[1]
        fleet = routed(RouteSpec(prefix="/", service="app", timeout=LONG), ports=(port,), service=service)
        async with site(tmp_path, fleet) as running:
            start = time.monotonic()
            assert (await fetch(running.port, timeout=LONG))[0] == 503
            assert time.monotonic() - start < LONG


async def test_a_node_asks_no_more_of_a_service_than_its_limits(tmp_path: Path) -> None:
    """So many connections, so many that wait for one, and everybody else is refused at once.

    Every thread of a node has a connection of its own, whatever the limit says.
    """
    service = ServiceSpec(name="app", endpoints=(), limits=LimitsSpec(connections=3, pending=2))
    most = 3 + 2 + (os.cpu_count() or 1)
    async with Upstream() as upstream:
        route = RouteSpec(prefix="/", service="app", timeout=LONG)
        async with site(tmp_path, routed(route, ports=(upstream.port,), service=service)) as running:
            upstream.hold()
            async with open_loop(running.port, rate=200, limit=most + 20, timeout=LONG) as load:
                await load.ended(20)
                assert load.statuses.keys() == {503}
                assert 3 <= upstream.count < most - 2
                upstream.release()
                await load.ended(most + 20)
            assert 3 + 2 <= load.statuses[200] <= most
