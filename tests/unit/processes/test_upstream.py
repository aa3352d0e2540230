"""The small upstream, spoken to in raw bytes and through its own process."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hactl.processes.upstream import Upstream

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(delay: float = 0.0) -> AsyncIterator[Pair]:
    server = await asyncio.get_running_loop().create_server(lambda: Upstream(delay), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            yield reader, writer
        finally:
            writer.close()
            await writer.wait_closed()


async def answer(reader: asyncio.StreamReader, *, body: bool = True) -> tuple[int, dict[str, object]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(head.lower().partition("content-length: ")[2].split("\r\n")[0] or 0)
    return int(head.split(" ")[1]), json.loads(await reader.readexactly(length)) if body and length else {}


async def test_any_path_answers_with_what_was_asked() -> None:
    """Path, method and body length come back, on one kept connection."""
    async with connected() as (reader, writer):
        writer.write(b"GET /a/b?c=1 HTTP/1.1\r\nhost: x\r\n\r\n")
        assert await answer(reader) == (200, {"path": "/a/b?c=1", "method": "GET", "length": 0})
        writer.write(b"POST /p HTTP/1.1\r\nhost: x\r\nContent-Length: 5\r\n\r\nhello")
        assert await answer(reader) == (200, {"path": "/p", "method": "POST", "length": 5})


async def test_a_request_may_arrive_in_pieces() -> None:
    """Byte by byte is as good as at once."""
    async with connected() as (reader, writer):
        for byte in b"PUT /x HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc":
            writer.write(bytes([byte]))
            await writer.drain()
        assert await answer(reader) == (200, {"path": "/x", "method": "PUT", "length": 3})


async def test_a_chunked_body_is_measured() -> None:
    """A proxy that streams a body sends it in chunks; its length is their sum."""
    async with connected() as (reader, writer):
        writer.write(b"POST /c HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
        writer.write(b"A\r\n0123456789\r\n0\r\n\r\nGET /next HTTP/1.1\r\n\r\n")
        assert await answer(reader) == (200, {"path": "/c", "method": "POST", "length": 13})
        assert await answer(reader) == (200, {"path": "/next", "method": "GET", "length": 0})


async def test_pipelined_requests_are_answered_in_order_even_when_one_is_slow() -> None:
    """A slow answer holds back the ones behind it on the same connection, and only those."""
    async with connected() as (reader, writer):
        writer.write(b"GET /slow?ms=30 HTTP/1.1\r\n\r\nGET /fast HTTP/1.1\r\n\r\n")
        assert (await answer(reader))[1]["path"] == "/slow?ms=30"
        assert (await answer(reader))[1]["path"] == "/fast"


async def test_a_status_can_be_asked_for() -> None:
    """Error answers are available on order."""
    async with connected() as (reader, writer):
        for wanted, given in (("503", 503), ("599", 599), ("204", 204), ("99", 400), ("x", 400)):
            writer.write(f"GET /status/{wanted} HTTP/1.1\r\n\r\n".encode())
            assert (await answer(reader))[0] == given


async def test_head_has_no_body() -> None:
    """HEAD says how long the body would be and sends none."""
    async with connected() as (reader, writer):
        writer.write(b"HEAD / HTTP/1.1\r\n\r\nGET /after HTTP/1.1\r\n\r\n")
        assert (await answer(reader, body=False))[0] == 200
        assert (await answer(reader))[1]["path"] == "/after"


@pytest.mark.parametrize(
    "rubbish", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", b"GET /" + b"a" * 70_000]
)
async def test_rubbish_is_refused_and_the_connection_closed(rubbish: bytes) -> None:
    """What is not HTTP gets 400 and an end."""
    async with connected() as (reader, writer):
        writer.write(rubbish)
        assert (await answer(reader))[0] == 400
        assert await reader.read() == b""


async def test_close_is_honoured() -> None:
    """A client that wants the connection closed gets it closed after the answer."""
    async with connected(delay=0.001) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert (await answer(reader))[0] == 200
        assert await reader.read() == b""


async def start(*arguments: str) -> tuple[asyncio.subprocess.Process, int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hactl.processes.upstream", *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    return process, json.loads(await process.stdout.readline())["port"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_process_in_good_order(number: signal.Signals) -> None:
    """Asked to leave, it leaves with code 0 although a client is still connected."""
    process, port = await start("--port", "0")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert (await answer(reader))[0] == 200
    process.send_signal(number)
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    assert await process.wait() == 0


async def test_a_lifetime_ends_the_process() -> None:
    """A forgotten upstream ends by itself."""
    process, _ = await start("--lifetime", "0.05")
    assert await process.wait() == 0
