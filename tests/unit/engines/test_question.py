"""One question on a connection of its own: what comes back, and that nothing is left when it is given up."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from support.descriptors import none_left
from support.ports import free_port

from hactl.engines.question import ask, could_not_ask

LONGEST = 1024


@asynccontextmanager
async def served(serve, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """The port of a server whose connections `serve` sees."""
    server = await asyncio.start_server(serve, host, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def descriptors() -> int:
    """How many are open."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_the_first_line_of_the_answer_comes_back(host):
    """In whatever pieces it arrives; what follows it is nobody's business."""
    heard = []

    async def serve(reader, writer):
        heard.append(await reader.readuntil(b"?"))
        for part in (b"HTTP/1.1 2", b"00 OK\r\nmore", b" and more"):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()

    async with served(serve, host) as port:
        assert await ask(host, port, b"well?", longest=LONGEST) == b"HTTP/1.1 200 OK\r"
    assert heard == [b"well?"]


async def test_who_hangs_up_without_a_line_has_said_what_he_has_said():
    """An end of the connection is an end of the line; no line is longer than it may be."""

    async def serve(reader, writer):
        await reader.readuntil(b"?")
        writer.write(b"x" * 5000 if len(seen) else b"half")
        seen.append(1)
        writer.close()

    seen: list[int] = []
    async with served(serve) as port:
        assert await ask("127.0.0.1", port, b"?", longest=LONGEST) == b"half"
        assert LONGEST <= len(await ask("127.0.0.1", port, b"?", longest=LONGEST)) < 2 * LONGEST


@pytest.mark.parametrize("message", [b"", b"?"])
async def test_nobody_there_is_refused(message):
    """With a question or without."""
    with pytest.raises(ConnectionRefusedError, match="refused"):
        await ask("127.0.0.1", free_port(), message, longest=LONGEST)


async def test_without_a_question_a_connection_is_enough():
    """Nothing is said, and nothing waited for."""
    async with served(lambda reader, writer: writer.close()) as port:
        assert await ask("127.0.0.1", port, b"", longest=0) == b""


async def test_a_queue_that_is_full_is_waited_for_and_can_be_given_up():
    """A program that accepts no more: the caller's timeout ends it, and no descriptor or callback is left."""
    before = descriptors()
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for filling in (first, second):
            filling.setblocking(False)
            filling.connect_ex(deaf.getsockname())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ask("127.0.0.1", deaf.getsockname()[1], b"?", longest=LONGEST)
    assert descriptors() == before


async def test_who_does_not_answer_can_be_given_up():
    """The same once the question was sent."""
    let_go = asyncio.Event()

    async def serve(reader, writer):
        await let_go.wait()
        writer.close()

    async with served(serve) as port:
        before = descriptors()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ask("127.0.0.1", port, b"?", longest=LONGEST)
        let_go.set()
        assert descriptors() <= before + 1  # the server's own end


async def test_a_descriptor_that_we_do_not_have_says_nothing_about_them():
    """Nobody listens there either, but that is another matter."""
    port = free_port()
    with pytest.raises(OSError) as refused:
        await ask("127.0.0.1", port, b"?", longest=LONGEST)
    with none_left(), pytest.raises(OSError) as ours:
        await ask("127.0.0.1", port, b"?", longest=LONGEST)
    assert (could_not_ask(refused.value), could_not_ask(ours.value)) == (False, True)
