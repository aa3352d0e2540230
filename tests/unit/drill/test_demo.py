"""The demo's story, told by the real core in a world that answers by itself, in virtual time."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from types import TracebackType

import pytest

from hactl.core.commands import Command, Request
from hactl.core.config_events import FleetFounded
from hactl.core.draft import evolve
from hactl.core.effects import ApplyTraffic, Effect, SendSignal, Spawn
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.events import Record
from hactl.core.founding import lay_out
from hactl.core.machine import step
from hactl.core.model import Fleet, Now, Sample
from hactl.core.node import Launch
from hactl.core.observations import BecameHealthy, Exited, Observation, PlanApplied, Spawned
from hactl.core.recovery import Arrival, Found, recover
from hactl.core.spec import FleetSpec, RegionSpec
from hactl.core.talk import LogPage, Measured, News, Query, Receipt, Snapshot, Update
from hactl.drill.demo import failover_demo
from hactl.drill.load_plan import LoadPlan, Progress
from hactl.drill.records import Records, Row

Gate = Callable[[str], None]


class World:
    """A Controller over the real core. Processes and edges do what they are told, 3 ms each, when somebody watches."""

    def __init__(self, nodes: int = 3, *, drop_after: int = 1000, resumes: bool = True) -> None:
        spec = FleetSpec(regions=(RegionSpec(name="local", nodes=nodes),))
        founded = FleetFounded(id="f", revision=1, spec=spec, nodes=lay_out(spec, iter(range(20000, 20100))))
        self.fleet_now = Fleet()
        self.records: list[Record] = []
        self.mono = 1000.0
        self.watching = 0
        self.busiest = ""
        self.gate: Gate = lambda _: None
        self.blocked = asyncio.Event()
        self.asked = asyncio.Event()
        """Somebody wants something: those who watch perform it."""
        self.todo: deque[Effect] = deque()
        self._drop_after, self._resumes = drop_after, resumes
        self.repairs = True
        self._record((founded,), "")
        decision = recover(self.fleet_now, Found(), Arrival(pid=1, version="0"), self._now())
        self._record(decision.events, "")
        self.todo += decision.effects

    async def fleet(self) -> Snapshot:
        await self.reach("fleet")
        samples = (Sample(node=self.busiest, at=0.0, requests=99.0),) if self.busiest else ()
        return Snapshot(fleet=self.fleet_now, at=0.0, mono=self.mono, samples=samples)

    async def submit(
        self, command: Command, *, by: str, reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        await self.reach("submit")
        decision = step(self.fleet_now, Request(command=command, by=by, reason=reason), self._now())
        self._record(decision.events, by)
        self.todo += decision.effects
        self.asked.set()
        return Receipt(seq=self.fleet_now.seq, operation=decision.operation)

    async def watch(self, after: int = 0) -> AsyncIterator[Update]:
        self.watching += 1
        try:
            await self.reach("watch")
            if after == 0 or not self._resumes:
                after = self.fleet_now.seq
                yield Snapshot(fleet=self.fleet_now, at=0.0, mono=self.mono)
            for _ in range(self._drop_after):
                news = tuple(record for record in self.records if record.seq > after)
                if news:
                    after = news[-1].seq
                    yield News(records=news)
                elif self.todo:
                    self._perform(self.todo.popleft())
                else:
                    yield Measured(at=0.0)
                    self.asked.clear()
                    await self.asked.wait()
        finally:
            self.watching -= 1

    async def history(self, query: Query) -> list[Record]:
        wanted = [record for record in self.records if query.after < record.seq < (query.before or 1 << 60)]
        return wanted[: query.limit]

    async def log(self, node: str, after: int = -1, lines: int = 100) -> LogPage:
        raise AssertionError("the demo reads no logs")

    async def reach(self, place: str) -> None:
        self.gate(place)
        await asyncio.sleep(0)
        if self.blocked.is_set():
            await asyncio.Event().wait()

    def _now(self) -> Now:
        return Now(mono=self.mono, wall=self.mono, boot="b")

    def _record(self, events: tuple[object, ...], by: str) -> None:
        for event in events:
            self.fleet_now = evolve(self.fleet_now, event)  # type: ignore[arg-type]
            seq = self.fleet_now.seq
            self.records.append(Record(seq=seq, wall=0.0, mono=self.mono, event=event, by=by))  # type: ignore[arg-type]

    def _perform(self, effect: Effect) -> None:
        for saw in self._consequences(effect):
            self.mono += 0.003
            decision = step(self.fleet_now, saw, self._now())
            self._record(decision.events, "")
            self.todo += decision.effects

    def _consequences(self, effect: Effect) -> list[Observation]:
        match effect:
            case Spawn(node=node, instance=instance):
                if node.launches and not self.repairs:
                    return []
                launch = Launch(instance=instance, pid=1, ticks=1, boot="b", at=self.mono)
                return [Spawned(node=node.name, launch=launch), BecameHealthy(node=node.name, instance=instance)]
            case SendSignal(launch=launch, node=name, signal="KILL"):
                return [Exited(node=name, instance=launch.instance, signal=9)]
            case ApplyTraffic(plan=plan):
                edges = [edge for edge in self.fleet_now.edges if edge.launch]
                return [
                    PlanApplied(edge=edge.name, instance=edge.launch.instance, version=plan.version)
                    for edge in edges
                    if edge.launch
                ]
            case _:
                return []


class PlayedLoad:
    """A load whose clock is the world's: one second of it passes with each line of progress."""

    def __init__(self, world: World, failing: int = 0) -> None:
        self.plan = LoadPlan(url="http://127.0.0.1:8080/", rate=100, duration=10)
        self.running = 0
        self._world = world
        self._failing = failing
        self.t = 0

    async def __aenter__(self) -> "PlayedLoad":
        await self._world.reach("enter")
        self.running += 1
        self._began = self._world.mono
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.running -= 1

    async def progress(self) -> Progress | None:
        await self._world.reach("progress")
        if self.t >= self.plan.duration:
            return None
        self.t += 1
        self._world.mono = self._began + self.t
        return Progress(t=self.t, sent=100 * self.t, failed=0)

    async def finish(self) -> Records:
        await self._world.reach("finish")
        due = [self._began + i / self.plan.rate for i in range(self.plan.count)]
        return Records(
            Row(moment, moment, moment + 0.001, 503 if i < self._failing else 200, f"local-{i % 3 + 1}", "")
            for i, moment in enumerate(due)
        )


async def test_the_busiest_node_is_killed_and_everything_is_measured() -> None:
    """A whole demo: wait for the fleet, load it, kill the busiest node, and show the failover from both sides."""
    world = World()
    world.busiest = next(node.name for node in world.fleet_now.gateways[1:2])
    load = PlayedLoad(world)
    said: list[str] = []
    report = await failover_demo(world, load, say=said.append)
    assert report.ok
    assert report.timeline.node == world.busiest
    assert report.timeline.complete
    assert report.timeline.seen_ms == pytest.approx(3)
    assert 0 < report.timeline.seen_ms < report.timeline.moved_ms < report.timeline.back_ms  # type: ignore[operator]
    assert set(report.timeline.edges_ms) == {"edge-1", "edge-2"}
    assert (report.nodes, report.edges, report.whole.requests) == (3, 2, 1000)
    assert said[0] == "fleet 'default': 3 nodes and 2 edges serve"
    assert [line.strip().partition("ms  ")[2] for line in said if " ms  " in line] == [
        text for _, text in report.timeline.steps
    ]
    assert (load.running, world.watching) == (0, 0)


async def test_a_named_node_is_the_one_that_dies() -> None:
    """Who names a node gets that one killed."""
    world = World()
    name = world.fleet_now.gateways[2].name
    report = await failover_demo(world, PlayedLoad(world), say=lambda _: None, node=name)
    assert report.timeline.node == name


@pytest.mark.parametrize("resumes", [True, False])
async def test_a_watch_that_breaks_off_loses_nothing(resumes: bool) -> None:
    """A dropped watch is opened again, and what lies between is read from the journal."""
    world = World(drop_after=9, resumes=resumes)
    report = await failover_demo(world, PlayedLoad(world), say=lambda _: None)
    assert report.ok
    assert set(report.timeline.edges_ms) == {"edge-1", "edge-2"}


async def test_failed_requests_fail_the_demo() -> None:
    """A perfect timeline does not excuse one failed request."""
    world = World()
    report = await failover_demo(world, PlayedLoad(world, failing=1), say=lambda _: None)
    assert report.timeline.complete
    assert not report.ok


async def test_a_fleet_that_does_not_serve_is_said_and_not_loaded() -> None:
    """Nothing is started against a fleet that never comes up."""
    world = World()
    world.todo.clear()
    load = PlayedLoad(world)
    with pytest.raises(HactlError, match="the fleet does not serve: no node serves"):
        await failover_demo(world, load, say=lambda _: None, patience=0.05)
    assert (load.running, load.t, world.watching) == (0, 0, 0)


async def test_a_capacity_that_never_comes_back_ends_the_wait() -> None:
    """Without a new process the demo gives up after its patience and says which part is missing."""
    world = World()
    await serve(world)
    world.repairs = False
    report = await failover_demo(world, PlayedLoad(world), say=lambda _: None, patience=0.2)
    assert report.timeline.moved_ms is not None
    assert not report.ok
    assert "came back" in report.why


async def test_a_refused_kill_ends_the_load() -> None:
    """A safety rule refuses the last serving node: the demo says so and stops asking."""
    world = World(nodes=1)
    load = PlayedLoad(world)
    with pytest.raises(CommandRejected):
        await failover_demo(world, load, say=lambda _: None)
    assert (load.running, world.watching) == (0, 0)


@pytest.mark.parametrize(
    ("place", "time"),
    [("fleet", 1), ("watch", 1), ("enter", 1), ("progress", 2), ("fleet", 2), ("submit", 1), ("finish", 1)],
)
async def test_interrupted_anywhere_it_leaves_nothing_behind(place: str, time: int) -> None:
    """Ctrl-C at every step: the load is gone and no watch stays open."""
    world = World()
    load = PlayedLoad(world)
    reached = asyncio.Event()
    count = 0

    def gate(here: str) -> None:
        nonlocal count
        count += here == place
        if here == place and count == time:
            reached.set()
            world.blocked.set()

    world.gate = gate
    demo = asyncio.get_running_loop().create_task(failover_demo(world, load, say=lambda _: None))
    await reached.wait()
    demo.cancel()
    await asyncio.wait([demo])
    assert demo.cancelled()
    assert world.watching == 0
    assert load.running == 0


async def serve(world: World) -> None:
    async for _ in (updates := world.watch()):
        if not world.todo:
            break
    await updates.aclose()  # type: ignore[attr-defined]
