"""One worker per edge: the newest plan wins, a refusal is told once, nobody waits for anybody else's edge."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from support.build import a_launch, a_node, a_spec, founded

from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.node import Node, NodeState
from hactl.core.observations import Observation, PlanApplied, PlanRejected
from hactl.core.plan import TrafficPlan
from hactl.core.running import PlanRefused
from hactl.core.value import replace
from hactl.supervisor.edges import EdgeWorker

SOON = 0.001
NEVER = 3600.0


class Ward:
    """A fleet whose edges serve; plans that edges are shown go through `publishing`, one after another."""

    def __init__(self) -> None:
        fleet = founded(a_spec(edges=2))
        edges = {name: a_node(NodeState.SERVING, name) for name in ("edge-1", "edge-2")}
        self.fleet = replace(fleet, nodes=fleet.nodes | edges, plan=TrafficPlan(version=1))
        self.shown: list[tuple[str, int]] = []
        self.saw: asyncio.Queue[Observation] = asyncio.Queue()
        self.publishing: Callable[[str, int], Awaitable[None]] = self.taken
        self.workers: dict[str, EdgeWorker] = {}

    async def taken(self, edge: str, version: int) -> None:
        """Any plan is fine."""

    async def publish(self, edge: Node, fleet: Fleet, plan: TrafficPlan) -> None:
        self.shown.append((edge.name, plan.version))
        await self.publishing(edge.name, plan.version)

    def deliver(self, saw: Observation) -> None:
        """As the core does: an edge that has proved a plan is on record with it."""
        if isinstance(saw, PlanApplied):
            confirmed, proved = {saw.edge: saw.version}, {saw.edge: saw.revision}
            self.fleet = replace(
                self.fleet, confirmed=self.fleet.confirmed | confirmed, proved=self.fleet.proved | proved
            )
        self.saw.put_nowait(saw)

    def decide(self, version: int) -> None:
        """There is a new plan."""
        self.fleet = replace(self.fleet, plan=TrafficPlan(version=version))
        for worker in self.workers.values():
            worker.tell()

    def change(self, name: str, **changes: object) -> None:
        """Something about an edge is different now."""
        edge = replace(self.fleet.nodes[name], **changes)
        self.fleet = replace(self.fleet, nodes=self.fleet.nodes | {name: edge})

    @asynccontextmanager
    async def working(self, *edges: str, retry: float = SOON) -> AsyncIterator[None]:
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            for name in edges or ("edge-1",):
                worker = EdgeWorker(name, self, look=lambda: self.fleet, deliver=self.deliver, retry=retry)  # type: ignore[arg-type]
                self.workers[name] = worker
            tasks = [group.create_task(worker.run()) for worker in self.workers.values()]
            yield
            for task in tasks:
                task.cancel()


def applied(version: int, edge: str = "edge-1") -> PlanApplied:
    return PlanApplied(edge=edge, instance=a_launch(edge).instance, version=version)


async def rest() -> None:
    """Let everything run that can run without time passing."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def ward() -> Ward:
    return Ward()


async def test_a_plan_is_published_and_the_proof_reported(ward: Ward) -> None:
    """What the worker reports is what the edge has proved, by the launch that proved it."""
    async with ward.working():
        ward.decide(2)
        assert await ward.saw.get() == applied(2)
    assert ward.shown == [("edge-1", 2)]


async def test_the_newest_plan_wins(ward: Ward) -> None:
    """Plans decided while one is on its way are not published one by one: the newest goes out next, at once."""
    underway, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(edge: str, version: int) -> None:
        underway.set()
        await go_on.wait()

    ward.publishing = slowly
    async with ward.working(retry=NEVER):
        ward.decide(2)
        await underway.wait()
        for version in (3, 4, 5):
            ward.decide(version)
        go_on.set()
        assert [await ward.saw.get(), await ward.saw.get()] == [applied(2), applied(5)]
    assert ward.shown == [("edge-1", 2), ("edge-1", 5)]


async def test_a_slow_edge_holds_up_nobody(ward: Ward) -> None:
    """One edge hangs in a publication; the other has its plan."""

    async def first_hangs(edge: str, version: int) -> None:
        if edge == "edge-1":
            await asyncio.Event().wait()

    ward.publishing = first_hangs
    async with ward.working("edge-1", "edge-2"):
        ward.decide(2)
        assert await ward.saw.get() == applied(2, "edge-2")
        ward.decide(3)
        assert await ward.saw.get() == applied(3, "edge-2")
    assert ward.shown.count(("edge-1", 2)) == 1


@pytest.mark.parametrize(
    "error", [PlanRefused("cannot use it"), HactlError("cannot use it"), OSError("cannot use it")], ids=type
)
async def test_a_refusal_is_told_once_and_the_plan_offered_again(ward: Ward, error: Exception) -> None:
    """An edge that would not take a plan, or a disk that would not take its files, may do so later."""
    refusals = iter([error] * 3)

    async def refused_thrice(edge: str, version: int) -> None:
        for refusal in refusals:
            raise refusal

    ward.publishing = refused_thrice
    async with ward.working():
        ward.decide(2)
        first, second = await ward.saw.get(), await ward.saw.get()
    instance = a_launch("edge-1").instance
    assert first == PlanRejected(edge="edge-1", instance=instance, version=2, why="cannot use it")
    assert second == applied(2)
    assert ward.shown == [("edge-1", 2)] * 4


async def test_every_version_and_every_launch_has_its_own_refusal(ward: Ward) -> None:
    """The core must hear of each change that was refused, and by whom."""

    async def never(edge: str, version: int) -> None:
        raise PlanRefused("no")

    ward.publishing = never
    async with ward.working():
        ward.decide(2)
        assert await ward.saw.get() == PlanRejected(
            edge="edge-1", instance=a_launch("edge-1").instance, version=2, why="no"
        )
        ward.decide(3)
        again = await ward.saw.get()
        ward.change("edge-1", launch=a_launch("edge-1", 2))
        other = await ward.saw.get()
    assert isinstance(again, PlanRejected)
    assert again.version == 3
    assert isinstance(other, PlanRejected)
    assert (other.instance, other.version) == (a_launch("edge-1", 2).instance, 3)


async def test_news_is_not_kept_waiting_by_a_refusal(ward: Ward) -> None:
    """A failover may come right after a plan that was refused: it goes out at once, not after the pause."""

    async def refuses_two(edge: str, version: int) -> None:
        if version == 2:
            raise PlanRefused("no")

    ward.publishing = refuses_two
    async with ward.working(retry=NEVER):
        ward.decide(2)
        await ward.saw.get()
        await rest()
        ward.decide(3)
        assert await ward.saw.get() == applied(3)


async def test_a_plan_that_was_overtaken_is_not_reported_as_refused(ward: Ward) -> None:
    """Nobody cares any more; to undo a change for it would undo the wrong one."""
    underway, go_on = asyncio.Event(), asyncio.Event()

    async def refuses_two(edge: str, version: int) -> None:
        if version == 2:
            underway.set()
            await go_on.wait()
            raise PlanRefused("no")

    ward.publishing = refuses_two
    async with ward.working(retry=NEVER):
        ward.decide(2)
        await underway.wait()
        ward.decide(3)
        go_on.set()
        assert await ward.saw.get() == applied(3)
    assert ward.saw.empty()


@pytest.mark.parametrize("state", [state for state in NodeState if state.name not in ("SERVING", "DRAINING")])
async def test_an_edge_that_is_not_up_is_left_alone(ward: Ward, state: NodeState) -> None:
    """It reads the plan in force when it starts; there is nobody to prove anything."""
    ward.change("edge-1", state=state)
    async with ward.working():
        ward.decide(2)
        await rest()
        assert ward.shown == []
        ward.change("edge-1", state=NodeState.SERVING)
        ward.workers["edge-1"].tell()
        assert await ward.saw.get() == applied(2)


async def test_a_plan_that_is_proved_already_is_not_published_again(ward: Ward) -> None:
    """Being told twice does no harm."""
    async with ward.working():
        ward.decide(2)
        await ward.saw.get()
        ward.workers["edge-1"].tell()
        await rest()
    assert ward.shown == [("edge-1", 2)]


async def test_the_worker_of_an_edge_that_is_removed_ends(ward: Ward) -> None:
    """At once, also when it is offering a plan that is not taken, and when another edge has the name by then."""

    async def refused(edge: str, version: int) -> None:
        raise PlanRefused("no")

    ward.publishing = refused
    worker = EdgeWorker("edge-1", ward, look=lambda: ward.fleet, deliver=ward.deliver, retry=NEVER)  # type: ignore[arg-type]
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(worker.run())
        worker.tell()
        await ward.saw.get()
        worker.dismiss()
