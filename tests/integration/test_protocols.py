"""What clients speak: every protocol a client may bring goes through edge and node as if they were not there."""

import asyncio
import queue
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import grpc
import httpx
import pytest
import websockets
from support.envoy import Site, fleet_of, site
from support.grpc_service import TALK, UNARY, grpc_service
from support.load import open_loop
from support.raw import raw
from support.streaming import Streaming
from support.upstream import Upstream

from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.spec import EdgeSpec, FleetSpec, RegionSpec

pytestmark = pytest.mark.envoy
PATIENCE = 20.0


@asynccontextmanager
async def gateway(directory: Path, port: int, *, nodes: int = 1, idle_timeout: float = 300.0) -> AsyncIterator[Site]:
    """One edge, some nodes, and the service at `port` behind them, which has half a minute to answer."""
    spec = FleetSpec(
        edge=EdgeSpec(threads=1, idle_timeout=idle_timeout),
        services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", port),)),),
        routes=(RouteSpec(prefix="/", service="app", timeout=30.0),),
    )
    async with site(directory, fleet_of(RegionSpec(nodes=nodes), spec=spec)) as running:
        yield running


async def test_every_http_version_is_spoken(tmp_path: Path) -> None:
    """HTTP/1.0 without a Host, HTTP/1.1, and HTTP/2 in clear text by prior knowledge: readiness and a route."""
    async with Upstream() as service, gateway(tmp_path, service.port) as running:
        for path in ("/-/ready", "/"):
            async with raw(running.port) as old:
                assert await old.ask(f"GET {path} HTTP/1.0\r\n\r\n".encode()) == 200
                await old.hung_up()
            for old_fashioned in (True, False):
                async with httpx.AsyncClient(http1=old_fashioned, http2=not old_fashioned) as client:
                    answer = await client.get(f"http://127.0.0.1:{running.port}{path}")
                    version = "HTTP/1.1" if old_fashioned else "HTTP/2"
                    assert (answer.status_code, answer.http_version) == (200, version)
        assert service.count == 3


async def test_many_requests_share_a_http2_connection(tmp_path: Path) -> None:
    """Three clients ask 120 times at once on a connection each, while a node leaves and comes back."""
    async with (
        Upstream(delay=0.05) as service,
        gateway(tmp_path, service.port, nodes=2) as running,
        AsyncExitStack() as stack,
    ):
        one = httpx.Limits(max_connections=1)
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(http1=False, http2=True, limits=one, timeout=PATIENCE))
            for _ in range(3)
        ]
        address = f"http://127.0.0.1:{running.port}/"
        for plan in (running.without("local-1"), running.without(version=3)):
            asked = (client.get(address) for client in clients for _ in range(120))
            answers, _ = await asyncio.gather(asyncio.gather(*asked), running.publish(plan))
            assert [answer.status_code for answer in answers] == [200] * 360


async def test_a_websocket_talks_in_both_directions(tmp_path: Path) -> None:
    """Text, bytes and a megabyte come back; it lives on when its node leaves the plan; its close code arrives."""

    async def echo(connection: websockets.ServerConnection) -> None:
        async for message in connection:
            if message == "close":
                await connection.close(4000, "as you wish")
                return
            await connection.send(message)

    async with websockets.serve(echo, "127.0.0.1", 0, max_size=1 << 21) as service:
        port = service.sockets[0].getsockname()[1]
        async with gateway(tmp_path, port, nodes=2) as running, asyncio.timeout(PATIENCE):
            address = f"ws://127.0.0.1:{running.port}/chat?room=1"
            async with websockets.connect(address, max_size=1 << 21, proxy=None) as client:
                for message in ("hello", b"\0\1\2", b"x" * (1 << 20)):
                    await client.send(message)
                    assert await client.recv() == message
                assert client.response is not None
                node = client.response.headers["x-hactl-node"]
                await running.publish(running.without(node))
                await client.send("still here")
                assert await client.recv() == "still here"
                await client.send("close")
                await client.wait_closed()
                assert (client.close_code, client.close_reason) == (4000, "as you wish")


async def test_grpc_calls_and_conversations(tmp_path: Path) -> None:
    """Unary with its status, and a conversation in which each answer comes before the next question is asked."""

    def call(address: str) -> None:
        with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
            assert channel.unary_unary(UNARY)(b"hello", timeout=PATIENCE) == b"HELLO"
            with pytest.raises(grpc.RpcError) as refused:
                channel.unary_unary("/test.Echo/Unknown")(b"", timeout=PATIENCE)
            assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
            said: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
            answers = channel.stream_stream(TALK)(iter(said.get, None), timeout=PATIENCE)
            for word in (b"one", b"two", b"three"):
                said.put(word)
                assert next(answers) == word.upper()
            said.put(None)
            assert list(answers) == []
            assert answers.code() is grpc.StatusCode.OK

    with grpc_service() as port:
        async with gateway(tmp_path, port, nodes=2) as running:
            await asyncio.to_thread(call, f"127.0.0.1:{running.port}")


@pytest.mark.parametrize("http2", [False, True])
async def test_nothing_is_held_back_on_its_way_down(http2: bool, tmp_path: Path) -> None:
    """Each piece of an answer arrives before the service says the next."""
    async with (
        Streaming() as service,
        gateway(tmp_path, service.port) as running,
        httpx.AsyncClient(http1=not http2, http2=http2, timeout=PATIENCE) as client,
    ):
        service.say(b"first")
        async with client.stream("GET", f"http://127.0.0.1:{running.port}/") as answer:
            pieces = answer.aiter_raw()
            assert await anext(pieces) == b"first"
            for piece in (b"second", b"third"):
                service.say(piece)
                assert await anext(pieces) == piece
            service.say(b"")
            assert [piece async for piece in pieces if piece] == []


@pytest.mark.parametrize("http2", [False, True])
async def test_nothing_is_held_back_on_its_way_up(http2: bool, tmp_path: Path) -> None:
    """Each piece of a request's body is at the service before the client sends the next."""
    async with Streaming() as service, gateway(tmp_path, service.port) as running:
        sent = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            for piece in (b"first", b"second", b"third"):
                yield piece
                assert await service.heard() == piece
            sent.set()

        address = f"http://127.0.0.1:{running.port}/"
        async with httpx.AsyncClient(http1=not http2, http2=http2, timeout=PATIENCE) as client:
            async with asyncio.TaskGroup() as group:
                post = group.create_task(client.post(address, content=body()))
                await sent.wait()
                assert await service.heard() == b""
                service.say(b"")
            assert post.result().status_code == 200


async def test_a_route_may_take_longer_than_a_silent_connection(tmp_path: Path) -> None:
    """The time a route is given counts, not the time after which idle connections are closed."""
    async with (
        Upstream() as service,
        gateway(tmp_path, service.port, idle_timeout=1.0) as running,
        raw(running.port) as idle,
    ):
        service.hold()
        async with open_loop(running.port, rate=100, limit=1, timeout=PATIENCE) as load:
            await idle.hung_up()
            service.release()
            await load.answered(1)
        assert (load.ok, load.failed) == (1, 0), load
