"""Clients that are slow, huge, malformed or too many: they are turned away, and nobody else notices."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import h2.connection
import h2.settings
import httpx
import pytest
from support.envoy import Processes, Site, fleet_of, site
from support.load import Load, open_loop
from support.malformed import REFUSED
from support.raw import GET, Raw, raw
from support.upstream import Upstream

from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.spec import EdgeSpec, FleetSpec, RegionSpec

pytestmark = pytest.mark.envoy
ONE = EdgeSpec(threads=1)


@asynccontextmanager
async def gateway(
    directory: Path, service: Upstream, edge: EdgeSpec = ONE, *, timeout: float = 60.0
) -> AsyncIterator[Site]:
    """One edge and two nodes with `service` behind them, which has `timeout` seconds to answer."""
    spec = FleetSpec(
        edge=edge,
        services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", service.port),)),),
        routes=(RouteSpec(prefix="/", service="app", timeout=timeout),),
    )
    async with site(directory, fleet_of(RegionSpec(nodes=2), spec=spec)) as running:
        yield running


@asynccontextmanager
async def others(port: int) -> AsyncIterator[Load]:
    """Ordinary clients, all of whom must be served for as long as the block runs, and a while after.

    Each request has a connection of its own: one kept for as long as `idle_timeout` may be closed just when it is used.
    """
    async with open_loop(port, rate=200, limit=4000, keep_alive=False) as load:
        await load.answered(20)
        yield load
        await load.answered(20)
    assert load.failed == 0, load


async def test_malformed_requests_never_reach_a_service(tmp_path: Path) -> None:
    """Each is answered with a refusal, at an edge and at a node alike, and other clients are served meanwhile."""
    async with Upstream() as service, gateway(tmp_path, service) as running:
        async with others(running.port):
            for port in (running.port, running.node("local-1").port):
                said = {}
                for what, request in REFUSED.items():
                    async with raw(port) as client:
                        said[what] = await client.ask(request)
                assert {what: status for what, status in said.items() if not 300 <= status < 505} == {}
        assert {path for _, path in service.requests} == {"/"}


PATHS = {
    "/a/../b": "/b",
    "/a/./b": "/a/b",
    "//a///b": "/a/b",
    "/a/%2e%2e/b": "/b",
    "/a/%2E%2e/%2e/b": "/b",
    "/../../etc/passwd": "/etc/passwd",
    "/a/%2e%2e%2fb": "redirect",
    "/a%2Fb": "redirect",
    "/a%5Cb": "redirect",
    "/%2Fevil.example/x": "redirect",
    "/%5Cevil.example": "redirect",
    "/a\\b": "/a/b",
    "/a%00b": "400",
    "/a/..;/b": "/b",
    "/a%20b": "/a%20b",
    "/%61": "/a",
    "/a?x=/../y": "/a?x=/../y",
}
"""What is asked for, and what the service is asked for; escaped slashes are sent back to be asked for plainly."""


async def test_edge_and_node_read_a_path_alike(tmp_path: Path) -> None:
    """The same path means the same to edge, node and service, so that no route can be walked around."""
    async with Upstream() as service, gateway(tmp_path, service) as running:
        for port in (running.port, running.node("local-1").port):
            read = {}
            for path in PATHS:
                service.requests.clear()
                async with raw(port) as client:
                    status = await client.ask(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
                read[path] = "redirect" if status == 307 else next((seen for _, seen in service.requests), str(status))
            assert read == PATHS


async def test_a_path_that_is_sent_back_leads_nowhere_else(tmp_path: Path) -> None:
    """Whatever is escaped, clients are sent to a path of the same host, with their query and their method."""
    async with Upstream() as service, gateway(tmp_path, service) as running:
        for path in ("/%2Fevil.example/x", "/%5Cevil.example", "/%2f%5c/evil.example", "/a%2f..%2f..%2f/evil.example"):
            async with raw(running.port) as client:
                status, headers, _ = await client.answer(f"POST {path}?q=%2F HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            assert status == 307
            assert re.fullmatch(r"/evil\.example(/x)?\?q=%2F", headers["location"]), path
        assert service.count == 0


async def drip(client: Raw) -> None:
    """Send a header that never ends, a byte every now and then, until the other side hangs up."""
    client.send(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ")
    async with asyncio.TaskGroup() as group:
        end = group.create_task(client.hung_up())
        while not end.done():
            client.send(b"x")
            await asyncio.wait([end], timeout=0.05)


async def test_slow_and_silent_clients_are_hung_up_on(tmp_path: Path) -> None:
    """Headers byte by byte, headers never ended, and nothing at all after one good request."""
    edge = EdgeSpec(threads=1, request_headers_timeout=0.5, idle_timeout=1.0)
    async with (
        Upstream() as service,
        gateway(tmp_path, service, edge) as running,
        others(running.port),
        raw(running.port) as slow,
        raw(running.port) as half,
        raw(running.port) as idle,
    ):
        half.send(b"GET / HTTP/1.1\r\nhost: x")
        assert await idle.ask(GET) == 200
        async with asyncio.TaskGroup() as group:
            group.create_task(drip(slow))
            group.create_task(half.hung_up())
            group.create_task(idle.hung_up())


async def test_a_body_that_never_comes_is_not_waited_for(tmp_path: Path) -> None:
    """A request whose body stops arriving ends, after the time of the longest route at the latest."""
    edge = EdgeSpec(threads=1, idle_timeout=1.0)
    async with Upstream() as service, gateway(tmp_path, service, edge, timeout=2.0) as running, others(running.port):
        async with raw(running.port) as stuck:
            stuck.send(b"POST /stuck HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc")
            await stuck.hung_up()
        assert ("POST", "/stuck") not in service.requests


async def test_a_flood_of_connections_harms_only_the_newest(tmp_path: Path) -> None:
    """Above `max_connections` new ones are closed at once, old ones are served, and so is everybody afterwards."""
    edge = EdgeSpec(threads=1, max_connections=20)
    async with Upstream() as service, gateway(tmp_path, service, edge) as running:
        async with AsyncExitStack() as stack:
            old = [await stack.enter_async_context(raw(running.port)) for _ in range(5)]
            assert [await client.ask(GET) for client in old] == [200] * 5
            flood = [await stack.enter_async_context(raw(running.port)) for _ in range(60)]
            asked = await asyncio.gather(*(client.ask(GET) for client in flood))
            assert sorted(asked) == [0] * 45 + [200] * 15
            assert [await client.ask(GET) for client in old for _ in range(10)] == [200] * 50
            probe = await running.edge.probe(running.node("edge-1"), 5.0)
            assert probe.ok, probe
        await served_again(running.port)


async def test_a_full_edge_keeps_nobody_from_the_other(tmp_path: Path) -> None:
    """Idle connections that fill one edge send others, who try again, to the other; after a while they are closed."""
    edge = EdgeSpec(threads=1, max_connections=20, idle_timeout=3.0)
    async with Upstream() as service:
        spec = FleetSpec(
            edge=edge,
            services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", service.port),)),),
            routes=(RouteSpec(prefix="/", service="app"),),
        )
        fleet = fleet_of(RegionSpec(nodes=1), spec=spec, edges=2)
        async with site(tmp_path, fleet, start=("local-1", "edge-1")) as running, AsyncExitStack() as stack:
            await running.publish()
            idle = [await stack.enter_async_context(raw(running.port)) for _ in range(20)]
            assert [await client.ask(GET) for client in idle] == [200] * 20
            with Processes() as processes:
                await running.start(processes, "edge-2")
                await running.publish(edge="edge-2")
                for _ in range(20):
                    await served_again(running.port)
                async with asyncio.TaskGroup() as group:
                    for client in idle:
                        group.create_task(client.hung_up())
                async with open_loop(running.port, rate=100, limit=100, keep_alive=False) as load:
                    await load.answered(100)
                assert load.failed == 0, load


async def served_again(port: int) -> None:
    """Ask on new connections until one is served: an edge learns of closed ones a moment later."""
    async with asyncio.timeout(20.0):
        while True:
            async with raw(port) as client:
                if await client.ask(GET) == 200:
                    return


@pytest.mark.parametrize("http2", [False, True])
async def test_clients_that_never_read_hold_nobody_up(http2: bool, tmp_path: Path) -> None:
    """A hundred large answers that nobody reads; clients of the same protocol, on the same nodes, are served."""
    async with (
        Upstream(body=b"x" * (4 << 20)) as service,
        gateway(tmp_path, service) as running,
        AsyncExitStack() as stack,
    ):
        for _ in range(10 if http2 else 100):
            client = await stack.enter_async_context(raw(running.port, receive=4096))
            client.send(_unread_streams(10) if http2 else GET)
        await service.arrived(100)
        service.body = b"ok"
        async with httpx.AsyncClient(http1=not http2, http2=http2, timeout=20.0) as good:
            for _ in range(20):
                assert (await good.get(f"http://127.0.0.1:{running.port}/")).content == b"ok"


def _unread_streams(count: int) -> bytes:
    """The start of an HTTP/2 connection that opens the largest windows and asks `count` times."""
    connection = h2.connection.H2Connection()
    connection.initiate_connection()
    connection.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: (1 << 31) - 1})
    connection.increment_flow_control_window((1 << 31) - 1 - 65_535)
    for _ in range(count):
        ask = [(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", "x")]
        connection.send_headers(connection.get_next_available_stream_id(), ask, end_stream=True)
    return connection.data_to_send()


@pytest.mark.parametrize("kept", [0, 1000])
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_body_above_the_kept_size_passes_once(kept: int, method: str, tmp_path: Path) -> None:
    """What is too large to be kept for a repetition still arrives, whole and once."""
    body = bytes(range(256)) * (3 << 12)
    async with Upstream() as service, gateway(tmp_path, service, EdgeSpec(threads=1, max_body_retry=kept)) as running:
        async with open_loop(running.port, rate=50, limit=3, method=method, body=body) as load:
            await load.answered(3)
        assert (load.ok, load.failed) == (3, 0), load
        assert service.bodies == [body] * 3


@pytest.mark.parametrize(("kept", "deliveries"), [(4 << 20, 2), (1 << 16, 1)])
async def test_a_body_is_kept_up_to_its_size(kept: int, deliveries: int, tmp_path: Path) -> None:
    """When a node dies with a 3 MiB PUT in flight, another one gets it if 4 MiB are kept, and nobody if 64 KiB are."""
    body = bytes(range(256)) * (3 << 12)
    async with Upstream() as service, gateway(tmp_path, service, EdgeSpec(threads=1, max_body_retry=kept)) as running:
        service.hold()
        async with open_loop(running.port, rate=50, limit=1, method="PUT", body=body) as load:
            await service.arrived(1)
            busy = [node for node in running.fleet.gateways if await running.gateway.in_flight(node)]
            for node in busy:
                running.processes[node.name].kill()
            await service.arrived(deliveries)
            service.release()
            await load.answered(1)
        assert len(busy) == 1
        assert load.ok == deliveries - 1, load
        assert service.bodies == [body] * deliveries
