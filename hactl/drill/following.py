"""A fleet followed through its event stream, by callers that need every event: nothing is missed, nothing is polled.

It outlives the daemon: when the stream breaks it is taken up again, and what happened meanwhile comes from the journal.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import assert_never

from hactl.control.controller import Controller
from hactl.core.draft import evolve
from hactl.core.drill_events import DrillKept
from hactl.core.errors import HactlError
from hactl.core.events import OperationEnded, Record
from hactl.core.model import Fleet
from hactl.core.talk import Measured, News, Query, Snapshot, Update
from hactl.drill.retries import EdgeRate, edge_rate

_RETRY = 0.2
"""Seconds before a stream that ended is asked for again."""
_PAGE = 500


class Follower:
    """The fleet as it is, and every record since it was first looked at but for signs of life: those are most of all,
    and whoever counts them asks the journal."""

    def __init__(self, controller: Controller, fleet: Fleet) -> None:
        self.began = fleet
        """The fleet at the beginning."""
        self.fleet = fleet
        self.records: list[Record] = []
        self.rates: list[EdgeRate] = []
        """What the edges did, second by second."""
        self._controller = controller
        self._news = asyncio.Condition()

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow for as long as the context is entered."""
        failed: Exception | None = None
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._follow(), name="follow the fleet")
            try:
                yield
            except Exception as error:
                failed = error  # it is not this group's, and leaves as what it is
            finally:
                task.cancel()
        if failed is not None:
            raise failed

    async def until(self, wanted: Callable[[], bool], patience: float) -> bool:
        """Wait until `wanted` holds, which is looked at whenever something has happened; False when it does not in
        `patience` seconds."""
        try:
            async with asyncio.timeout(patience), self._news:
                await self._news.wait_for(wanted)
        except TimeoutError:
            return wanted()
        return True

    async def beyond(self, count: int) -> list[Record]:
        """What has come after the first `count` records, as soon as there is anything."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.records) > count)
        return self.records[count:]

    async def ended(self, operation: str, patience: float) -> OperationEnded | None:
        """How an operation ended; None when it has not in `patience` seconds."""
        await self.until(lambda: self.ending(operation) is not None, patience)
        return self.ending(operation)

    def ending(self, operation: str) -> OperationEnded | None:
        """How an operation ended, if it has."""
        for record in reversed(self.records):
            if isinstance(record.event, OperationEnded) and record.event.id == operation:
                return record.event
        return None

    async def _follow(self) -> None:
        while True:
            try:
                async with _closing(self._controller.watch(self.fleet.seq)) as updates:
                    async for update in updates:
                        await self._take(update)
            except HactlError:
                pass  # there will be another daemon, or whoever waits for one loses patience
            await asyncio.sleep(_RETRY)

    async def _take(self, update: Update) -> None:
        match update:
            case News(records=records):
                self._note(records)
            case Measured(samples=samples):
                edges = [edge.name for edge in self.fleet.edges]
                if (rate := edge_rate(time.monotonic(), samples, edges)) is not None:
                    self.rates.append(rate)
            case Snapshot(fleet=fleet):
                while self.fleet.seq < fleet.seq:
                    missed = await self._controller.history(Query(after=self.fleet.seq, limit=_PAGE))
                    if not missed:
                        break
                    self._note(missed)
            case _:
                assert_never(update)
        async with self._news:
            self._news.notify_all()

    def _note(self, records: Iterable[Record]) -> None:
        for record in records:
            if record.seq > self.fleet.seq:
                if not isinstance(record.event, DrillKept):
                    self.records.append(record)
                self.fleet = evolve(self.fleet, record.event)


@asynccontextmanager
async def _closing(updates: AsyncIterator[Update]) -> AsyncIterator[AsyncIterator[Update]]:
    # A watch left half-way must free its connection now and not when the collector finds it.
    try:
        yield updates
    finally:
        close = getattr(updates, "aclose", None)
        if close is not None:
            await close()
