"""Nodes and edges lost in the house: spares that step in, edges that die, and who is killed for being silent.

The real shell, journal and processes; edges that take any plan. What clients notice is told with real Envoys
(`test_spares`, `test_edges`, `test_frozen_nodes`).
"""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.burners import comes_last
from support.house import House, done, pids, quick_spec, until, until_measured, until_serving
from support.struck import UNDETERRED, strangers, struck

from hactl.core.commands import Start, Stop
from hactl.core.events import EdgeBack, EdgeGivenUp, EdgeLost, FailoverBegan, FailoverEnded, NodeChanged
from hactl.core.model import Fleet
from hactl.core.node import NodeState, ReasonCode
from hactl.core.operation import Outcome
from hactl.core.running import EdgeReading
from hactl.core.spec import HealthSpec
from hactl.core.talk import Measured
from hactl.core.value import replace
from hactl.supervisor.loop import Supervisor

STALE = 5.0
"""Seconds: edges are read twice in each, and no machine is that busy."""
LOOP = (sys.executable, "-IS", "-c", "import time\nend = time.monotonic() + 60\nwhile time.monotonic() < end: pass")
"""A program that wants a whole core, for a bounded time."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.tear_down()


# -- a spare steps in


@pytest.fixture
def spared(house: House) -> House:
    """Two nodes, and one that stands by."""
    house.spec = quick_spec(spares=1)
    return house


def standing_by(fleet: Fleet) -> str:
    (name,) = (node.name for node in fleet.gateways if node.standing_by)
    return name


def in_rotation(fleet: Fleet) -> set[str]:
    return {node.name for node in fleet.gateways if node.serviceable}


def strike(house: House, fleet: Fleet, name: str) -> None:
    """SIGKILL; it does not get ready again before the engine says so."""
    house.engine.sick.add(name)
    os.kill(pids(fleet)[name], signal.SIGKILL)


async def test_a_spare_steps_in_and_the_killed_node_stands_by(spared: House) -> None:
    """The capacity is back before the node is, and nobody leaves the rotation for it when it comes."""
    async with spared.opened() as supervisor:
        before = await until_serving(supervisor)
        victim = min(in_rotation(before))
        strike(spared, before, victim)
        fleet = await until(supervisor, lambda fleet: victim not in in_rotation(fleet) and not fleet.failovers)
        assert fleet.nodes[victim].state in (NodeState.BACKOFF, NodeState.STARTING)
        assert standing_by(before) in in_rotation(fleet)
        spared.engine.sick.clear()
        assert standing_by(await until_serving(supervisor)) == victim
    (ended,) = spared.saw(FailoverEnded)
    assert isinstance(ended, FailoverEnded)
    assert ended.back_ms == ended.moved_ms is not None
    steps = [event for event in changes(spared, standing_by(before)) if event.was is NodeState.STANDBY]
    assert [event.why for event in steps] == [f"steps in: {victim} out"]


@pytest.mark.parametrize("killed", [False, True])
async def test_a_spare_steps_in_for_whoever_died_while_no_daemon_ran(spared: House, killed: bool) -> None:
    """The first thing the next daemon does; spares are adopted like everybody else."""
    async with spared.opened(killed=killed) as supervisor:
        before = await until_serving(supervisor)
    victim = min(in_rotation(before))
    strike(spared, before, victim)
    async with spared.opened() as supervisor:
        fleet = await until(supervisor, lambda fleet: len(in_rotation(fleet)) == 2 and not fleet.failovers)
        assert standing_by(before) in in_rotation(fleet)
        spared.engine.sick.clear()
        fleet = await until_serving(supervisor)
        assert standing_by(fleet) == victim
        assert {name for name, pid in pids(before).items() if pids(fleet)[name] != pid} == {victim}


async def stepped_in(house: House, supervisor: Supervisor) -> None:
    fleet = supervisor.look()
    victim = min(in_rotation(fleet))
    strike(house, fleet, victim)
    await until(supervisor, lambda fleet: victim not in in_rotation(fleet) and not fleet.failovers)
    house.engine.sick.clear()
    await until_serving(supervisor)


@pytest.mark.parametrize("written", [False, True], ids=["unwritten", "written"])
async def test_a_spare_steps_in_wherever_its_daemon_is_struck_dead(spared: House, written: bool) -> None:
    """Before and after each record: two are in rotation and one stands by in the end, and each loss has ended."""
    spared.spec = replace(spared.spec, restart=UNDETERRED)
    moment = 1
    while await struck(spared, moment, stepped_in, written=written):
        async with spared.opened() as supervisor:
            fleet = await until(supervisor, lambda fleet: len(in_rotation(fleet)) == 2 and not fleet.failovers)
            spared.engine.sick.clear()
            fleet = await until_serving(supervisor)
            assert len(in_rotation(fleet)) == 2
            assert strangers(spared, fleet) == set()
        moment += 1
    assert len(spared.saw(FailoverBegan)) == len(spared.saw(FailoverEnded)) == moment


# -- an edge dies


def busy(edge: str, *, connections: int, requests: int) -> EdgeReading:
    return EdgeReading(edge=edge, mono=0.0, connections=connections, active=requests)


def read(measured: Measured, edge: str, requests: int) -> bool:
    """True when the newest reading of `edge` had so many requests in flight."""
    return any(sample.node == edge and sample.active == requests for sample in measured.samples)


@pytest.mark.parametrize(
    ("how", "cause"), [(signal.SIGKILL, ReasonCode.EXITED), (signal.SIGSTOP, ReasonCode.HUNG)], ids=["killed", "frozen"]
)
async def test_a_lost_edge_takes_what_was_last_read_of_it(house: House, how: signal.Signals, cause: ReasonCode) -> None:
    """The event has its connections and requests, how old that is, and what the other one carries on."""
    house.engine.counted = {
        "edge-1": busy("edge-1", connections=12, requests=3),
        "edge-2": busy("edge-2", connections=40, requests=5),
    }
    async with house.opened() as supervisor:
        fleet = await until_serving(supervisor)
        await until_measured(supervisor, lambda measured: read(measured, "edge-1", 3) and read(measured, "edge-2", 5))
        os.kill(pids(fleet)["edge-1"], how)
        fleet = await until(supervisor, lambda fleet: fleet.last_edge_loss is not None and not fleet.edge_losses)
        loss = fleet.last_edge_loss
        await until_serving(supervisor)
    assert loss is not None
    assert loss.use is not None
    assert (loss.edge, loss.cause.code, loss.others) == ("edge-1", cause, ("edge-2",))
    assert (loss.use.connections, loss.use.requests) == (12, 3)
    assert [(use.edge, use.connections, use.requests) for use in loss.carried] == [("edge-2", 40, 5)]
    assert all(0 < use.age < STALE for use in (loss.use, *loss.carried))
    (lost,), (back,) = house.saw(EdgeLost), house.saw(EdgeBack)
    assert isinstance(lost, EdgeLost)
    assert isinstance(back, EdgeBack)
    assert loss == replace(lost.loss, back_ms=back.ms)


async def test_nobody_knows_what_an_edge_took_that_died_while_no_daemon_ran(house: House) -> None:
    """It is lost all the same, and back under the next one."""
    house.engine.counted = {"edge-1": busy("edge-1", connections=12, requests=3)}
    async with house.opened(killed=True) as supervisor:
        fleet = await until_serving(supervisor)
    os.kill(pids(fleet)["edge-1"], signal.SIGKILL)
    async with house.opened() as supervisor:
        await until(supervisor, lambda fleet: fleet.nodes["edge-1"].launches == 2)
        await until_serving(supervisor)
    (lost,), (back,) = house.saw(EdgeLost), house.saw(EdgeBack)
    assert isinstance(lost, EdgeLost)
    assert lost.loss.use is None
    assert isinstance(back, EdgeBack)


async def replaced(house: House, supervisor: Supervisor) -> None:
    os.kill(pids(supervisor.look())["edge-1"], signal.SIGKILL)
    await until(supervisor, lambda fleet: bool(fleet.edge_losses))
    await until(supervisor, lambda fleet: not fleet.edge_losses)
    await until_serving(supervisor)


@pytest.mark.parametrize("written", [False, True], ids=["unwritten", "written"])
async def test_an_edge_is_lost_once_wherever_its_daemon_is_struck_dead(house: House, written: bool) -> None:
    """Before and after each record: it is back in the end, and each loss is told once, as is its end."""
    house.spec = replace(house.spec, restart=UNDETERRED)
    moment = 1
    while await struck(house, moment, replaced, written=written):
        async with house.opened() as supervisor:
            await until(supervisor, lambda fleet: not fleet.edge_losses)
            fleet = await until_serving(supervisor)
            assert strangers(house, fleet) == set()
        moment += 1
    assert len(house.saw(EdgeLost)) == len(house.saw(EdgeBack)) == moment


async def test_a_stopped_edge_is_no_loss(house: House) -> None:
    """And one that is stopped while it is missed is not waited for."""
    async with house.opened() as supervisor:
        fleet = await until_serving(supervisor)
        assert (await done(supervisor, Stop(nodes=("edge-1",)))).outcome is Outcome.DONE
        assert (await done(supervisor, Start(nodes=("edge-1",)))).outcome is Outcome.DONE
        assert house.saw(EdgeLost) == []
        strike(house, fleet, "edge-2")
        await until(supervisor, lambda fleet: bool(fleet.edge_losses))
        assert (await done(supervisor, Stop(nodes=("edge-2",)))).outcome is Outcome.DONE
        await until(supervisor, lambda fleet: not fleet.edge_losses)
    assert len(house.saw(EdgeLost)) == len(house.saw(EdgeGivenUp)) == 1
    assert house.saw(EdgeBack) == []


# -- silence


async def test_who_waits_for_a_processor_is_not_killed_for_being_silent(house: House) -> None:
    """One wants a processor that another has, one sleeps, one is stopped: the last two are killed, the first is not."""
    house.spec = quick_spec(nodes=4, health=HealthSpec(hang_grace=0.8))
    house.engine.programs = {"seoul-1": LOOP, "seoul-2": LOOP}
    async with house.opened() as supervisor:
        fleet = await until_serving(supervisor)
        share_a_processor(last=pids(fleet)["seoul-1"], first=pids(fleet)["seoul-2"])
        before = changes(house, "seoul-1")
        os.kill(pids(fleet)["seoul-4"], signal.SIGSTOP)
        await until(supervisor, lambda fleet: fleet.nodes["seoul-4"].launches == 2)
        for launch in (2, 3):  # the first one is silent for longer than the other one may be
            house.engine.mute = {"seoul-1", "seoul-3"}
            await until(supervisor, lambda fleet, launch=launch: fleet.nodes["seoul-3"].launches == launch)
            house.engine.mute = {"seoul-1"}
            after = await until_serving(supervisor)
    assert {name for name, pid in pids(fleet).items() if pids(after)[name] != pid} == {"seoul-3", "seoul-4"}
    assert changes(house, "seoul-1") == before
    for hung in ("seoul-3", "seoul-4"):
        assert ReasonCode.HUNG in {event.node.reason.code for event in changes(house, hung) if event.node.reason}


def share_a_processor(*, last: int, first: int) -> None:
    """`last` gets what `first` leaves of one processor, which is next to nothing."""
    one = min(os.sched_getaffinity(0))
    for pid in (last, first):
        os.sched_setaffinity(pid, {one})
    comes_last([last])


def changes(house: House, name: str) -> list[NodeChanged]:
    """What became of one process."""
    return [event for event in house.saw(NodeChanged) if isinstance(event, NodeChanged) and event.node.name == name]
