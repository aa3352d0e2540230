"""A small keep-alive HTTP/1.1 client over TCP or a Unix socket, for calls made many times a second.

Not a general client: no TLS, no redirects, no proxies, bodies held in memory. It exists because the daemon probes
every node many times a second and a call must cost well under a tenth of a millisecond of CPU.

A call may be sent twice, when a kept connection turns out to have been closed meanwhile: use it only for calls that
do no harm when repeated, which holds for every probe and every admin call.

Everything that goes wrong is an OSError: TimeoutError, ConnectionError and its kinds, or what the kernel said.
"""

import asyncio
import socket
import struct
from typing import NamedTuple

_KEPT = 2
"""Idle connections kept: a slow read of statistics must not hold up a probe."""
MAX_SIZE = 8 << 20
"""Bytes of one response; 2,000 endpoints with all their statistics stay below it."""
_CREDENTIALS = struct.Struct("3i")
"""Process, user and group, as they were when it began to listen."""


class Response(NamedTuple):
    """A complete response."""

    status: int
    headers: dict[str, str]
    """By lower-case name; of a repeated name the last value."""
    body: bytes


class Http1Client:
    """Calls one server, at a TCP address or a Unix socket. Belongs to the event loop it is first used in."""

    def __init__(
        self,
        *,
        host: str = "",
        port: int = 0,
        path: str = "",
        pid: int = 0,
        authority: str = "",
        max_size: int = MAX_SIZE,
    ) -> None:
        """Give `host` and `port`, or the `path` of a Unix socket; `authority` is the Host header.

        With `pid` nothing is said to any other process that listens there.
        """
        self._host = host
        self._port = port
        self._path = path
        self._pid = pid
        self._max_size = max_size
        name = f"[{host}]" if ":" in host else host
        self._host_line = f"host: {authority or (f'{name}:{port}' if host else 'localhost')}\r\n"
        self._idle: list[_Connection] = []

    async def get(self, target: str, *, timeout: float, headers: str = "") -> Response:
        """GET `target` within `timeout` seconds in all, with more `headers` as lines. Raises OSError."""
        return await self._call(f"GET {target} HTTP/1.1\r\n{self._host_line}{headers}\r\n".encode("latin-1"), timeout)

    async def post(self, target: str, *, timeout: float, headers: str = "") -> Response:
        """POST nothing to `target` within `timeout` seconds in all, with more `headers` as lines. Raises OSError."""
        head = f"POST {target} HTTP/1.1\r\n{self._host_line}{headers}content-length: 0\r\n\r\n"
        return await self._call(head.encode("latin-1"), timeout)

    def close(self) -> None:
        """Drop every kept connection; the client may be used again."""
        for connection in self._idle:
            connection.abort()
        self._idle.clear()

    async def _call(self, request: bytes, timeout: float) -> Response:
        deadline = asyncio.get_running_loop().time() + timeout
        while self._idle:
            connection = self._idle.pop()
            if not connection.open:
                continue
            try:
                return await self._ask(connection, request, deadline)
            except _ClosedMeanwhileError:
                break
        return await self._ask(await self._connect(deadline), request, deadline)

    async def _connect(self, deadline: float) -> "_Connection":
        loop = asyncio.get_running_loop()

        def protocol() -> _Connection:
            return _Connection(loop, self._max_size)

        async with asyncio.timeout_at(deadline):
            if self._path:
                transport, connection = await loop.create_unix_connection(protocol, self._path)
                self._check_listener(transport)
            else:
                _, connection = await loop.create_connection(protocol, self._host, self._port)
        return connection

    def _check_listener(self, transport: asyncio.BaseTransport) -> None:
        if not self._pid:
            return
        kept = transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid, _, _ = _CREDENTIALS.unpack(kept)
        if pid != self._pid:
            transport.close()
            raise ConnectionRefusedError(f"process {pid} listens there, not {self._pid}")

    async def _ask(self, connection: "_Connection", request: bytes, deadline: float) -> Response:
        try:
            response = await connection.ask(request, deadline)
        except BaseException:
            connection.abort()
            raise
        if connection.open and len(self._idle) < _KEPT:
            self._idle.append(connection)
        else:
            connection.abort()
        return response


class _ClosedMeanwhileError(ConnectionResetError):
    """A connection that had served before was closed before any byte of the next response came."""


class _Connection(asyncio.Protocol):
    """One connection and at most one call on it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, max_size: int) -> None:
        self.open = True
        self._loop = loop
        self._max_size = max_size
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiter: asyncio.Future[Response] | None = None
        self._calls = 0

    async def ask(self, request: bytes, deadline: float) -> Response:
        """Send `request` and wait for the whole response until `deadline` (loop time)."""
        self._calls += 1
        waiter: asyncio.Future[Response] = self._loop.create_future()
        self._waiter = waiter
        if self._transport is None or self._transport.is_closing():
            self._fail(None)
        else:
            self._transport.write(request)
        alarm = self._loop.call_at(deadline, self._expire, waiter)
        try:
            return await waiter
        finally:
            alarm.cancel()
            self._waiter = None

    def abort(self) -> None:
        """Close at once, unsent bytes included."""
        self.open = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            self.abort()  # bytes nobody asked for: whatever comes next could not be trusted either
            return
        self._buffer += data
        try:
            if len(self._buffer) > self._max_size:
                raise ValueError(f"the response is larger than {self._max_size} bytes")
            response = _parse(self._buffer)
        except ValueError as error:
            self.abort()
            waiter.set_exception(ConnectionError(f"not a usable http response: {error}"))
            return
        if response is not None:
            self._buffer.clear()
            self.open = self.open and response.headers.get("connection", "").lower() != "close"
            waiter.set_result(response)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        self._fail(exc)

    def _fail(self, exc: Exception | None) -> None:
        if self._waiter is None or self._waiter.done():
            return
        if self._calls > 1 and not self._buffer:
            self._waiter.set_exception(_ClosedMeanwhileError("closed between two calls"))
        else:
            self._waiter.set_exception(exc or ConnectionResetError("closed before the response was complete"))

    def _expire(self, waiter: "asyncio.Future[Response]") -> None:
        if not waiter.done():
            waiter.set_exception(TimeoutError("no complete response in time"))


def _parse(buffer: bytearray) -> Response | None:
    """The response that fills `buffer`; None while some of it is to come. Raises ValueError for anything else."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    start, *lines = buffer[:end].decode("latin-1").split("\r\n")
    version, _, rest = start.partition(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise ValueError(f"it starts with {start[:40]!r}")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if version == "HTTP/1.0":
        headers.setdefault("connection", "close")
    status = int(rest[:3])
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = _unchunk(buffer, end + 4)
        return None if body is None else Response(status, headers, body)
    if status in (204, 304):
        return Response(status, headers, b"")
    if "content-length" not in headers:
        raise ValueError("it has neither a length nor chunks")
    length = int(headers["content-length"])
    have = len(buffer) - end - 4
    if have < length:
        return None
    if have > length:
        raise ValueError("more bytes than announced")
    return Response(status, headers, bytes(buffer[end + 4 :]))


def _unchunk(buffer: bytearray, at: int) -> bytes | None:
    body = bytearray()
    while (line := buffer.find(b"\r\n", at)) >= 0:
        size = int(buffer[at:line].split(b";", 1)[0], 16)
        if size < 0:
            raise ValueError("a chunk of negative size")
        after = line + 2 + size
        if len(buffer) < after + 2:
            return None
        if size == 0:
            return bytes(body)
        body += buffer[line + 2 : after]
        at = after + 2
    return None
