"""A service whose bodies come and go piece by piece, as the test says. HTTP/1.1, one request per connection.

async with Streaming() as service:
    ...                             # a client asks: head and first piece are sent
    service.say(b"second")          # and so on; `say(b"")` ends the body
    assert await service.heard() == b"a piece of the request's body"
"""

import asyncio
from typing import Self


class Streaming:
    """Answers every request at once with an endless body made of what the test says."""

    def __init__(self) -> None:
        self.port = 0
        self._said: asyncio.Queue[bytes] = asyncio.Queue()
        self._heard: asyncio.Queue[bytes] = asyncio.Queue()
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    def say(self, piece: bytes) -> None:
        """The next piece of the answer's body; an empty one ends it."""
        self._said.put_nowait(piece)

    async def heard(self) -> bytes:
        """The next piece of the request's body; an empty one is its end."""
        async with asyncio.timeout(20.0):
            return await self._heard.get()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n")
            async with asyncio.TaskGroup() as group:
                group.create_task(self._speak(writer))
                if b"transfer-encoding: chunked" in head:
                    group.create_task(self._listen(reader))
        except* (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _speak(self, writer: asyncio.StreamWriter) -> None:
        while piece := await self._said.get():
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            self._heard.put_nowait((await reader.readexactly(size + 2))[:-2])
        self._heard.put_nowait(b"")
