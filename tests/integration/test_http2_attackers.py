"""Clients that abuse HTTP/2: floods of frames, headers without end, requests that two hops could read differently."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from support.envoy import Site, fleet_of, site
from support.load import Load, open_loop
from support.raw import Raw, raw
from support.upstream import Upstream

from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.spec import EdgeSpec, FleetSpec, RegionSpec

pytestmark = pytest.mark.envoy

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SettingsFrame(0).serialize()
ASKING = ((":method", "GET"), (":scheme", "http"), (":path", "/bad-00"), (":authority", "x"))
IMPATIENT = EdgeSpec(threads=1, request_headers_timeout=3.0, idle_timeout=4.0)
"""More patient than a busy machine makes ordinary clients slow."""


@asynccontextmanager
async def gateway(directory: Path, service: Upstream, edge: EdgeSpec = IMPATIENT) -> AsyncIterator[Site]:
    """One edge and two nodes with `service` behind them."""
    spec = FleetSpec(
        edge=edge,
        services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", service.port),)),),
        routes=(RouteSpec(prefix="/", service="app", timeout=2.0),),
    )
    async with site(directory, fleet_of(RegionSpec(nodes=2), spec=spec)) as running:
        yield running


@asynccontextmanager
async def others(port: int) -> AsyncIterator[Load]:
    """Ordinary clients, all of whom must be served for as long as the block runs, and a while after."""
    async with open_loop(port, rate=200, limit=6000, keep_alive=False) as load:
        await load.answered(20)
        yield load
        await load.answered(20)
    assert load.failed == 0, load


def headers(stream: int, fields: tuple[tuple[str, str], ...] = ASKING, *flags: str) -> HeadersFrame:
    """A HEADERS frame with a block of its own, whatever it says."""
    return HeadersFrame(stream, Encoder().encode(fields, huffman=False), flags=flags or ("END_HEADERS", "END_STREAM"))


def rapid_reset() -> Iterator[Frame]:
    """Ask and take it back, at once, over and over."""
    for stream in range(1, 10_001, 2):
        yield headers(stream)
        yield RstStreamFrame(stream, error_code=8)


def endless_headers() -> Iterator[Frame]:
    """A block of headers that is continued and continued."""
    yield headers(1, ASKING, "END_STREAM")
    block = Encoder().encode([("x-a", "a" * 4000)], huffman=False)
    for _ in range(5000):
        yield ContinuationFrame(1, block)


def empty_continuations() -> Iterator[Frame]:
    """The same with nothing in it."""
    yield headers(1, ASKING, "END_STREAM")
    for _ in range(100_000):
        yield ContinuationFrame(1, b"")


def empty_data() -> Iterator[Frame]:
    """A body of nothing, without end."""
    yield headers(1, ASKING, "END_HEADERS")
    for _ in range(100_000):
        yield DataFrame(1, b"")


def pings() -> Iterator[Frame]:
    """Questions that all want an answer, which nobody reads."""
    for _ in range(100_000):
        yield PingFrame(0, b"12345678")


def settings() -> Iterator[Frame]:
    """The same with settings."""
    for _ in range(100_000):
        yield SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 65_535})


def priorities() -> Iterator[Frame]:
    """Opinions on streams that nobody opened."""
    for stream in range(1, 200_000, 2):
        yield PriorityFrame(stream, depends_on=0, stream_weight=1)


def windows() -> Iterator[Frame]:
    """A window that grows beyond all bounds."""
    for _ in range(5):
        yield WindowUpdateFrame(0, window_increment=(1 << 31) - 1)


FLOODS = (rapid_reset, endless_headers, empty_continuations, empty_data, pings, settings, priorities, windows)


@pytest.mark.parametrize("flood", FLOODS)
async def test_a_flood_of_frames_ends_its_connection_and_nothing_else(flood, tmp_path: Path) -> None:
    """The edge hangs up on it long before it is over, few of its requests reach the service, and others are served."""
    data = PREFACE + b"".join(frame.serialize() for frame in flood())  # takes a second, in which nobody else is served
    async with Upstream() as service, gateway(tmp_path, service) as running, others(running.port):
        async with raw(running.port, receive=4096) as client:
            client.send(data)
            await client.hung_up()
        assert service.requests["GET", "/bad-00"] <= 1000


async def test_a_hundred_connections_that_reset_everything_harm_nobody(tmp_path: Path) -> None:
    """Neither nodes nor edge are taken for broken because clients change their minds.

    Nor is a connection to a node closed because of them, on which others have requests that may be sent once only.
    """
    flood = PREFACE + b"".join(frame.serialize() for frame in rapid_reset())
    async with (
        Upstream(delay=0.02) as service,
        gateway(tmp_path, service) as running,
        others(running.port),
        httpx.AsyncClient(http1=False, http2=True, timeout=20.0) as client,
    ):

        async def attack() -> None:
            for _ in range(5):
                async with raw(running.port) as attacker:
                    attacker.send(flood)
                    await attacker.hung_up()

        async with asyncio.TaskGroup() as group:
            attacks = [group.create_task(attack()) for _ in range(20)]
            while not all(task.done() for task in attacks):
                assert (await client.post(f"http://127.0.0.1:{running.port}/once")).status_code == 200
        assert await running.stat(r"cluster\.gw\.outlier_detection\.ejections_total") == 0


def bodies_never_sent() -> Iterator[Frame]:
    """As many requests as a connection may have, none of which is ever completed."""
    for stream in range(1, 200, 2):
        yield headers(stream, (*ASKING[1:], (":method", "POST")), "END_HEADERS")


SILENT = {
    "nothing at all": b"",
    "half a preface": PREFACE[:10],
    "the preface alone": PREFACE,
    "half a block of headers": PREFACE + headers(1, ASKING, "END_STREAM").serialize(),
    "half a frame": PREFACE + headers(1).serialize()[:12],
    "bodies that never come": PREFACE + b"".join(frame.serialize() for frame in bodies_never_sent()),
}


async def test_silent_clients_are_hung_up_on(tmp_path: Path) -> None:
    """However far they came before they fell silent."""
    async with Upstream() as service, gateway(tmp_path, service) as running, others(running.port):

        async def fall_silent(said: bytes) -> None:
            async with raw(running.port) as client:
                client.send(said)
                await client.hung_up()

        async with asyncio.TaskGroup() as group:
            for said in SILENT.values():
                group.create_task(fall_silent(said))
        assert service.requests["GET", "/bad-00"] == 0


def asking(**changed: str) -> tuple[tuple[str, str], ...]:
    """The usual request with other pseudo-headers; "" leaves one out."""
    fields = {name: changed.get(name.removeprefix(":"), value) for name, value in ASKING}
    return tuple((name, value) for name, value in fields.items() if value)


MALFORMED = {
    "no path": asking(path=""),
    "no method": asking(method=""),
    "no scheme": asking(scheme=""),
    "no host": asking(authority=""),
    "path without a slash": asking(path="bad-00"),
    "space in the path": asking(path="/bad-00 HTTP/1.1\r\nx: y"),
    "line end in the path": asking(path="/bad-00\r\nx: y"),
    "zero byte in the path": asking(path="/bad-00\0"),
    "space in the method": asking(method="GET / HTTP/1.1\r\nx: y\r\n\r\nGET"),
    "two hosts in one": asking(authority="a,b"),
    "line end in the host": asking(authority="x\r\ny: z"),
    "a pseudo-header twice": (*ASKING[:3], (":path", "/bad-002"), ASKING[3]),
    "a pseudo-header after others": (*ASKING[:3], ("x-a", "1"), ASKING[3]),
    "a pseudo-header nobody knows": (*ASKING, (":cow", "1")),
    "upper case": (*ASKING, ("X-A", "1")),
    "line end in a value": (*ASKING, ("x-a", "1\r\ntransfer-encoding: chunked")),
    "line end in a name": (*ASKING, ("x-a: 1\r\nx-b", "1")),
    "zero byte in a value": (*ASKING, ("x-a", "1\0")),
    "transfer-encoding": (*asking(method="POST"), ("transfer-encoding", "chunked")),
    "connection": (*ASKING, ("connection", "keep-alive")),
    "te": (*ASKING, ("te", "chunked")),
    "length that is none": (*asking(method="POST"), ("content-length", "x")),
    "two lengths": (*asking(method="POST"), ("content-length", "1"), ("content-length", "2")),
    "length of a body that is not there": (*asking(method="POST"), ("content-length", "5")),
    "many headers": (*ASKING, *((f"x-{number}", "1") for number in range(200))),
    "huge header": (*ASKING, ("x-a", "a" * 12_000)) + (("x-b", "b" * 3_000),) * 20,
}


async def test_malformed_requests_never_reach_a_service(tmp_path: Path) -> None:
    """Each is refused, or its connection is ended, at an edge and at a node alike."""
    async with Upstream() as service, gateway(tmp_path, service) as running, others(running.port):

        async def ask(port: int, number: int, fields: tuple[tuple[str, str], ...]) -> None:
            async with raw(port) as client:
                client.send(PREFACE + headers(1, fields).serialize().replace(b"bad-00", b"bad-%02d" % number))
                await _over(client, 1)

        for port in (running.port, running.node("local-1").port):
            await asyncio.gather(*(ask(port, number, fields) for number, fields in enumerate(MALFORMED.values())))
        arrived = {path for _, path in service.requests}
        assert [
            what for number, what in enumerate(MALFORMED) if any(f"bad-{number:02}" in path for path in arrived)
        ] == []
        assert arrived == {"/"}


async def test_a_host_beside_the_authority_is_dropped(tmp_path: Path) -> None:
    """It chooses no route and reaches no service, so that nobody can be told another host than the edge was."""
    fields = (*ASKING, ("host", "y"))
    async with Upstream() as service, gateway(tmp_path, service) as running:
        for port in (running.port, running.node("local-1").port):
            async with raw(port) as client:
                client.send(PREFACE + headers(1, fields).serialize())
                await service.arrived(service.count + 1)
            assert service.asked["host"] == "x"


async def _over(client: Raw, stream: int) -> None:
    """Wait until a stream, or its connection, has ended."""
    heard = b""
    while part := await client.read():
        heard += part
        while len(heard) >= 9:
            frame, length = Frame.parse_frame_header(memoryview(heard[:9]))
            if len(heard) < 9 + length:
                break
            heard = heard[9 + length :]
            if frame.stream_id == stream and (isinstance(frame, RstStreamFrame) or "END_STREAM" in frame.flags):
                return
