"""Snapshot, then every update, to each watcher. Never waits for one: a slow one is dropped and resumes by `seq`."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from hactl.core.events import Record
from hactl.core.talk import Measured, News, Snapshot, Update

BACKLOG = 1000
"""Updates a watcher may be behind before it is let go: some minutes of an eventful fleet."""
REMEMBERED = 2000
"""Newest records kept in memory, so that a watcher that comes back soon misses nothing."""


class Feed:
    """The newest records, and everybody who wants the next ones."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot
        self._watchers: set[_Watcher] = set()
        self._recent: deque[Record] = deque(maxlen=REMEMBERED)
        self._closed = False
        self._left = asyncio.Event()

    @property
    def watchers(self) -> int:
        """How many are watching."""
        return len(self._watchers)

    def publish(self, update: News | Measured) -> None:
        """Tell everybody; never waits."""
        if isinstance(update, News):
            self._recent.extend(update.records)
        for watcher in tuple(self._watchers):
            watcher.offer(update)

    def close(self) -> None:
        """Let everybody have what is there, then go: the daemon leaves."""
        self._closed = True
        for watcher in self._watchers:
            watcher.finish()

    async def emptied(self) -> None:
        """Return once every watcher has had everything; belongs after `close`, under a timeout."""
        while self._watchers:
            self._left.clear()
            await self._left.wait()

    async def watch(self, after: int = 0) -> AsyncIterator[Update]:
        """A snapshot first; before it, when `after` is still remembered, the records since then."""
        if self._closed:
            return
        watcher = _Watcher()
        missed = self._since(after)
        if missed:
            watcher.offer(News(records=missed))
        watcher.offer(self._snapshot())
        self._watchers.add(watcher)
        try:
            while (update := await watcher.take()) is not None:
                yield update
        finally:
            self._watchers.discard(watcher)
            self._left.set()

    def _since(self, after: int) -> tuple[Record, ...]:
        """Records behind `after`; none when some of them are no longer remembered: the journal has them."""
        if after <= 0 or not self._recent or self._recent[0].seq > after + 1:
            return ()
        return tuple(record for record in self._recent if record.seq > after)


class _Watcher:
    """One watcher's backlog."""

    def __init__(self) -> None:
        self._updates: deque[Update] = deque()
        self._wake = asyncio.Event()
        self._finished = False

    def offer(self, update: Update) -> None:
        """Add to the backlog; a watcher that is too far behind is let go instead, at once."""
        if self._finished:
            return
        if len(self._updates) >= BACKLOG:
            self._updates.clear()
            self.finish()
            return
        self._updates.append(update)
        self._wake.set()

    def finish(self) -> None:
        """There will be nothing more."""
        self._finished = True
        self._wake.set()

    async def take(self) -> Update | None:
        while not self._updates:
            if self._finished:
                return None
            self._wake.clear()
            await self._wake.wait()
        return self._updates.popleft()
