"""Reading, second by second, what nodes have sent to a service. What that means is `arrivals`."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from hactl.drill.arrivals import Arrived

EVERY = 1.0
"""Seconds between two readings."""


class Arrivals:
    """Reads as long as `counting` is entered, and whenever it is asked to."""

    def __init__(self, read: Callable[[], Awaitable[Mapping[str, int]]]) -> None:
        """`read` says what each node has sent by now; nothing of those that do not answer."""
        self.readings: list[Arrived] = []
        self._read = read

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[None]:
        """Read now, and every second from now on."""
        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(self._go_on(), name="count arrivals")
            try:
                yield
            finally:
                reader.cancel()

    async def note(self, within: float | None = None) -> None:
        """Read now; what takes longer than `within` seconds is no reading."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                if counts := dict(await self._read()):
                    self.readings.append(Arrived(at=time.monotonic(), counts=counts))

    async def _go_on(self) -> None:
        while True:
            await self.note()
            await asyncio.sleep(EVERY)
