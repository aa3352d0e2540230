"""The crew: what is told is told until it is heard, in order, and whoever has moved on is left in peace."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from support.alerts import a_receiver, an_alert
from support.build import a_node, founded
from support.fake_engine import FakeEngine
from support.house import PATIENCE, end

from hactl.core.alert import AlertBook
from hactl.core.errors import HactlError
from hactl.core.hop import Disturbance, Hop, HopFault, HopPhase, to_service
from hactl.core.hop_observations import NodeLed, NodeNotLed
from hactl.core.impairment import Impaired, Impairment, ImpairmentPhase
from hactl.core.model import Fleet, Now
from hactl.core.node import Node, NodeState
from hactl.core.observations import (
    AlertTried,
    BecameHealthy,
    Exited,
    ImpairmentRead,
    ImpairmentRefused,
    Observation,
    PlanApplied,
    Spawned,
)
from hactl.core.plan import TrafficPlan
from hactl.core.value import replace
from hactl.engines.hop.proxy import HopProxy
from hactl.paths import FleetPaths
from hactl.supervisor import procfs
from hactl.supervisor.alerts.delivery import AlertDelivery
from hactl.supervisor.crew import Crew
from hactl.supervisor.process_table import ProcessTable

NAME = "gw-1"


class Engine(FakeEngine):
    """An engine that may be hard of hearing: each `deaf` error is raised once, in order, before it hears."""

    def __init__(self, directory: str) -> None:
        super().__init__(directory)
        self.deaf: list[Exception] = []
        self.told: list[str] = []
        self.telling = asyncio.Event()
        self.heard = asyncio.Event()
        self.forgotten: list[str] = []
        self.has_forgotten = asyncio.Event()
        self.slow: asyncio.Event | None = None

    async def drain(self, node: Node) -> None:
        await self._tell("drain")

    async def undrain(self, node: Node) -> None:
        await self._tell("undrain")

    async def impair(self, node: Node, fault: Impairment | None) -> None:
        await self._tell("impair")
        await super().impair(node, fault)

    async def lead(self, node: Node, services: tuple[str, ...], known: tuple[str, ...]) -> None:
        await self._tell("lead")
        await super().lead(node, services, known)

    async def forget(self, node: Node) -> None:
        self.forgotten.append(node.name)
        self.has_forgotten.set()

    async def _tell(self, what: str) -> None:
        self.told.append(what)
        self.telling.set()
        if self.slow is not None:
            await self.slow.wait()
        if self.deaf:
            raise self.deaf.pop(0)
        self.heard.set()


class Watch:
    """A crew around one fleet; the test changes the fleet, the crew delivers."""

    def __init__(self, nursery) -> None:
        self.nursery = nursery
        self.fleet = replace(founded(), id=nursery.fleet)
        self.fleet = replace(self.fleet, nodes=self.fleet.nodes | {NAME: a_node(NodeState.STARTING, NAME, launch=None)})
        self.engine = Engine(str(nursery.directory))
        self.saw: asyncio.Queue[Observation] = asyncio.Queue()
        self.measured = asyncio.Event()

    @property
    def node(self) -> Node:
        return self.fleet.nodes[NAME]

    def change(self, name: str = NAME, **changes: object) -> Node:
        node = replace(self.fleet.nodes[name], **changes)
        self.fleet = replace(self.fleet, nodes=self.fleet.nodes | {name: node})
        return node

    def look(self) -> Fleet:
        return self.fleet

    def deliver(self, saw: Observation) -> None:
        if isinstance(saw, Spawned):
            self.change(saw.node, launch=saw.launch)
        self.saw.put_nowait(saw)

    async def news(self, kind: type[Observation]) -> Observation:
        async with asyncio.timeout(PATIENCE):
            while not isinstance(saw := await self.saw.get(), kind):
                pass
            return saw

    @asynccontextmanager
    async def on_duty(self) -> AsyncIterator[Crew]:
        clock: Callable[[], Now] = lambda: Now(  # noqa: E731
            mono=asyncio.get_running_loop().time(), wall=0.0, boot=procfs.boot_id()
        )
        table = ProcessTable(
            FleetPaths(self.nursery.directory),
            look=self.look,
            deliver=self.deliver,
            mono=lambda: clock().mono,
            boot=procfs.boot_id(),
        )
        crew = Crew(
            edges=self.engine,
            gateways=self.engine,
            proxy=HopProxy(),
            alerts=AlertDelivery(),
            table=table,
            look=self.look,
            deliver=self.deliver,
            clock=clock,
        )
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            crew.begin(group, measured=self.measured.set, look_after=self._look_after)
            try:
                yield crew
            finally:
                crew.end()
        table.close()

    async def _look_after(self) -> None:
        return

    @asynccontextmanager
    async def at_work(self, state: NodeState) -> AsyncIterator[Crew]:
        """A process that another daemon has started is ours now, and in `state`."""
        launch = self.nursery.start_elsewhere()
        self.change(state=state, launch=launch)
        async with self.on_duty() as crew:
            crew.adopt(NAME, launch)
            yield crew


@pytest.fixture
def watch(nursery) -> Watch:
    return Watch(nursery)


async def test_a_process_that_was_started_is_watched(watch: Watch) -> None:
    """From the first sign of health to its end; then what was kept about it is dropped."""
    async with watch.on_duty() as crew:
        crew.spawn(watch.node, f"{watch.fleet.id}/{NAME}/1")
        await watch.news(Spawned)
        assert await watch.news(BecameHealthy) == BecameHealthy(node=NAME, instance=f"{watch.fleet.id}/{NAME}/1")
        assert watch.node.launch is not None
        watch.change(state=NodeState.BACKOFF)
        end(watch.node.launch)
        await watch.news(Exited)
        await watch.engine.has_forgotten.wait()
    assert watch.engine.forgotten == [NAME]


async def test_the_connections_of_a_successor_are_left_alone(watch: Watch) -> None:
    """The old process's monitor ends some time after the new one has begun, and must not take it for its own."""
    async with watch.at_work(NodeState.SERVING) as crew:
        old = watch.node.launch
        assert old is not None
        await watch.news(BecameHealthy)
        monitors = {task for task in crew._running if task.get_name() == f"monitor {old.instance}"}
        watch.change(state=NodeState.STARTING, launch=None, launches=2)
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait(monitors)
    assert len(monitors) == 1
    assert watch.engine.forgotten == []


@pytest.mark.parametrize("error", [HactlError("does not answer"), OSError("no descriptor left")], ids=type)
async def test_a_drain_is_told_again_until_it_is_heard(watch: Watch, error: Exception) -> None:
    """A busy process may miss it; the edges have moved on already, so there is time."""
    watch.engine.deaf = [error, error]
    async with watch.at_work(NodeState.DRAINING) as crew:
        crew.drain(watch.node)
        await watch.engine.heard.wait()
    assert watch.engine.told == ["drain"] * 3


async def test_nobody_is_told_what_is_no_longer_so(watch: Watch) -> None:
    """It was resumed, or has ended: the drain is given up."""
    watch.engine.deaf = [HactlError("does not answer")] * 1000
    async with watch.at_work(NodeState.DRAINING) as crew:
        node = watch.node
        crew.drain(node)
        await watch.engine.telling.wait()
        watch.change(state=NodeState.SERVING)
        telling = [task for task in crew._running if task.get_name() == f"drain {NAME}"]
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait(telling)
    assert len(watch.engine.told) < 1000


async def test_what_is_told_arrives_in_the_order_of_its_decision(watch: Watch) -> None:
    """A resume that is still on its way never overtakes the drain that followed it."""
    watch.engine.slow = asyncio.Event()
    async with watch.at_work(NodeState.SERVING) as crew:
        crew.undrain(watch.node)
        await watch.engine.telling.wait()
        crew.drain(watch.change(state=NodeState.DRAINING))
        for _ in range(10):
            await asyncio.sleep(0)
        assert watch.engine.told == ["undrain"]
        watch.engine.telling.clear()
        watch.engine.slow.set()
        await watch.engine.telling.wait()
    assert watch.engine.told == ["undrain", "drain"]


@pytest.mark.parametrize(
    ("at", "fault"),
    [
        (ImpairmentPhase.ORDERED, Impairment(failed=20)),
        (ImpairmentPhase.LIFTING, None),
    ],
)
async def test_a_process_is_brought_to_its_impairment_until_it_has_said_so(
    watch: Watch, at: ImpairmentPhase, fault: Impairment | None
) -> None:
    """Told again when it could not be, and what was read back is told to whoever decides."""
    watch.engine.deaf = [HactlError("does not answer")]
    async with watch.at_work(NodeState.SERVING) as crew:
        watch.change(impaired=Impaired(fault=Impairment(failed=20), by="drill x", phase=at))
        crew.impair(NAME)
        saw = await watch.news(ImpairmentRead)
    assert watch.node.launch is not None
    assert saw == ImpairmentRead(node=NAME, instance=watch.node.launch.instance, fault=fault)
    assert watch.engine.told == ["impair"] * 2
    assert watch.engine.faults == {NAME: fault}


async def test_a_process_that_cannot_be_impaired_is_not_told_again(watch: Watch) -> None:
    watch.engine.unimpairable = "it has no filter"
    async with watch.at_work(NodeState.SERVING) as crew:
        watch.change(impaired=Impaired(fault=Impairment(failed=20), by="drill x"))
        crew.impair(NAME)
        saw = await watch.news(ImpairmentRefused)
    assert isinstance(saw, ImpairmentRefused)
    assert saw.why == "it has no filter"
    assert watch.engine.told == ["impair"]


async def test_nothing_is_told_to_whoever_is_impaired_as_wanted(watch: Watch) -> None:
    """Or to a node that has nothing to do with it any more."""
    done = Impaired(fault=Impairment(failed=20), by="drill x", phase=ImpairmentPhase.EFFECTIVE)
    async with watch.at_work(NodeState.SERVING) as crew:
        for impaired in (None, done):
            watch.change(impaired=impaired)
            crew.impair(NAME)
            await next(task for task in crew._running if task.get_name() == f"impair {NAME}")
    assert watch.engine.told == []


def led_to(watch: Watch, phase: HopPhase) -> None:
    hop = Hop(name=to_service("api"), fault=HopFault(what=Disturbance.HOLD), by="drill x", order="op-1", phase=phase)
    watch.fleet = replace(watch.fleet, hops={hop.name: hop})


@pytest.mark.parametrize(
    ("phase", "services"), [(HopPhase.PLACING, ()), (HopPhase.LEADING, ("api",)), (HopPhase.LEAVING, ())]
)
async def test_a_node_is_led_as_it_is_to_be_until_it_has_said_so(
    watch: Watch, phase: HopPhase, services: tuple[str, ...]
) -> None:
    """Told again when it could not be; through the proxy from when that stands until it is to leave."""
    watch.engine.deaf = [HactlError("does not answer")]
    async with watch.at_work(NodeState.SERVING) as crew:
        led_to(watch, phase)
        crew.lead(NAME)
        saw = await watch.news(NodeLed)
    assert watch.node.launch is not None
    assert saw == NodeLed(node=NAME, instance=watch.node.launch.instance, services=services)
    assert watch.engine.told == ["lead"] * 2
    assert watch.engine.led == {NAME: services}


async def test_a_node_that_cannot_be_led_is_not_told_again(watch: Watch) -> None:
    watch.engine.unleadable = "it is too old"
    async with watch.at_work(NodeState.SERVING) as crew:
        led_to(watch, HopPhase.LEADING)
        crew.lead(NAME)
        saw = await watch.news(NodeNotLed)
    assert isinstance(saw, NodeNotLed)
    assert saw.why == "it is too old"
    assert watch.engine.told == ["lead"]


async def test_every_edge_that_serves_gets_the_newest_plan(watch: Watch) -> None:
    """One worker for each, made when it is first needed."""
    for name in ("edge-1", "edge-2"):
        watch.change(name, **{key: getattr(a_node(NodeState.SERVING, name), key) for key in ("state", "launch")})
    watch.fleet = replace(watch.fleet, plan=TrafficPlan(version=3))
    async with watch.on_duty() as crew:
        crew.tell_edges()
        first, second = await watch.news(PlanApplied), await watch.news(PlanApplied)
        crew.tell_edges()
    assert {first.edge, second.edge} == {"edge-1", "edge-2"}  # type: ignore[union-attr]


async def test_nobody_works_for_an_edge_that_has_been_removed(watch: Watch) -> None:
    """A task that waits for its news would wait for ever; one of the same name later has a worker again."""
    watch.change("edge-1", **{key: getattr(a_node(NodeState.SERVING, "edge-1"), key) for key in ("state", "launch")})
    async with watch.on_duty() as crew:
        crew.tell_edges()
        await watch.news(PlanApplied)
        (worker,) = [task for task in crew._running if task.get_name() == "edge edge-1"]
        crew.dismiss(("edge-1", "seoul-9"))
        await worker
        crew.tell_edges()
        await watch.news(PlanApplied)


async def test_every_receiver_of_alerts_has_one_worker_of_its_own(watch: Watch) -> None:
    """Also one that has left the configuration and is still owed something: it is told that it gets nothing."""
    owed = {alert.id: alert for alert in (an_alert(id="a", to="gone"), an_alert(id="b", to="gone"))}
    watch.fleet = replace(watch.fleet, spec=replace(watch.fleet.spec, alerts=(a_receiver(),)))
    watch.fleet = replace(watch.fleet, alerts=AlertBook(pending=owed))
    async with watch.on_duty() as crew:
        crew.tell_couriers()
        crew.tell_couriers()
        workers = [task.get_name() for task in crew._running if task.get_name().startswith("alerts")]
        assert sorted(workers) == ["alerts to gone", "alerts to ops"]
        said = await watch.news(AlertTried)
        assert isinstance(said, AlertTried)
        assert (said.id, said.why) == ("a", "it is no longer in the configuration")


async def test_nobody_works_for_a_receiver_that_is_gone_and_owed_nothing(watch: Watch) -> None:
    """As for an edge; one of the same name later has a worker again."""
    with_one = replace(watch.fleet, spec=replace(watch.fleet.spec, alerts=(a_receiver(),)))
    without = watch.fleet
    async with watch.on_duty() as crew:
        watch.fleet = with_one
        crew.tell_couriers()
        (worker,) = [task for task in crew._running if task.get_name() == "alerts to ops"]
        watch.fleet = without
        crew.tell_couriers()
        await worker
        watch.fleet = replace(with_one, alerts=AlertBook(pending={"c": an_alert(id="c")}))
        crew.tell_couriers()
        said = await watch.news(AlertTried)
        assert isinstance(said, AlertTried)
        assert said.id == "c"


async def test_it_measures_from_the_beginning(watch: Watch) -> None:
    """The first samples are there before anybody asks twice."""
    async with watch.on_duty() as crew:
        await watch.measured.wait()
        assert {sample.node for sample in crew.samples} == set(watch.fleet.nodes)


async def test_news_of_an_edge_comes_with_what_clients_were_doing_there(watch: Watch) -> None:
    """An end or a hang, with the newest reading of every edge; news of anybody else is left as it is."""
    for name in ("edge-1", "edge-2"):
        watch.change(name, **{key: getattr(a_node(NodeState.SERVING, name), key) for key in ("state", "launch")})
    async with watch.on_duty() as crew:
        await watch.measured.wait()
        told = [crew.witnessed(saw) for saw in (Exited(node="edge-1", instance="i"), Exited(node=NAME, instance="i"))]
    edge, node = told
    assert isinstance(edge, Exited)
    assert {use.edge for use in edge.in_use} == {"edge-1", "edge-2"}
    assert node == Exited(node=NAME, instance="i")


async def test_with_an_adopted_edge_a_handover_that_was_left_is_ended(watch: Watch) -> None:
    """The daemon before may have died while it kept new connections from an edge."""
    launch = watch.nursery.start_elsewhere()
    watch.change("edge-1", state=NodeState.SERVING, launch=launch)
    async with watch.on_duty() as crew:
        crew.adopt("edge-1", launch)
        assert "end any handover of edge-1" in {task.get_name() for task in crew._running}


async def test_when_it_ends_nothing_of_it_goes_on(watch: Watch) -> None:
    """Every task is owned and named, and all of them are over."""
    async with watch.at_work(NodeState.DRAINING) as crew:
        watch.engine.slow = asyncio.Event()
        crew.drain(watch.node)
        await asyncio.sleep(0)
        assert {task.get_name().split()[0] for task in crew._running} == {
            "certificate",
            "disturbed",
            "drain",
            "housekeeping",
            "monitor",
            "sampler",
            "vitals",
        }
    assert crew._running == set()
