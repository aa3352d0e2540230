"""A watcher is served for as long as both sides want, and not a moment longer."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from support.control import served
from support.controller import MemoryController

from hactl.core.errors import HactlError
from hactl.core.events import DaemonStopped
from hactl.core.talk import Update


async def test_a_watcher_who_leaves_is_forgotten_at_once(tmp_path: Path) -> None:
    """A closed connection closes the iterator, even while nothing happens that could be sent."""
    async with served(MemoryController(), tmp_path) as door:
        _, writer = await asyncio.open_unix_connection(door.socket)
        writer.write(b"GET /v1/watch HTTP/1.1\r\nhost: x\r\n\r\n")
        await door.controller.until_watchers(1)
        writer.close()
        async with asyncio.timeout(20):
            await door.controller.until_watchers(0)


async def test_a_watcher_who_does_not_read_is_let_go(tmp_path: Path) -> None:
    """A stuck client costs a bounded buffer for a bounded time, then its connection and its iterator are gone."""
    async with served(MemoryController(room=4), tmp_path, stall=0.2) as door:
        reader, writer = await asyncio.open_unix_connection(door.socket)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET /v1/watch HTTP/1.1\r\nhost: x\r\n\r\n")
        await door.controller.until_watchers(1)
        async with asyncio.timeout(20):
            while door.controller.watchers:
                door.controller.happen(*[DaemonStopped(pid=number) for number in range(500)])
                await asyncio.sleep(0)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert not (await _rest(reader)).endswith(b"0\r\n\r\n"), "a broken stream must not look finished"
        writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def test_a_stream_ends_in_order_when_the_iterator_does(tmp_path: Path) -> None:
    """The slow watcher that the feed lets go sees a complete answer and can come back."""
    async with served(MemoryController(), tmp_path) as door:
        reader, writer = await asyncio.open_unix_connection(door.socket)
        writer.write(b"GET /v1/watch HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        await door.controller.until_watchers(1)
        door.controller.let_go()
        assert (await reader.read()).endswith(b"\r\n0\r\n\r\n")
        writer.close()


async def test_a_stream_that_breaks_does_not_look_finished(tmp_path: Path) -> None:
    """An error in the middle of a watch cuts the connection: there is no other way left to say it."""

    class Breaking(MemoryController):
        async def watch(self, after: int = 0) -> AsyncIterator[Update]:
            yield self.snapshot
            raise HactlError("the journal is gone")

    async with asyncio.timeout(20), served(Breaking(), tmp_path) as door:
        reader, writer = await asyncio.open_unix_connection(door.socket)
        writer.write(b"GET /v1/watch HTTP/1.1\r\nhost: x\r\n\r\n")
        answer = await _rest(reader)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert not answer.endswith(b"0\r\n\r\n")
        writer.close()


async def test_an_iterator_is_closed_by_hand(tmp_path: Path) -> None:
    """Its end is not left to the garbage collector: not every iterator is a generator."""

    class Endless:
        """An iterator that holds something until it is closed."""

        def __init__(self) -> None:
            self.closed = asyncio.Event()

        def __aiter__(self) -> AsyncIterator[Update]:
            return self

        async def __anext__(self) -> Update:
            return await asyncio.get_running_loop().create_future()

        async def aclose(self) -> None:
            self.closed.set()

    class Holding(MemoryController):
        updates = Endless()

        def watch(self, after: int = 0) -> AsyncIterator[Update]:
            return self.updates

    async with served(Holding(), tmp_path), asyncio.timeout(20):
        _, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
        writer.write(b"GET /v1/watch HTTP/1.1\r\nhost: x\r\n\r\n")
        await writer.drain()
        writer.close()
        await Holding.updates.closed.wait()
