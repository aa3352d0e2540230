"""Bytes on a socket, for clients that no library would be: malformed, slow, or not reading at all.

async with raw(port) as client:
    assert await client.ask(b"nonsense") == 400
    await client.hung_up()
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PATIENCE = 20.0
"""Seconds after which something that does not happen has failed; never a measure of anything."""
GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
"""A request nothing is wrong with."""


class Raw:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, data: bytes) -> None:
        """Send without waiting for anything."""
        self._writer.write(data)

    async def ask(self, request: bytes) -> int:
        """The status of the answer to `request`; 0 when the connection ends without one."""
        return (await self.answer(request))[0]

    async def answer(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status (0 without an answer), headers by lower-case name, body as far as a content-length tells it."""
        try:
            async with asyncio.timeout(PATIENCE):
                self.send(request)
                head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                start, *lines = head.rstrip().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0, {}, b""
        return int(start.split(" ")[1]), headers, body

    async def read(self) -> bytes:
        """Whatever comes next; empty when the other side has hung up."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self._reader.read(1 << 16)
            except ConnectionError:
                return b""

    async def hung_up(self) -> None:
        """Wait until the other side closes the connection. Raises TimeoutError when it does not."""
        while await self.read():
            pass


@asynccontextmanager
async def raw(port: int, *, host: str = "127.0.0.1", receive: int = 0) -> AsyncIterator[Raw]:
    """A connection to host:port, aborted afterwards. `receive` bytes are all its kernel buffer takes; 0: as usual."""
    door = socket.socket()
    door.setblocking(False)
    if receive:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    try:
        await asyncio.get_running_loop().sock_connect(door, (host, port))
        reader, writer = await asyncio.open_connection(sock=door, limit=max(receive, 1 << 12))
    except BaseException:
        door.close()
        raise
    try:
        yield Raw(reader, writer)
    finally:
        writer.transport.abort()
