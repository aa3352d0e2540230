"""Clients that are slow, huge, malformed or too many: they are turned away, and nobody else notices."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import h2.connection
import h2.settings
import httpx
import pytest
from support.envoy import Site, fleet_of, site
from support.load import Load, open_loop
from support.raw import GET, Raw, raw
from support.upstream import Upstream

from hactl.core.spec import EdgeSpec, FleetSpec, RegionSpec, RouteSpec, ServiceSpec

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


MALFORMED = {
    "no request line": (b"GARBAGE\r\n\r\n", {400}),
    "not HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", {400}),
    "two hosts": (b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", {400}),
    "two hosts in one": (b"GET / HTTP/1.1\r\nhost: a, b\r\n\r\n", {400}),
    "space before the colon": (b"GET / HTTP/1.1\r\nhost: x\r\nx-a : 1\r\n\r\n", {400}),
    "no header name": (b"GET / HTTP/1.1\r\nhost: x\r\n: 1\r\n\r\n", {400}),
    "zero byte": (b"GET / HTTP/1.1\r\nhost: x\r\nx-a: a\0b\r\n\r\n", {400}),
    "fragment in the path": (b"GET /a#b HTTP/1.1\r\nhost: x\r\n\r\n", {400}),
    "length and chunks": (
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        {400},
    ),
    "two lengths": (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd", {400}),
    "negative length": (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", {400}),
    "unknown coding": (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: cow\r\n\r\n", {400, 501}),
    "broken chunk": (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", {400}),
    "huge header": (b"GET / HTTP/1.1\r\nhost: x\r\nx-a: " + b"a" * 100_000 + b"\r\n\r\n", {400, 431}),
    "huge path": (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", {400, 414, 431}),
    "many headers": (
        b"GET / HTTP/1.1\r\nhost: x\r\n" + b"".join(b"x-%d: 1\r\n" % n for n in range(200)) + b"\r\n",
        {400, 431},
    ),
}
"""What is sent, and the statuses that turn it away."""


async def test_malformed_requests_never_reach_a_service(tmp_path: Path) -> None:
    """Each is answered with a refusal, at an edge and at a node alike, and other clients are served meanwhile."""
    async with Upstream() as service, gateway(tmp_path, service) as running:
        async with others(running.port):
            for port in (running.port, running.node("local-1").port):
                said = {}
                for what, (request, _) in MALFORMED.items():
                    async with raw(port) as client:
                        said[what] = await client.ask(request)
                assert {what: status for what, status in said.items() if status not in MALFORMED[what][1]} == {}
        assert [path for _, path in service.requests if path != "/"] == []
        assert {method for method, _ in service.requests} == {"GET"}


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
