"""What a load reports while it runs, and when clients suffer so much that a drill is given up."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from hactl.core.errors import HactlError
from hactl.drill.definition import AbortRule
from hactl.drill.demo import LoadSource
from hactl.drill.load_plan import Progress
from hactl.drill.records import Records
from hactl.drill.verdict import GIVEN_UP


class Load(LoadSource, Protocol):
    """A load that can be ended before its time."""

    warm: bool
    """Every connection of the warm-up got an answer."""

    @property
    def pid(self) -> int:
        """Of its process."""
        ...

    retried: Records
    """Requests of the clients that try again; complete when `finish` has returned."""
    others: Records
    """Requests of other clients; complete when `finish` has returned."""

    def stop(self) -> None:
        """Send nothing more; what is under way is still waited for."""
        ...


class Clients:
    """A load that is watched; `said` has everything it has said so far, about one line a second."""

    def __init__(
        self,
        load: Load,
        rules: Sequence[AbortRule],
        stop: Callable[[str], None],
        heard: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        """`stop` hears why the drill is to be given up, `heard` everything that the load says."""
        self.said: list[Progress] = []
        self._load = load
        self._rules = rules
        self._stop = stop
        self._heard = heard
        self._watcher: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Send requests and watch what becomes of them, for as long as the context is entered."""
        async with self._load, asyncio.TaskGroup() as tasks:
            self._watcher = tasks.create_task(self._follow(), name="watch the load")
            try:
                yield
            finally:
                self._watcher.cancel()

    @property
    def warm(self) -> bool:
        """Every connection of the warm-up got an answer."""
        return self._load.warm

    @property
    def retried(self) -> Records:
        """Every request of the clients that try again, when `records` has returned."""
        return self._load.retried

    @property
    def others(self) -> Records:
        """Every request of other clients, when `records` has returned."""
        return self._load.others

    async def records(self) -> Records:
        """Send nothing more, and return every request."""
        self._load.stop()
        if self._watcher is not None:
            await asyncio.wait((self._watcher,))  # two cannot read what one says
        return await self._load.finish()

    async def _follow(self) -> None:
        """Until the load ends, or breaks."""
        load = self._load
        try:
            while (progress := await load.progress()) is not None:
                self.said.append(progress)
                self._heard(progress)
                for rule in self._rules:
                    if broken(rule, self.said):
                        least = f"below {rule.below * 100:g} % for {rule.lasting:g} s"
                        self._stop(f"{GIVEN_UP}: {rule.probe} {least}")
        except HactlError as error:
            self._stop(f"the load failed: {error.message}")

    @property
    def availability(self) -> float | None:
        """The part of all requests so far that did not fail; None before the first line."""
        return 1 - self.said[-1].failed / self.said[-1].sent if self.said and self.said[-1].sent else None


def broken(rule: AbortRule, said: Sequence[Progress]) -> bool:
    """Whether `rule` has been broken all the time it asks for: in each of its windows that ended lately."""
    if not said or said[-1].t < rule.window + rule.lasting:
        return False
    ends = [one for one in said[:-1] if one.t > said[-1].t - rule.lasting]
    return all(available(end, said, rule.window) < rule.below for end in (*ends, said[-1]))


def available(end: Progress, said: Sequence[Progress], window: float) -> float:
    """The part of the requests that did not fail in the `window` seconds before `end`; 1 when there were none."""
    begin = next((one for one in reversed(said) if one.t <= end.t - window), Progress(t=0.0, sent=0, failed=0))
    sent = end.sent - begin.sent
    return 1.0 if sent <= 0 else 1 - (end.failed - begin.failed) / sent
