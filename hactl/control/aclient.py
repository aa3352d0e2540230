"""A daemon at the other end of its socket, as a Controller: for whatever lives long (a drill, a console, a test).

It cannot be told from the Supervisor itself, with one difference: `watch` outlives the daemon. When its stream
breaks it comes back from the last `seq` it gave out, and raises Unreachable only when `patience` is over.

What goes over the socket is `framing`. No HTTP library: those that there are take 6 MB and a third of a second.
"""

import asyncio
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from hactl.control import api, framing
from hactl.control.api import CommandBody, HistoryParams, LogParams, RecordPage, WatchParams, read_error, target
from hactl.control.client import ensure_trusted, unreachable
from hactl.core.codec import decode, encode
from hactl.core.commands import Command
from hactl.core.errors import Unreachable
from hactl.core.events import Record
from hactl.core.talk import Hello, LogPage, News, Query, Receipt, Snapshot, Update

T = TypeVar("T")

_FIRST_RETRY = 0.05
_SLOWEST_RETRY = 1.0
_AT_ONCE = 65536
"""Bytes that are read at a time."""


class AsyncClient:
    """A Controller over a Unix socket; use it as an async context manager.

    Every call raises Unreachable when no daemon answers within `timeout` seconds, CommandRejected when the core
    says no, and HactlError for whatever else the daemon has to say.
    """

    def __init__(self, socket: Path, *, owner: int | None = None, timeout: float = 5.0, patience: float = 10.0) -> None:
        """`owner` is the user whose fleet it is, if that may be another than we are."""
        self._socket = socket
        self._owner = owner
        self._timeout = timeout
        self._patience = patience

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is kept between two questions."""

    async def hello(self) -> Hello:
        """Who is there."""
        return await self._ask("GET", api.HELLO, Hello)

    async def fleet(self) -> Snapshot:
        """See Controller."""
        return await self._ask("GET", api.FLEET, Snapshot)

    async def submit(
        self, command: Command, *, by: str = "", reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        """See Controller. `by` is only a label: the daemon puts the user it knows from the kernel before it."""
        body = CommandBody(command=command, reason=reason, confirm=confirm, label=by, dry_run=dry_run)
        return await self._ask("POST", api.COMMANDS, Receipt, encode(body))

    async def history(self, query: Query) -> list[Record]:
        """See Controller."""
        path = target(api.HISTORY, HistoryParams.of(query))
        return list((await self._ask("GET", path, RecordPage)).records)

    async def log(self, node: str, after: int = -1, lines: int = 100) -> LogPage:
        """See Controller."""
        return await self._ask("GET", target(api.LOG, LogParams(node=node, after=after, lines=lines)), LogPage)

    async def watch(self, after: int = 0) -> AsyncIterator[Update]:
        """See Controller; reconnects on its own after a break, then often with a new Snapshot.

        The first connection is not tried twice. Close the iterator (`contextlib.aclosing`) when leaving early.
        """
        clock = asyncio.get_running_loop().time
        lost: float | None = None
        pause = _FIRST_RETRY
        connected = False
        while True:
            try:
                path = target(api.WATCH, WatchParams(after=after))
                async with self._exchange("GET", path, b"", api.QUIET_LIMIT) as (answer, _):
                    connected, lost = True, None
                    while (line := await answer.line()).endswith(b"\n"):  # else the daemon went in the middle of it
                        pause = _FIRST_RETRY
                        update: Update = decode(line, Update)  # type: ignore[arg-type]
                        after = max(after, _position(update))
                        yield update
                lost = clock()
            except Unreachable:
                lost = clock() if lost is None else lost
                if not connected or clock() - lost > self._patience:
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, _SLOWEST_RETRY)

    async def _ask(self, method: str, path: str, kind: type[T], body: bytes = b"") -> T:
        async with self._exchange(method, path, body, self._timeout) as (answer, length):
            return decode(await answer.read(length), kind)

    @asynccontextmanager
    async def _exchange(
        self, method: str, path: str, body: bytes, timeout: float
    ) -> AsyncIterator[tuple["_Answer", int]]:
        """The body of a 200, to be read, and its length (-1: until the end). Raises what any other status means."""
        with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as connection:
            connection.setblocking(False)
            try:
                async with asyncio.timeout(timeout):
                    await asyncio.get_running_loop().sock_connect(connection, str(self._socket))
                    ensure_trusted(connection, self._socket, self._owner)
                    await _send(connection, framing.request(method, path, body))
                answer = _Answer(connection, timeout)
                status, length = await answer.head()
                if status != 200:
                    raise read_error(status, await answer.read(length))
                yield answer, length
            except OSError as error:
                raise unreachable(self._socket, error) from error


async def _send(connection: sockets.socket, request: bytes) -> None:
    # A daemon that refuses a request reads no further, and its refusal is there to be read.
    with suppress(BrokenPipeError, ConnectionResetError):
        await asyncio.get_running_loop().sock_sendall(connection, request)


class _Answer:
    """What comes back on a connection, as it comes; TimeoutError when nothing does for `timeout` seconds."""

    def __init__(self, connection: sockets.socket, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout
        self._held = bytearray()

    async def head(self) -> tuple[int, int]:
        """Status and content-length (-1: until the end); what follows is the body."""
        status, length = framing.status(await self.line()), -1
        while (line := await self.line()) not in framing.END:
            said = framing.length(line)
            length = length if said is None else said
        return status, length

    async def line(self) -> bytes:
        """Up to a line feed, and with it; what is left when the end comes first."""
        seen = 0
        while (end := self._held.find(b"\n", seen)) < 0:
            seen = len(self._held)
            if not await self._more():
                return self._take(seen)
        return self._take(end + 1)

    async def read(self, length: int) -> bytes:
        """So many bytes, or all there are for -1. Raises ConnectionResetError when the end comes first."""
        while length < 0 or len(self._held) < length:
            if not await self._more():
                break
        if len(self._held) < length:
            raise ConnectionResetError
        return self._take(len(self._held) if length < 0 else length)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken

    async def _more(self) -> bool:
        """False at the end."""
        async with asyncio.timeout(self._timeout):
            come = await asyncio.get_running_loop().sock_recv(self._connection, _AT_ONCE)
        self._held += come
        return bool(come)


def _position(update: Update) -> int:
    match update:
        case Snapshot(fleet=fleet):
            return fleet.seq
        case News(records=records):
            return max((record.seq for record in records), default=0)
        case _:
            return 0
