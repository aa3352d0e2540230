"""The story of `hactl demo`: under load, kill the busiest node of a fleet and show from both sides what happened.

A client of a Controller like any other, with no way of its own into the fleet. It runs in sequence, in the caller's
task; cancelled anywhere, it takes the load with it. The numbers are put together in `demo_report`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Protocol, Self

from hactl.control.controller import Controller
from hactl.core.commands import Kill
from hactl.core.errors import HactlError
from hactl.core.events import Record
from hactl.core.machine import evolve
from hactl.core.model import Fleet
from hactl.core.reading import is_serving, read
from hactl.core.talk import News, Query, Snapshot, Update
from hactl.drill.demo_report import DemoReport, conclude
from hactl.drill.load_plan import LoadPlan, Progress
from hactl.drill.records import Records
from hactl.drill.timeline import Timeline, read_timeline

KILL_AT = 0.4
"""Part of the load's duration after which the node is killed."""
_RETRY = 0.2
"""Seconds before a watch that ended is opened again."""
_PAGE = 500
"""Records asked for at a time when a watch could not resume."""


class LoadSource(Protocol):
    """A load that runs while the context is entered; `LoadProcess` is one."""

    plan: LoadPlan

    async def __aenter__(self) -> Self:
        """Begin to send."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, at once if need be."""
        ...

    async def progress(self) -> Progress | None:
        """How it stands, about once a second; None when every request is done."""
        ...

    async def finish(self) -> Records:
        """Every request, when all are done."""
        ...


async def failover_demo(
    controller: Controller,
    load: LoadSource,
    *,
    say: Callable[[str], None],
    node: str | None = None,
    by: str = "demo",
    patience: float = 30.0,
) -> DemoReport:
    """Wait until the fleet serves, start the load, kill `node` (default: the busiest) and report.

    `say` gets a line for everything that happens. `patience` is seconds: for the fleet to serve, and for the capacity
    to come back. Raises HactlError when the fleet does not serve or the load breaks, CommandRejected when the kill is
    refused.
    """
    fleet = await _serving(controller, patience)
    say(f"fleet {fleet.name!r}: {read(fleet).sentence}")
    async with load:
        say(f"load: {load.plan.rate:g} requests/s to {load.plan.url} for {load.plan.duration:g} s")
        await _until(load, KILL_AT * load.plan.duration)
        now = await controller.fleet()
        victim = node or busiest(now)
        receipt = await controller.submit(Kill(nodes=(victim,)), by=by, reason="failover demo")
        story = _Story(controller, victim, receipt.operation, after=now.fleet.seq, say=say)
        await story.follow(patience)
        say("waiting for the load to end")
        records = await load.finish()
    return conclude(now.fleet, load.plan, story.timeline, records)


def busiest(snapshot: Snapshot) -> str:
    """The serving node that gets most requests; without measurements, the first. Raises HactlError when none serves."""
    serving = [node.name for node in snapshot.fleet.gateways if node.serviceable]
    if not serving:
        raise HactlError("no node serves", "see `hactl status`")
    rates = {sample.node: sample.requests or 0.0 for sample in snapshot.samples}
    return max(serving, key=lambda name: rates.get(name, 0.0))


async def _serving(controller: Controller, patience: float) -> Fleet:
    # The fleet is followed, not polled: the demo begins the moment the last edge has proved its plan.
    fleet = Fleet()
    try:
        async with asyncio.timeout(patience):
            while True:
                async with _closing(controller.watch(fleet.seq)) as updates:
                    async for update in updates:
                        fleet = _follow(fleet, update)
                        if is_serving(fleet):
                            return fleet
                await asyncio.sleep(_RETRY)
    except TimeoutError as error:
        raise HactlError(f"the fleet does not serve: {read(fleet).sentence}", "see `hactl status`") from error


def _follow(fleet: Fleet, update: Update) -> Fleet:
    if isinstance(update, Snapshot):
        return update.fleet
    if isinstance(update, News):
        for record in update.records:
            if record.seq > fleet.seq:
                fleet = evolve(fleet, record.event)
    return fleet


async def _until(load: LoadSource, moment: float) -> None:
    while (progress := await load.progress()) is not None:
        if progress.t >= moment:
            return
    raise HactlError("the load ended before a node could be killed", "choose a longer duration")


class _Story:
    """One kill, followed in the journal and told as it goes."""

    def __init__(
        self, controller: Controller, node: str, operation: str, *, after: int, say: Callable[[str], None]
    ) -> None:
        self._controller = controller
        self._operation = operation
        self._say = say
        self._records: list[Record] = []
        self._seq = after
        self.timeline = Timeline(node=node)

    async def follow(self, patience: float) -> None:
        """Return when the failover is over, or after `patience` seconds with what is known by then."""
        try:
            async with asyncio.timeout(patience):
                while not self.timeline.over:
                    await self._watch_once()
        except TimeoutError:
            self._say("the failover is not over, giving up on it")

    async def _watch_once(self) -> None:
        async with _closing(self._controller.watch(self._seq)) as updates:
            async for update in updates:
                if isinstance(update, News):
                    self._take(update.records)
                elif isinstance(update, Snapshot) and update.fleet.seq > self._seq:
                    # The watch could not resume where it was: the journal knows what lies between.
                    query = Query(after=self._seq, before=update.fleet.seq + 1, limit=_PAGE)
                    self._take(await self._controller.history(query))
                if self.timeline.over:
                    return
        await asyncio.sleep(_RETRY)

    def _take(self, records: list[Record] | tuple[Record, ...]) -> None:
        fresh = [record for record in records if record.seq > self._seq]
        if not fresh:
            return
        self._records += fresh
        self._seq = fresh[-1].seq
        told = len(self.timeline.steps)
        self.timeline = read_timeline(self._records, self.timeline.node, self._operation)
        for ms, text in self.timeline.steps[told:]:
            self._say(f"  {ms:8.1f} ms  {text}")


@asynccontextmanager
async def _closing(updates: AsyncIterator[Update]) -> AsyncIterator[AsyncIterator[Update]]:
    # A watch left half-way must free its connection now and not when the collector finds it.
    try:
        yield updates
    finally:
        close = getattr(updates, "aclose", None)
        if close is not None:
            await close()
