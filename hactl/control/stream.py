"""One watcher's answer: every update on a line of its own, for as long as both sides want. Not what it is fed with.

Three things end it, each at once: the iterator ends (the watcher was too slow, the daemon leaves), the client goes,
the server stops. A client that stays but does not read is dropped after `stall` seconds, because its iterator cannot
end while a line waits to be sent. In every case the iterator is closed by the task that reads it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hactl.core.codec import encode
from hactl.core.errors import HactlError
from hactl.core.secrets import masked
from hactl.core.talk import Update

_FAREWELL = 0.5
"""Seconds in which the end of a stream must be sent."""


class UpdateStream(Response):
    """The response of `GET /v1/watch`. `open_streams` holds its task while it runs: cancel that to end it in order."""

    media_type = "application/x-ndjson"

    def __init__(
        self,
        updates: AsyncIterator[Update],
        *,
        open_streams: set[asyncio.Task[None]],
        stall: float,
        abort: Callable[[], None],
    ) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._updates = updates
        self._open_streams = open_streams
        self._stall = stall
        self._abort = abort
        self._started = False
        self._failure: HactlError | None = None

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the end. Raises the iterator's HactlError when it comes instead of the first update."""
        async with asyncio.TaskGroup() as tasks:
            pump = tasks.create_task(self._pump(send), name="watch: send updates")
            leave = tasks.create_task(_until_gone(receive, pump), name="watch: await the client's end")
            self._open_streams.add(pump)
            pump.add_done_callback(self._open_streams.discard)
            pump.add_done_callback(lambda _: leave.cancel())
        if self._failure is not None and not self._started:
            raise self._failure
        await self._end(send)

    async def _pump(self, send: Send) -> None:
        try:
            async for update in self._updates:
                if not await self._sent(send, encode(masked(update)) + b"\n"):
                    break
        except HactlError as error:
            self._failure = error
        finally:
            close = getattr(self._updates, "aclose", None)
            if close is not None:
                await close()

    async def _sent(self, send: Send, line: bytes) -> bool:
        """Whether the client took the line in time; if not, it is dropped."""
        try:
            async with asyncio.timeout(self._stall):
                await self._begin(send)
                await send({"type": "http.response.body", "body": line, "more_body": True})
        except TimeoutError:
            self._abort()
            return False
        return True

    async def _begin(self, send: Send) -> None:
        if not self._started:
            self._started = True
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})

    async def _end(self, send: Send) -> None:
        if self._failure is not None:
            self._abort()  # a clean end would hide that the stream broke
        try:
            async with asyncio.timeout(_FAREWELL):
                await self._begin(send)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            self._abort()


async def _until_gone(receive: Receive, pump: asyncio.Task[None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    pump.cancel()
