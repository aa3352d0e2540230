"""Nodes that a drill makes slow or failing, as their clients see it, and that are well again whatever becomes of it.

A client of the test's own measures; what hactl says of the fault is only ever compared with that.
"""

from contextlib import AbstractAsyncContextManager

import pytest
import pytest_asyncio
from support.drills import on_loan
from support.fleet import TIRELESS, Region, RunningFleet
from support.load import open_loop

from hactl.core.commands import BeginDrill, Freeze, Heal, Impair, KeepDrill, SetWeight
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.events import NodeChanged
from hactl.core.impairment import Impairment, ImpairmentPhase
from hactl.core.model import Fleet
from hactl.core.operation import Outcome
from hactl.core.reading import explain
from hactl.core.traffic import confirmed
from hactl.core.value import replace
from hactl.engines.envoy.gateway import EnvoyGateway

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

NAME = "local-1"
DELAY = 0.3
TIMER = 0.005
"""Seconds by which a timer may ring early: Envoy's count whole milliseconds."""
SLOW = Impairment(delay=DELAY, delayed=100)
ERRING = Impairment(status=503, failed=100)
RATE = 200
MANY = 120
"""Requests after which a node of two has had dozens."""
TERM = 2.0
"""Seconds; of drills whose runner falls silent."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet():
    """Three nodes behind two edges, asked in turn, so that a slow one gets its share like the others."""
    async with RunningFleet(regions=(Region(nodes=3),), edge='policy = "round-robin"', extra=TIRELESS) as running:
        yield running


def phase(fleet: Fleet, name: str = NAME) -> ImpairmentPhase | None:
    impaired = fleet.nodes[name].impaired
    return None if impaired is None else impaired.phase


def drilling(fleet: RunningFleet, *nodes: str, lease: float = 60.0) -> AbstractAsyncContextManager[str]:
    """A drill on some nodes, until the block is left or it is over."""
    return on_loan(fleet, BeginDrill(name="node-slow", nodes=nodes or (NAME,), lease=lease, longest=120.0))


async def latencies(fleet: RunningFleet, path: str = "/") -> dict[str, list[float]]:
    """Seconds that answers took, by node; the load is open, so nobody waits for a slow one."""
    async with open_loop(fleet.port, rate=RATE, path=path) as load:
        await load.answered(MANY)
    assert load.failed == 0, load
    taken: dict[str, list[float]] = {}
    for answer in load.answers:
        taken.setdefault(answer.node, []).append(answer.done - answer.due)
    return taken


@pytest.mark.parametrize("path", ["/", "/-/echo"])
async def test_a_slow_node_is_slow_for_clients_and_for_nobody_else(fleet, path):
    """Every request to it takes the delay longer, on hactl's own route as on yours; its checks do not, so it stays in
    rotation, and the edges' proofs do not, so plans are confirmed as fast as ever."""
    async with drilling(fleet):
        await fleet.command(Impair(nodes=(NAME,), fault=SLOW))
        assert explain(fleet.now.nodes[NAME]) == "impaired by drill node-slow: +300 ms on 100 %"
        taken = await latencies(fleet, path)
        assert min(taken[NAME]) > DELAY - TIMER
        assert all(min(times) < DELAY for name, times in taken.items() if name != NAME)
        assert fleet.now.nodes[NAME].serviceable
    assert min((await latencies(fleet, path))[NAME]) < DELAY


async def test_a_failing_node_fails_what_it_was_told_to(fleet):
    """Its answers are answers: nobody retries them, and nobody takes it out for them."""
    async with drilling(fleet):
        await fleet.command(Impair(nodes=(NAME,), fault=replace(ERRING, failed=50)))
        async with open_loop(fleet.port, rate=RATE) as load:
            await load.answered(5 * MANY)
        assert set(load.statuses) == {200, 503}, load
        # half of a third, by chance
        assert 0.05 < load.statuses[503] / load.sent < 0.35, load
        assert fleet.now.nodes[NAME].serviceable
        await fleet.command(Heal(nodes=(NAME,)))
        assert phase(fleet.now) is None
        await latencies(fleet)


async def test_a_plan_is_proved_beside_nodes_that_fail_everything(fleet):
    """hactl tells the edges as if nothing were: its own questions are not a client's."""
    names = (NAME, "local-2")
    async with drilling(fleet, *names):
        await fleet.command(Impair(nodes=names, fault=ERRING))
        await fleet.command(SetWeight(nodes=("local-3",), weight=0))
        await fleet.command(SetWeight(nodes=("local-3",), weight=100))


async def test_without_a_drill_nobody_is_impaired(fleet):
    with pytest.raises(CommandRejected, match="no drill in progress"):
        await fleet.client.submit(Impair(nodes=(NAME,), fault=SLOW), by="test")


async def test_a_runner_that_falls_silent_leaves_nothing(fleet):
    """The lease runs out; the node has proved to be well when the drill is over."""
    drill = await fleet.command(BeginDrill(name="x", nodes=(NAME,), lease=TERM, longest=60.0), wait=False)
    await fleet.command(Impair(nodes=(NAME,), fault=ERRING))
    ended = await fleet.ended(drill)
    assert ended.event.outcome is Outcome.ROLLED_BACK, ended
    assert phase(fleet.now) is None
    await latencies(fleet)


@pytest.mark.parametrize("in_force", [True, False], ids=["in force", "on its way"])
async def test_the_daemon_is_killed_in_between(fleet, in_force):
    """The next one knows what its node was told, keeps it for as long as the drill lasts, and ends it with that."""
    drill = await fleet.command(BeginDrill(name="x", nodes=(NAME,), lease=TERM, longest=60.0), wait=False)
    before = fleet.pids()
    await fleet.command(Impair(nodes=(NAME,), fault=ERRING), wait=in_force)
    await fleet.kill_daemon()
    await fleet.launch()
    await fleet.client.submit(KeepDrill(id=drill), by="test")
    await fleet.until(lambda now: phase(now) is ImpairmentPhase.EFFECTIVE)
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(MANY)
    assert load.statuses[503] > 0, load
    await fleet.ended(drill)
    assert phase(fleet.now) is None
    assert fleet.pids() == before
    await latencies(fleet)


async def test_its_successor_is_not_impaired(fleet):
    """A process that dies takes its fault with it, and what is read of it says nothing of the next one."""
    async with drilling(fleet):
        await fleet.command(Impair(nodes=(NAME,), fault=ERRING))
        mark = fleet.seq
        fleet.kill(NAME)
        await fleet.happens(NodeChanged, lambda event: event.node.name == NAME and event.node.serviceable, after=mark)
        await fleet.until(lambda now: confirmed(now, now.plan.version) and not now.failovers)
        assert phase(fleet.now) is None
        await latencies(fleet)


async def test_a_process_is_only_impaired_if_it_is_the_one_that_was_meant(fleet):
    """Whoever listens on the admin socket has another pid: it is told nothing."""
    engine, node = EnvoyGateway(fleet.paths), fleet.now.nodes[NAME]
    other = replace(node, launch=replace(node.launch, pid=fleet.pid("local-2")))
    with pytest.raises(HactlError, match=f"process {fleet.pid(NAME)} listens there, not {fleet.pid('local-2')}"):
        await engine.impair(other, ERRING)
    await latencies(fleet)


async def test_a_node_that_hangs_is_told_when_it_is_back_or_gone(fleet):
    """Frozen while its fault is lifted: it is killed for that, and the next one has no fault."""
    async with drilling(fleet):
        await fleet.command(Impair(nodes=(NAME,), fault=ERRING))
        await fleet.command(Freeze(nodes=(NAME,)), wait=False)
    assert phase(fleet.now) is None
    await latencies(fleet)
