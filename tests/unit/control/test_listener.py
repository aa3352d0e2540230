"""Nothing that comes in through a socket can make the server fail, or make a command of what is none."""

import asyncio
import json
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.control import Door, served
from support.controller import MemoryController

from hactl.control.api import STATUS
from hactl.control.client import Client

PATHS = ("/v1/hello", "/v1/fleet", "/v1/commands", "/v1/watch", "/v1/history", "/v1/log", "/v1", "/", "*", "/v1/../x")
NAMES = ("after", "before", "since", "kinds", "limit", "node", "lines", "", "x")
METHODS = ("GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "TRACE", "BREW")
HEADERS = (
    b"content-length: 5",
    b"content-length: 99999999999999999999999",
    b"transfer-encoding: chunked",
    b"expect: 100-continue",
    b"upgrade: websocket\r\nconnection: upgrade",
    b"upgrade: h2c\r\nconnection: upgrade",
    b"connection: close",
    b"x-hactl-protocol: \xff",
    b"x-hactl-protocol: 1",
    b"x: " + b"y" * 20_000,
)

numbers = st.one_of(st.integers(), st.floats(), st.booleans(), st.none())
texts = st.text(max_size=20)
junk = st.recursive(
    st.one_of(numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)
# The tag of a command may be right, but never what it needs beside it.
commands = st.fixed_dictionaries(
    {"do": st.sampled_from(("start", "stop", "kill", "weight", "policy", "explode", 1, None))},
    optional={"nodes": st.one_of(texts, numbers, st.lists(numbers, min_size=1)), "policy": texts, "extra": junk},
)
bodies = st.one_of(
    junk, st.fixed_dictionaries({"command": st.one_of(junk, commands)}, optional={"dry_run": junk, "reason": junk})
).map(lambda value: json.dumps(value).encode())
requests = st.tuples(
    st.sampled_from(METHODS),
    st.sampled_from(PATHS),
    st.sampled_from((b"1.0", b"1.1", b"2.0", b"")),
    st.lists(st.one_of(st.sampled_from(HEADERS), st.binary(max_size=30)), max_size=4),
    st.one_of(bodies, st.binary(max_size=60)),
).map(lambda r: b"%s %s HTTP/%s\r\n%s\r\n\r\n%s" % (r[0].encode(), r[1].encode(), r[2], b"\r\n".join(r[3]), r[4]))
often = settings(max_examples=150)


async def _against_a_server(tmp_path: Path, examples: Callable[[Door], None]) -> None:
    """Run hypothesis in a thread against one server, and see that it is none the worse for it."""
    async with served(MemoryController(), tmp_path) as door:
        await asyncio.to_thread(examples, door)
        async with asyncio.timeout(20):
            await door.controller.until_watchers(0)
        assert door.controller.requests == []


def _hear(connection: socket.socket) -> bytes:
    try:
        return b"".join(iter(lambda: connection.recv(65536), b""))
    except ConnectionError:
        return b""


async def test_bytes_that_are_hardly_http(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Noise, and requests put together wrongly, in pieces, then a hang-up: no 5xx, no traceback, no command."""

    def examples(door: Door) -> None:
        @often
        @given(st.lists(st.one_of(st.binary(max_size=200), requests), min_size=1, max_size=4))
        def example(pieces: list[bytes]) -> None:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(20)
                connection.connect(str(door.socket))
                try:
                    for piece in pieces:
                        connection.sendall(piece)
                    connection.shutdown(socket.SHUT_WR)
                except ConnectionError:
                    pass  # it has heard enough; what it said is still there
                assert b"HTTP/1.1 5" not in _hear(connection)
            assert Client(door.socket, timeout=20).hello().fleet == "test"

        example()

    await _against_a_server(tmp_path, examples)
    assert caplog.records == []


async def test_requests_that_mean_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Well-formed HTTP with wrong paths, parameters and JSON: a structured refusal each time."""
    queries = st.lists(st.tuples(st.sampled_from(NAMES), st.one_of(texts, numbers.map(str))), max_size=3)

    def examples(door: Door) -> None:
        @often
        @given(st.sampled_from(METHODS), st.sampled_from(PATHS), queries, st.one_of(bodies, st.binary(max_size=60)))
        def example(method: str, path: str, query: list[tuple[str, str]], body: bytes) -> None:
            target = path + "?" + "&".join(f"{name}={quote(value)}" for name, value in query)
            head = f"{method} {target} HTTP/1.0\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            status, content = _answer(door.socket, head + body)
            if status != 200 and method != "HEAD":
                assert (
                    STATUS[json.loads(content)["error"]["code"]] == status < 500 or b"no process is called" in content
                )
            assert Client(door.socket, timeout=20).hello().fleet == "test"

        example()

    await _against_a_server(tmp_path, examples)
    assert caplog.records == []


def _answer(path: Path, request: bytes) -> tuple[int, bytes]:
    """Status and body, or of an endless stream its first line."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(path))
        connection.sendall(request)
        with connection.makefile("rb") as answer:
            status = int(answer.readline().split(b" ")[1])
            while (line := answer.readline()) != b"\r\n":
                if b"ndjson" in line:
                    return status, b""
            return status, answer.read()


async def test_json_nested_beyond_reason(tmp_path: Path) -> None:
    """Depth is refused like any other malformed body."""
    async with served(MemoryController(), tmp_path) as door:
        for deep in (b"[" * 100_000, b'{"command":{"x":' + b"[" * 100_000, b'{"x":' * 30_000):
            status, body = await door.ask("POST", "/v1/commands", deep)
            assert (status, body["error"]["code"]) == (400, "malformed")
        assert door.controller.requests == []


async def test_the_daemons_signals_stay_the_daemons(tmp_path: Path) -> None:
    """Serving puts no hand on SIGTERM or SIGINT."""
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    async with served(MemoryController(), tmp_path):
        assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


CHUNKED = b" HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"


async def test_http_that_breaks_while_an_answer_is_on_its_way(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The connection ends; no second answer is mixed into the first, and nothing is written to the log."""
    async with served(MemoryController(), tmp_path) as door, asyncio.timeout(20):
        reader, writer = await asyncio.open_unix_connection(door.socket)
        writer.write(b"GET /v1/watch" + CHUNKED)
        await door.controller.until_watchers(1)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"not a chunk\r\n")
        assert b"HTTP/1.1" not in await reader.read()
        await door.controller.until_watchers(0)
        writer.close()
    assert caplog.records == []


async def test_http_that_breaks_before_the_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One request, one answer: the refusal, although the request itself looked good when it was handed on."""
    async with served(MemoryController(), tmp_path) as door, asyncio.timeout(20):
        reader, writer = await asyncio.open_unix_connection(door.socket)
        writer.write(b"GET /v1/fleet" + CHUNKED + b"not a chunk\r\n")
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1") == 1
        writer.close()
    assert caplog.records == []


async def test_http_that_breaks_in_the_middle_of_a_command(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What came before the break is not taken for the whole, even when it reads like a command."""
    kill = b'{"command": {"do": "kill", "nodes": ["a"]}}'
    async with served(MemoryController(), tmp_path) as door, asyncio.timeout(20):
        reader, writer = await asyncio.open_unix_connection(door.socket)
        writer.write(b"POST /v1/commands" + CHUNKED + b"%x\r\n%s\r\n" % (len(kill), kill))
        await door.ask("GET", "/v1/hello")
        writer.write(b"not a chunk\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        for half in (b"POST /v1/commands" + CHUNKED + b"%x\r\n%s\r\n" % (len(kill), kill), b"POST /v1/comm"):
            _, writer = await asyncio.open_unix_connection(door.socket)
            writer.write(half)
            await writer.drain()
            await door.ask("GET", "/v1/hello")
            writer.close()
            await writer.wait_closed()
            await door.ask("GET", "/v1/hello")
        assert door.controller.requests == []
    assert caplog.records == []
