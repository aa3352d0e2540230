"""A daemon at the other end of its socket, as a Controller: for whatever lives long (a drill, a console, a test).

It cannot be told from the Supervisor itself, with one difference: `watch` outlives the daemon. When its stream
breaks it comes back from the last `seq` it gave out, and raises Unreachable only when `patience` is over.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, cast

import httpx

from hactl.control import api
from hactl.control.api import CommandBody, HistoryParams, LogParams, RecordPage, WatchParams, read_error, target
from hactl.control.client import unreachable
from hactl.core.codec import decode, encode
from hactl.core.commands import Command
from hactl.core.errors import Unreachable
from hactl.core.events import Record
from hactl.core.talk import PROTOCOL, Hello, LogPage, News, Query, Receipt, Snapshot, Update

T = TypeVar("T")

_FIRST_RETRY = 0.05
_SLOWEST_RETRY = 1.0


class AsyncClient:
    """A Controller over a Unix socket; use it as an async context manager.

    Every call raises Unreachable when no daemon answers within `timeout` seconds, CommandRejected when the core
    says no, and HactlError for whatever else the daemon has to say.
    """

    def __init__(self, socket: Path, *, timeout: float = 5.0, patience: float = 10.0) -> None:
        self._socket = socket
        self._patience = patience
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(socket)),
            base_url="http://hactl",
            headers={api.PROTOCOL_HEADER: str(PROTOCOL)},
            timeout=httpx.Timeout(timeout),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

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
        """See Controller; comes back by itself after a break, then often with a new Snapshot.

        The first connection is not tried twice. Close the iterator (`contextlib.aclosing`) when leaving early.
        """
        clock = asyncio.get_running_loop().time
        lost: float | None = None
        pause = _FIRST_RETRY
        connected = False
        while True:
            try:
                async with self._stream(after) as lines:
                    connected, lost = True, None
                    async for line in lines:
                        pause = _FIRST_RETRY
                        update: Update = decode(line, Update)  # type: ignore[arg-type]
                        after = max(after, _position(update))
                        yield update
            except Unreachable:
                lost = clock() if lost is None else lost
                if not connected or clock() - lost > self._patience:
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, _SLOWEST_RETRY)

    async def _ask(self, method: str, path: str, kind: type[T], body: bytes = b"") -> T:
        try:
            response = await self._http.request(method, path, content=body)
        except httpx.TransportError as error:
            raise unreachable(self._socket, _cause(error)) from error
        if response.status_code != 200:
            raise read_error(response.status_code, response.content)
        return decode(response.content, kind)

    @asynccontextmanager
    async def _stream(self, after: int) -> AsyncIterator[AsyncIterator[bytes]]:
        path = target(api.WATCH, WatchParams(after=after))
        try:
            async with self._http.stream("GET", path, timeout=api.QUIET_LIMIT) as response:
                if response.status_code != 200:
                    raise read_error(response.status_code, await response.aread())
                async with aclosing(_lines(response)) as lines:
                    yield lines
        except httpx.TransportError as error:
            raise unreachable(self._socket, _cause(error)) from error


async def _lines(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Whole lines. Not httpx's own: those also split at characters that are ordinary inside JSON (U+2028)."""
    rest = b""
    async with aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_raw())) as chunks:
        async for chunk in chunks:
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line


def _position(update: Update) -> int:
    match update:
        case Snapshot(fleet=fleet):
            return fleet.seq
        case News(records=records):
            return max((record.seq for record in records), default=0)
        case _:
            return 0


def _cause(error: httpx.TransportError) -> Exception:
    """The operating system's word for what httpx ran into."""
    match error:
        case httpx.TimeoutException():
            return TimeoutError()
        case httpx.RemoteProtocolError() | httpx.ReadError() | httpx.WriteError():
            return ConnectionResetError()
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    return cause or error
