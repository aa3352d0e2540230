"""The story of `hactl demo`: under load, kill the busiest node of a fleet and show from both sides what happened.

A client of a Controller like any other, with no way of its own into the fleet. It runs in sequence, in the caller's
task; cancelled anywhere, it takes the load with it. The numbers are put together in `demo_report`.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from hactl.control.controller import Controller
from hactl.core.commands import Kill
from hactl.core.errors import HactlError
from hactl.core.reading import is_serving, read
from hactl.core.talk import Snapshot
from hactl.drill.demo_report import DemoReport, conclude
from hactl.drill.following import Follower
from hactl.drill.load_plan import LoadPlan, Progress
from hactl.drill.records import Records
from hactl.drill.timeline import Timeline, read_timeline

KILL_AT = 0.4
"""Part of the load's duration after which the node is killed."""


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
    follower = Follower(controller, (await controller.fleet()).fleet)
    async with follower.following():
        if not await follower.until(lambda: is_serving(follower.fleet), patience):
            raise HactlError(f"the fleet does not serve: {read(follower.fleet).sentence}", "see `hactl status`")
        say(f"fleet {follower.fleet.name!r}: {read(follower.fleet).sentence}")
        async with load:
            say(f"load: {load.plan.rate:g} requests/s to {load.plan.url} for {load.plan.duration:g} s")
            await _until(load, KILL_AT * load.plan.duration)
            now = await controller.fleet()
            victim = node or busiest(now)
            receipt = await controller.submit(Kill(nodes=(victim,)), by=by, reason="failover demo")
            story = _Story(follower, victim, receipt.operation, say=say)
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


async def _until(load: LoadSource, moment: float) -> None:
    while (progress := await load.progress()) is not None:
        if progress.t >= moment:
            return
    raise HactlError("the load ended before a node could be killed", "choose a longer duration")


class _Story:
    """One kill, read from the journal and told as it goes."""

    def __init__(self, follower: Follower, node: str, operation: str, *, say: Callable[[str], None]) -> None:
        self.timeline = Timeline(node=node)
        self._follower = follower
        self._operation = operation
        self._say = say

    async def follow(self, patience: float) -> None:
        """Return when the failover is over, or after `patience` seconds with what is known by then."""
        if not await self._follower.until(self._over, patience):
            self._say("the failover has not finished, giving up on it")

    def _over(self) -> bool:
        told = len(self.timeline.steps)
        self.timeline = read_timeline(self._follower.records, self.timeline.node, self._operation)
        for ms, text in self.timeline.steps[told:]:
            self._say(f"  {ms:8.1f} ms  {text}")
        return self.timeline.over
