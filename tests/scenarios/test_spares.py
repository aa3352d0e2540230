"""Spares of a real fleet: somebody has stepped in long before a node that takes its time is back."""

import sys
from pathlib import Path

import pytest
import pytest_asyncio
from support.fleet import Region, RunningFleet
from support.load import open_loop

from hactl.core.commands import Drain, Restart, Resume
from hactl.core.events import FailoverEnded, FailoverMoved, NodeChanged
from hactl.core.node import NodeState

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

RATE = 300
PROGRAM = (sys.executable, str(Path(__file__).parents[1] / "bench" / "slow_gateway.py"), "{port}", "2")
OWN = f'[gateway]\nkind = "command"\ncommand = [{", ".join(repr(word) for word in PROGRAM)}]\n\n[health]\npath = "/"\n'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet():
    """Two programs that take two seconds to start, and one that stands by."""
    async with RunningFleet(regions=(Region(name="a", nodes=2, spares=1),), routes="", extra=OWN) as running:
        yield running


def standing_by(fleet: RunningFleet) -> str:
    (name,) = (node.name for node in fleet.now.gateways if node.state is NodeState.STANDBY)
    return name


async def test_a_spare_steps_in_before_the_dead_one_is_back(fleet):
    """The capacity is back when the edges know; the dead one stands by when it has started again."""
    spare, mark = standing_by(fleet), fleet.seq
    victim = next(node.name for node in fleet.now.gateways if node.serviceable)
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        assert load.nodes[spare] == 0
        fleet.kill(victim)
        moved = await fleet.happens(FailoverMoved, after=mark)
        ended = await fleet.happens(FailoverEnded, after=mark)
        assert fleet.now.nodes[victim].state is NodeState.STARTING
        assert fleet.now.nodes[spare].serviceable
        assert ended.event.back_ms == pytest.approx(moved.event.ms)
        await load.answered(100)
        assert load.nodes[spare] > 0
        await fleet.calm()
    assert load.failed == 0, load
    assert standing_by(fleet) == victim
    steps = [event for event in fleet.since(mark, NodeChanged) if event.node.name == spare]
    assert [event.node.state for event in steps] == [NodeState.SERVING]
    assert victim in steps[0].why


async def test_planned_work_goes_round_without_a_gap(fleet):
    """A drain for good and a rolling restart of everybody: two are in rotation all the time."""
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(50)
        drained = next(node.name for node in fleet.now.gateways if node.serviceable)
        mark = fleet.seq
        await fleet.command(Drain(nodes=(drained,)), confirm="")
        assert sum(node.serviceable for node in fleet.now.gateways) == 2
        await fleet.command(Resume(nodes=(drained,)))
        await fleet.command(Restart(nodes=tuple(node.name for node in fleet.now.gateways)))
        await fleet.calm()
        await load.answered(50)
    assert load.failed == 0, load
    assert len([event for event in fleet.since(mark, NodeChanged) if event.node.state is NodeState.SERVING]) >= 3
