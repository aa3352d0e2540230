"""A small real Controller in memory, for whoever needs somebody to talk to. It decides nothing: replies are scripted.

Records are kept, watchers are fed and let go when they are too slow, history is filtered; only the core is missing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

from hactl.core.commands import Command, Request
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.events import Event, Record
from hactl.core.model import Fleet
from hactl.core.talk import LogPage, Measured, News, Query, Receipt, Snapshot, Update
from hactl.core.value import replace

Reply = Receipt | Exception


class MemoryController:
    """A fleet that does what the test says. `room` is how many updates a watcher may leave unread."""

    def __init__(self, fleet: Fleet | None = None, *, room: int = 64) -> None:
        self.mono: Callable[[int], float] = float
        """When a record was written, by its number."""
        self.snapshot = Snapshot(fleet=fleet or Fleet(id="f1", name="test"), at=1.0, mono=1.0)
        self.records: list[Record] = []
        self.logs: dict[str, tuple[str, ...]] = {}
        self.requests: list[Request] = []
        """Every command that arrived, dry runs included."""
        self.dry_runs = 0
        self.reply: Reply | Callable[[Request, bool], Reply] = Receipt(seq=0, sentence="done")
        """What `submit` answers or raises; or how to find that out from a request, and whether it is a dry run."""
        self.failure: Exception | None = None
        """What every other verb raises."""
        self.attempts = 0
        """How often somebody wanted to watch, whether or not that could be."""
        self._room = room
        self._queues: set[asyncio.Queue[Update | None]] = set()
        self._changed = asyncio.Condition()
        self._open = asyncio.Event()
        self._open.set()

    @property
    def watchers(self) -> int:
        """Iterators somebody is reading."""
        return len(self._queues)

    @property
    def unread(self) -> int:
        """Updates that watchers have not taken yet."""
        return sum(queue.qsize() for queue in self._queues)

    def hold(self) -> asyncio.Event:
        """Every command waits until the event that is given back is set, as with a daemon that is slow to answer."""
        self._open = asyncio.Event()
        return self._open

    @property
    def held(self) -> bool:
        """Commands wait."""
        return not self._open.is_set()

    def refused(self, command: Request, dry_run: bool) -> Reply:
        """A `reply`: a rule forbids it to whoever does not give the fleet's name."""
        if command.confirm == self.snapshot.fleet.name:
            return Receipt(seq=1, sentence="as you wish")
        return CommandRejected(
            "1 node would be left", f"if you mean it: --confirm {self.snapshot.fleet.name}", guard=True
        )

    async def until_watchers(self, count: int) -> None:
        """Return once exactly `count` iterators are open."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.watchers == count)

    def happen(self, *events: Event) -> None:
        """Journal events and tell every watcher."""
        seq = self.snapshot.fleet.seq
        news = tuple(
            Record(seq=number, wall=float(number), mono=self.mono(number), event=event)
            for number, event in enumerate(events, start=seq + 1)
        )
        self.records.extend(news)
        self.snapshot = replace(self.snapshot, fleet=replace(self.snapshot.fleet, seq=seq + len(news)))
        self.tell(News(records=news))

    def tell(self, update: Update) -> None:
        """Send an update to every watcher; one that has no room left is let go."""
        for queue in self._queues:
            if queue.qsize() < self._room:
                queue.put_nowait(update)
            else:
                queue.put_nowait(None)

    def let_go(self) -> None:
        """End every watcher's iterator, as when it is too slow."""
        for queue in self._queues:
            queue.put_nowait(None)

    async def fleet(self) -> Snapshot:
        self._fail()
        return self.snapshot

    async def submit(
        self, command: Command, *, by: str, reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        await self._open.wait()
        self.requests.append(Request(command=command, by=by, reason=reason, confirm=confirm))
        self.dry_runs += dry_run
        reply = self.reply(self.requests[-1], dry_run) if callable(self.reply) else self.reply
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def watch(self, after: int = 0) -> AsyncIterator[Update]:
        self.attempts += 1
        self._fail()
        queue: asyncio.Queue[Update | None] = asyncio.Queue()
        queue.put_nowait(self._first(after))
        await self._count(queue, open_=True)
        try:
            while (update := await queue.get()) is not None:
                yield update
        finally:
            await self._count(queue, open_=False)

    async def history(self, query: Query) -> list[Record]:
        self._fail()
        fits = [record for record in self.records if _fits(record, query)]
        return fits[: query.limit] if query.after or query.since else fits[-query.limit :]

    async def log(self, node: str, after: int = -1, lines: int = 100) -> LogPage:
        self._fail()
        if node not in self.logs:
            raise HactlError(f"no process is called '{node}'", "hactl status")
        known = self.logs[node]
        start = max(0, len(known) - lines) if after < 0 else after
        page = known[start : start + lines]
        return LogPage(node=node, lines=page, after=start + len(page))

    def _first(self, after: int) -> Update:
        missed = tuple(record for record in self.records if record.seq > after)
        if not 0 < after <= self.snapshot.fleet.seq:
            return self.snapshot
        return News(records=missed) if missed else Measured(at=self.snapshot.at)

    async def _count(self, queue: asyncio.Queue[Update | None], *, open_: bool) -> None:
        async with self._changed:
            if open_:
                self._queues.add(queue)
            else:
                self._queues.discard(queue)
            self._changed.notify_all()

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


def _fits(record: Record, query: Query) -> bool:
    return (
        record.seq > query.after
        and (not query.before or record.seq < query.before)
        and record.wall >= query.since
        and (not query.kinds or type(record.event).__name__ in query.kinds)
    )
