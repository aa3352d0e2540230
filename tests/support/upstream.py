"""A small real HTTP/1.1 server for tests to put behind a gateway. Not a fake of anything hactl has.

async with Upstream() as service:
    ... ("127.0.0.1", service.port) ...
    assert service.count == 10
"""

import asyncio
from collections import Counter
from ssl import SSLContext
from typing import Self


class Upstream:
    """Answers every request with `status` and `body` after `delay` seconds, and counts what arrived.

    All of `status`, `body`, `delay` and `headers` may be changed while it runs. While `hold()` is in force requests
    are taken and counted but not answered until `release()`.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        status: int = 200,
        body: bytes = b"ok",
        delay: float = 0.0,
        tls: SSLContext | None = None,
    ) -> None:
        self.tls = tls
        self.host = host
        self.port = port
        self.status = status
        self.body = body
        self.delay = delay
        self.headers: dict[str, str] = {}
        self.truncate = False
        """Promise the whole body, send half of it, and hang up."""
        self.requests: Counter[tuple[str, str]] = Counter()
        """How often each (method, path) arrived."""
        self.bodies: list[bytes] = []
        """Request bodies that were not empty, in order of arrival."""
        self.asked: dict[str, str] = {}
        """Headers of the latest request, names in lower case."""
        self.hosts: set[str] = set()
        """Every Host that requests bore."""
        self._open = asyncio.Event()
        self._open.set()
        self._arrival = asyncio.Condition()
        self._connections: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    def toml(self, prefix: str = "/app", **route: str) -> str:
        """It as the service "app" of a hactl.toml, and the way to it; `route` is more in the table of that."""
        more = "".join(f'{key} = "{value}"\n' for key, value in route.items())
        service = f'[[service]]\nname = "app"\nendpoints = ["{self.host}:{self.port}"]\n'
        return f'{service}\n[[route]]\nprefix = "{prefix}"\nservice = "app"\n{more}'

    @property
    def count(self) -> int:
        """How many requests arrived."""
        return self.requests.total()

    def hold(self) -> None:
        """Take requests, but answer none until `release`."""
        self._open.clear()

    def release(self) -> None:
        """Answer what was held, and everything after it."""
        self._open.set()

    async def arrived(self, count: int, timeout: float = 10.0) -> None:
        """Wait until at least `count` requests have arrived since the start."""
        async with asyncio.timeout(timeout), self._arrival:
            await self._arrival.wait_for(lambda: self.count >= count)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, self.port, backlog=1024, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Hang up on everybody and stop listening; may be called twice."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        self._open.set()
        for writer in tuple(self._connections):
            writer.transport.abort()
        await server.wait_closed()
        async with self._arrival:
            await self._arrival.wait_for(lambda: not self._connections)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            async with self._arrival:
                self._connections.discard(writer)
                self._arrival.notify_all()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        start, *lines = head.rstrip().split("\r\n")
        method, path, _ = start.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await _body(reader, headers)
        async with self._arrival:
            self.requests[method, path] += 1
            self.asked = headers
            self.hosts |= {headers["host"]} if "host" in headers else set()
            if body:
                self.bodies.append(body)
            self._arrival.notify_all()
        if self.delay:
            await asyncio.sleep(self.delay)
        await self._open.wait()
        content = b"" if method == "HEAD" else self.body
        extra = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        if self.truncate:
            content = content[: len(content) // 2]
        start = f"HTTP/1.1 {self.status} X\r\ncontent-length: {len(self.body)}\r\n{extra}\r\n".encode("latin-1")
        # in one piece: an answer whose head has passed a node that is killed before the rest has is cut off
        writer.write(start + content)
        if self.truncate:
            return False
        await writer.drain()
        return headers.get("connection", "").lower() != "close"


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", ""):
        parts = []
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            parts.append((await reader.readexactly(size + 2))[:-2])
        await reader.readuntil(b"\r\n")
        return b"".join(parts)
    return await reader.readexactly(int(headers.get("content-length", "0")))
