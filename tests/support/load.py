"""A small open-loop HTTP/1.1 load for tests: requests start on time, however slow the answers are.

async with open_loop(port, rate=300) as load:
    ...                              # break something
    await load.answered(200)         # wait for 200 more answers
assert load.failed == 0, load

It shares no code with hactl's own client, it never sends a request twice, and it stops by itself after `limit`
requests.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

SERVER = "app.test"
"""Whom a client over TLS asks for."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One request that failed."""

    at: float
    """Loop time."""
    why: str
    port: int
    """The client's port of its connection; 0 when there was none."""
    unaccepted: bool
    """Its new connection never brought an answer, or was never made."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One complete answer; times are loop time."""

    due: float
    """When its request was to be sent."""
    done: float
    node: str


@dataclass
class Load:
    """What came of a load so far."""

    sent: int = 0
    ok: int = 0
    """Complete answers with a status below 500."""
    failed: int = 0
    """Everything else: no connection, no complete answer, no answer in time, status >= 500."""
    unaccepted: int = 0
    """Those of them whose new connection was reset while it was made or before its first answer, as the kernel does to
    what still waits to be accepted when a listening socket is closed."""
    statuses: Counter[int] = field(default_factory=Counter)
    nodes: Counter[str] = field(default_factory=Counter)
    """Answers by the header that names the node."""
    answers: list[Answer] = field(default_factory=list, repr=False)
    errors: Counter[str] = field(default_factory=Counter)
    """Why requests failed."""
    failures: list[Failure] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    """Seconds from the moment a request was due to its complete answer."""
    _news: asyncio.Condition = field(default_factory=asyncio.Condition, repr=False)

    def percentile(self, share: float) -> float:
        """The latency in seconds below which `share` (0..1) of the answers stayed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    async def answered(self, more: int, timeout: float = 30.0) -> None:
        """Wait until `more` requests have ended, well or badly, from now on."""
        await self.ended(self.ok + self.failed + more, timeout)

    async def ended(self, count: int, timeout: float = 30.0) -> None:
        """Wait until `count` requests have ended, well or badly, since the load began."""
        await self.until(lambda load: load.ok + load.failed >= count, timeout)

    async def until(self, holds: Callable[["Load"], bool], timeout: float = 30.0) -> None:
        """Wait until something holds of the answers so far."""
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: holds(self))

    def __repr__(self) -> str:
        return f"<load: {self.sent} sent, {self.ok} ok, {self.failed} failed {dict(self.errors)}, {dict(self.nodes)}>"


@asynccontextmanager
async def open_loop(
    port: int,
    *,
    host: str = "127.0.0.1",
    rate: float = 300.0,
    method: str = "GET",
    path: str = "/",
    body: bytes = b"",
    headers: tuple[tuple[str, str], ...] = (),
    keep_alive: bool = True,
    timeout: float = 10.0,
    limit: int = 20_000,
    node_header: str = "x-hactl-node",
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Load]:
    """Send `rate` requests per second to host:port for as long as the block runs, at most `limit` of them.

    Leaving the block stops sending and waits for the answers still due.
    """
    load = Load()
    pool = _Pool(host, port, _request(host, port, method, path, body, headers, keep_alive), node_header, method, tls)
    stop = asyncio.Event()

    async def one(due: float) -> None:
        await _count(load, pool, due, timeout, keep_alive)

    async def pace(group: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        while load.sent < limit and not stop.is_set():
            due = start + load.sent / rate
            if (wait := due - loop.time()) > 0:
                try:
                    await asyncio.wait_for(stop.wait(), wait)
                except TimeoutError:
                    continue
                return
            load.sent += 1
            group.create_task(one(due))

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(pace(group))
            try:
                yield load
            finally:
                stop.set()
    finally:
        pool.close()


async def fetch(
    port: int,
    path: str = "/",
    *,
    host: str = "127.0.0.1",
    method: str = "GET",
    body: bytes = b"",
    headers: tuple[tuple[str, str], ...] = (),
    timeout: float = 10.0,
    tls: ssl.SSLContext | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own: status, headers by lower-case name, body. Raises OSError."""
    pool = _Pool(host, port, _request(host, port, method, path, body, headers, False), "", method, tls)
    async with asyncio.timeout(timeout):
        connection = await pool.take()
        try:
            return await connection.ask(pool.request, method)
        finally:
            connection.close()


async def _count(load: Load, pool: "_Pool", due: float, timeout: float, keep_alive: bool) -> None:
    connection = None
    try:
        async with asyncio.timeout(timeout):
            connection = await pool.take()
            status, headers, _ = await connection.ask(pool.request, pool.method)
    except (OSError, EOFError) as error:
        load.failed += 1
        load.errors[type(error).__name__] += 1
        load.failures.append(_failure(error, connection))
        if connection is not None:
            connection.close()
        fresh = connection is None or not connection.answered
        load.unaccepted += isinstance(error, ConnectionResetError) and fresh
    else:
        load.latencies.append(asyncio.get_running_loop().time() - due)
        load.statuses[status] += 1
        load.nodes[headers.get(pool.node_header, "")] += 1
        done = asyncio.get_running_loop().time()
        load.answers.append(Answer(due=due, done=done, node=headers.get(pool.node_header, "")))
        load.ok += status < 500
        load.failed += status >= 500
        if status >= 500:
            load.errors[f"status {status}"] += 1
            load.failures.append(_failure(f"status {status}", connection))
        pool.give(connection, keep=keep_alive and "close" not in headers.get("connection", "").lower())
    async with load._news:
        load._news.notify_all()


def _failure(why: Exception | str, connection: "_Connection | None") -> Failure:
    return Failure(
        at=asyncio.get_running_loop().time(),
        why=why if isinstance(why, str) else f"{type(why).__name__} {why}",
        port=connection.port if connection is not None else 0,
        unaccepted=connection is None or not connection.answered,
    )


class _Pool:
    def __init__(
        self, host: str, port: int, request: bytes, node_header: str, method: str, tls: ssl.SSLContext | None
    ) -> None:
        self.host, self.port, self.request, self.node_header, self.method = host, port, request, node_header, method
        self.options = {} if tls is None else {"ssl": tls, "server_hostname": SERVER}
        self.idle: list[_Connection] = []

    async def take(self) -> "_Connection":
        while self.idle:
            connection = self.idle.pop()
            if connection.usable:
                return connection
            connection.close()
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self.host, self.port, **self.options)
        return connection

    def give(self, connection: "_Connection", *, keep: bool) -> None:
        if keep and connection.usable:
            self.idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        for connection in self.idle:
            connection.close()


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.port = 0
        self.buffer = bytearray()
        self.ended = False
        self.answered = False
        self.head_only = False
        self.waiter: asyncio.Future[tuple[int, dict[str, str], bytes]] | None = None

    @property
    def usable(self) -> bool:
        return not self.ended and self.transport is not None and not self.transport.is_closing()

    async def ask(self, request: bytes, method: str) -> tuple[int, dict[str, str], bytes]:
        self.head_only = method == "HEAD"
        self.waiter = asyncio.get_running_loop().create_future()
        if self.ended or self.transport is None:
            raise ConnectionResetError("closed before the request")
        self.transport.write(request)
        return await self.waiter

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        answer = _answer(self.buffer, self.head_only)
        if answer is not None and self.waiter is not None and not self.waiter.done():
            self.buffer.clear()
            self.answered = True
            self.waiter.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_exception(exc or ConnectionResetError("closed before the answer was complete"))


def _request(
    host: str, port: int, method: str, path: str, body: bytes, headers: tuple[tuple[str, str], ...], keep_alive: bool
) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}:{port}", *(f"{name}: {value}" for name, value in headers)]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"content-length: {len(body)}")
    if not keep_alive:
        lines.append("connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _answer(buffer: bytearray, head_only: bool) -> tuple[int, dict[str, str], bytes] | None:
    """The first complete answer in `buffer`, or None when some of it is still to come."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    start, *lines = bytes(buffer[:end]).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status, rest = int(start.split(" ", 2)[1]), bytes(buffer[end + 4 :])
    if head_only or status in (204, 304):
        return status, headers, b""
    if "chunked" in headers.get("transfer-encoding", ""):
        body = _unchunk(rest)
        return None if body is None else (status, headers, body)
    length = int(headers.get("content-length", "0"))
    return None if len(rest) < length else (status, headers, rest[:length])


def _unchunk(data: bytes) -> bytes | None:
    body = b""
    while (line := data.find(b"\r\n")) >= 0:
        size = int(data[:line].split(b";")[0], 16)
        if len(data) < line + 4 + size:
            return None
        if size == 0:
            return body
        body += data[line + 2 : line + 2 + size]
        data = data[line + 4 + size :]
    return None
