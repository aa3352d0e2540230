"""The small client against a real asyncio server: what it accepts, what it refuses, when it connects again."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hactl.engines.http1 import Http1Client

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Server:
    """Answers each request with the next of `answers`, the last one for ever; None means silence, b"" hanging up."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.requests: list[bytes] = []
        self.asked = asyncio.Event()
        self.hung_up = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                self.asked.set()
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer == b"":
                    break
                if answer is not None:
                    writer.write(answer)
                    if b"connection: close" in answer or b"HTTP/1.0" in answer:
                        break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.hung_up.set()


@asynccontextmanager
async def talking(server: Server, **options: int) -> AsyncIterator[Http1Client]:
    """A client of `server` over TCP."""
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listener:
        client = Http1Client(host="127.0.0.1", port=listener.sockets[0].getsockname()[1], **options)
        yield client
        client.close()
        if server.connections:
            await asyncio.wait_for(server.hung_up.wait(), 5.0)


async def test_one_connection_serves_many_calls() -> None:
    """Calls after one another share a connection; requests are well formed."""
    server = Server(OK)
    async with talking(server) as client:
        for _ in range(3):
            answer = await client.get("/-/echo", timeout=1.0)
            assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"ok", "2")
        await client.post("/drain", timeout=1.0)
        await client.post("/call", timeout=1.0, headers="te: trailers\r\n")
    assert server.connections == 1
    assert b"\r\nte: trailers\r\ncontent-length: 0\r\n\r\n" in server.requests[4]
    assert server.requests[0].startswith(b"GET /-/echo HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"POST /drain HTTP/1.1" in server.requests[3]
    assert b"content-length: 0\r\n" in server.requests[3]


async def test_calls_at_the_same_time_do_not_wait_for_each_other() -> None:
    """A call that hangs does not hold up another one."""
    server = Server(None, OK)

    async def hang(client: Http1Client) -> None:
        with pytest.raises(TimeoutError):
            await client.get("/slow", timeout=0.5)

    async with talking(server) as client, asyncio.TaskGroup() as group:
        group.create_task(hang(client))
        await asyncio.wait_for(server.asked.wait(), 5.0)
        assert (await client.get("/fast", timeout=5.0)).body == b"ok"
    assert server.connections == 2


async def test_a_connection_closed_between_two_calls_is_made_again() -> None:
    """A server that hangs up on a kept connection costs a second connection, not an error."""
    server = Server(OK, b"", OK)
    async with talking(server) as client:
        assert (await client.get("/", timeout=1.0)).body == b"ok"
        assert (await client.get("/", timeout=1.0)).body == b"ok"
    assert server.connections == 2


async def test_a_connection_that_was_announced_to_close_is_not_used_again() -> None:
    """`connection: close` and HTTP/1.0 end a connection."""
    for closing in (OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"), OK.replace(b"1.1", b"1.0")):
        server = Server(closing)
        async with talking(server) as client:
            for _ in range(2):
                assert (await client.get("/", timeout=1.0)).body == b"ok"
        assert server.connections == 2


async def test_a_new_connection_that_fails_is_an_error() -> None:
    """Hanging up on the first request is not tried again."""
    server = Server(b"")
    async with talking(server) as client:
        with pytest.raises(ConnectionError):
            await client.get("/", timeout=1.0)
    assert server.connections == 1


async def test_silence_ends_with_the_timeout() -> None:
    """No answer is a TimeoutError, and the connection is not used again."""
    server = Server(None, OK)
    async with talking(server) as client:
        with pytest.raises(TimeoutError):
            await client.get("/", timeout=0.05)
        assert (await client.get("/", timeout=5.0)).body == b"ok"
    assert server.connections == 2


async def test_nobody_listening_is_an_oserror(tmp_path: Path) -> None:
    """A missing socket is an error of the same kind as every other."""
    with pytest.raises(OSError):
        await Http1Client(path=str(tmp_path / "none.sock")).get("/", timeout=1.0)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE: dict[str, tuple[bytes, bytes]] = {
    "chunks": (CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", b"abcde"),
    "no chunks": (CHUNKED + b"0\r\n\r\n", b""),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "empty": (b"HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n", b""),
}


@pytest.mark.parametrize("name", WHOLE)
async def test_complete_answers_are_read_however_they_are_framed(name: str) -> None:
    """Chunked, empty and counted bodies arrive whole, also byte by byte."""
    wire, body = WHOLE[name]
    async with talking(Server(wire)) as client:
        assert (await client.get("/", timeout=1.0)).body == body

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in wire:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        await reader.read()
        writer.close()
        done.set()

    done = asyncio.Event()
    async with await asyncio.start_server(drip, "127.0.0.1", 0) as listener:
        client = Http1Client(host="127.0.0.1", port=listener.sockets[0].getsockname()[1])
        assert (await client.get("/", timeout=5.0)).body == body
        client.close()
        await done.wait()


@pytest.mark.parametrize(
    "wire",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nabc",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"-1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n" + b"x" * 9999,
    ],
)
async def test_what_is_no_usable_answer_is_a_connection_error(wire: bytes) -> None:
    """Other protocols, broken framing and answers beyond the limit are refused, not guessed at."""
    async with talking(Server(wire), max_size=5000) as client:
        with pytest.raises(ConnectionError, match="not a usable http response"):
            await client.get("/", timeout=1.0)


async def test_nothing_is_said_to_a_process_that_was_not_meant(tmp_path: Path) -> None:
    """Whoever listens on the socket by now may be the successor of the one that is meant."""
    server, path = Server(OK), tmp_path / "s"
    async with await asyncio.start_unix_server(server.serve, str(path)):
        ours, theirs = Http1Client(path=str(path), pid=os.getpid()), Http1Client(path=str(path), pid=os.getpid() + 1)
        with pytest.raises(ConnectionRefusedError, match=f"process {os.getpid()} listens there"):
            await theirs.get("/", timeout=5.0)
        await asyncio.wait_for(server.hung_up.wait(), 5.0)
        assert server.requests == []
        server.hung_up.clear()
        assert (await ours.get("/", timeout=5.0)).body == b"ok"
        ours.close()
        await asyncio.wait_for(server.hung_up.wait(), 5.0)
