"""Two real regions under load: one lost, one moved away and given back; no request fails, and nothing moves by itself
that should not."""

import json
import sys
from pathlib import Path

import pytest
import pytest_asyncio
from support.fleet import TIRELESS, Region, RunningFleet, kinds
from support.load import Load, open_loop

from hactl.core.commands import Failback, Failover, Kill, Start, Stop
from hactl.core.errors import CommandRejected
from hactl.core.evacuation import EvacuationCause
from hactl.core.events import OperationEnded, OperationMoved, TrafficApplied
from hactl.core.operation import Outcome
from hactl.core.region_events import RegionBack, RegionEvacuated, RegionLost, RegionMoved, RegionRestored
from hactl.core.regions import kept

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

RATE = 300
PROGRAM = Path(__file__).parents[1] / "support" / "troubled_program.py"
SOON = f'[region_failover]\nauto_failback = true\nstable_for = "1s"\n\n{TIRELESS}'


def regions(second: int) -> tuple[Region, ...]:
    """east before west, or beside it."""
    return (Region(name="east", nodes=2), Region(name="west", nodes=2, priority=second))


async def now_from(load: Load, number: int = 60) -> set[str]:
    """The regions that answer from now on, once what was under way is through."""
    await load.answered(20)
    before = dict(load.nodes)
    await load.answered(number)
    return {node.partition("-")[0] for node, answers in load.nodes.items() if answers > before.get(node, 0)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standby():
    """west waits behind east."""
    async with RunningFleet(regions=regions(1), extra=TIRELESS) as running:
        yield running


@pytest_asyncio.fixture
async def fleet(standby):
    """Everything serves, and east has all the traffic."""
    yield standby
    for region in tuple(standby.now.evacuations):
        await standby.command(Failback(region=region, steps=1, pause=0.0))
    await standby.calm()


async def test_a_lost_region_is_made_up_for_and_waits_when_it_is_back(fleet):
    """SIGKILL of all its nodes at once: no request fails, and it has no traffic until somebody gives it back."""
    mark = fleet.seq
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        fleet.kill("east-1", "east-2")
        moved = await fleet.happens(RegionMoved, after=mark)
        back = await fleet.happens(RegionBack, after=mark)
        await fleet.calm()
        assert await now_from(load) == {"west"}
        await fleet.command(Failback(region="east", steps=2, pause=0.1))
        assert await now_from(load) == {"east"}
    assert load.failed == 0, load
    assert moved.event.to == ("west",)
    assert 0 < moved.event.ms == back.event.moved_ms < back.event.back_ms
    told = kinds(fleet.since(mark), RegionLost, RegionMoved, RegionBack, RegionRestored)
    assert told == ["RegionLost", "RegionMoved", "RegionBack", "RegionRestored"]


async def test_a_failover_and_a_failback_lose_nothing(fleet):
    """Half-way both regions answer; every edge has proved each step before the next one begins."""
    mark = fleet.seq
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(50)
        operation = await fleet.command(Failover(region="east", steps=2, pause=0.5), wait=False)
        await fleet.until(lambda fleet: kept(fleet, "east") == 50 and not unproved(fleet))
        assert await now_from(load) == {"east", "west"}
        assert (await fleet.ended(operation)).event.outcome is Outcome.DONE
        assert await now_from(load) == {"west"}
        await fleet.command(Failback(region="east", steps=2, pause=0.5))
        assert await now_from(load) == {"east"}
    assert load.failed == 0, load
    proofs = [{"edge-1", "edge-2"}]
    for event in fleet.since(mark, RegionEvacuated, RegionRestored, TrafficApplied):
        if isinstance(event, TrafficApplied):
            proofs[-1].add(event.edge)
        else:
            assert proofs[-1] == {"edge-1", "edge-2"}
            proofs.append(set())
    assert len(proofs) == 1 + 4, "two steps there, two back"


def unproved(fleet):
    """Edges that are behind."""
    return [edge.name for edge in fleet.edges if fleet.confirmed.get(edge.name, -1) < fleet.plan.version]


async def test_a_failover_turned_round_loses_nothing(fleet):
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(50)
        first = await fleet.command(Failover(region="east", steps=4, pause=60.0), wait=False)
        await fleet.until(lambda fleet: kept(fleet, "east") < 100 and not unproved(fleet))
        await fleet.command(Failback(region="east", steps=1, pause=0.1))
        assert await now_from(load) == {"east"}
    assert load.failed == 0, load
    assert (await fleet.ended(first)).event.outcome is Outcome.ROLLED_BACK
    assert fleet.now.evacuations == {}


async def test_those_who_receive_are_lost_half_way_and_nobody_notices(fleet):
    """It is taken back in the same step: east has all of its traffic, and west comes back behind it."""
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(50)
        operation = await fleet.command(Failover(region="east", steps=2, pause=60.0), wait=False)
        await fleet.until(lambda fleet: kept(fleet, "east") < 100 and not unproved(fleet))
        assert await now_from(load) == {"east", "west"}
        fleet.kill("west-1", "west-2")
        ended = await fleet.ended(operation)
        await fleet.calm()
        assert await now_from(load) == {"east"}
    assert load.failed == 0, load
    assert ended.event.outcome is Outcome.ROLLED_BACK
    assert ended.event.sentence == "rolled back: no region can take over from east any more"


async def test_the_daemon_is_killed_half_way_and_the_next_one_goes_on(fleet):
    """kill -9 in the middle of a failover: the edges keep what they have, and the steps that are left are taken."""
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(50)
        operation = await fleet.command(Failover(region="east", steps=4, pause=0.3), wait=False)
        await fleet.until(lambda fleet: kept(fleet, "east") == 50)
        await fleet.kill_daemon()
        assert await now_from(load) == {"east", "west"}
        await fleet.launch()
        ended = await fleet.ended(operation)
        assert await now_from(load) == {"west"}
    assert load.failed == 0, load
    assert ended.event.outcome is Outcome.DONE
    keeps = [event.evacuation.keep for event in fleet.since(0, RegionEvacuated)][-4:]
    assert keeps == [75, 50, 25, 0]
    assert fleet.since(0, OperationMoved)


async def test_a_region_lost_while_no_daemon_runs_is_lost_all_the_same(fleet):
    """The edges find the next region by themselves; the daemon that comes then lets it keep the traffic."""
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(50)
        await fleet.kill_daemon()
        fleet.kill("east-1", "east-2")
        assert await now_from(load) == {"west"}
        await fleet.launch()
        await fleet.calm()
        assert await now_from(load) == {"west"}
    assert load.failed == 0, load
    assert fleet.now.evacuations["east"].cause is EvacuationCause.LOST


async def test_an_ordered_loss_is_a_loss_and_ordered_rest_is_none(fleet):
    """`kill --region` ends when the capacity is back, and says that the traffic is not; stop and start say nothing."""
    nodes = ("east-1", "east-2")
    mark = fleet.seq
    operation = await fleet.command(Kill(nodes=nodes))
    ended = (await fleet.ended(operation)).event
    assert ended.sentence.endswith("; east takes no traffic until: hactl failback east")
    assert fleet.now.evacuations["east"].cause is EvacuationCause.LOST
    with pytest.raises(CommandRejected, match="no region could take over from 'west'"):
        await fleet.command(Failover(region="west"))
    await fleet.command(Failback(region="east", steps=1, pause=0.0))
    assert len(fleet.since(mark, RegionLost)) == 1
    await fleet.command(Stop(nodes=nodes))
    assert fleet.now.evacuations == {}
    assert len(fleet.since(mark, RegionLost)) == 1
    await fleet.command(Start(nodes=nodes))
    assert fleet.since(mark, OperationEnded)


async def test_a_region_that_answers_worse_does_not_get_the_traffic(tmp_path):
    """Its nodes pass every check and fail most requests: a quarter of the traffic is enough to find out."""
    argv = [sys.executable, str(PROGRAM), "{port}", f"{tmp_path}/{{region}}"]
    tables = f'[gateway]\nkind = "command"\ncommand = {json.dumps(argv)}\n[health]\npath = "/healthz"\n'
    (tmp_path / "west").write_text("0 80")
    async with RunningFleet(regions=regions(1), routes="", extra=tables) as fleet:
        async with open_loop(fleet.port, rate=100) as load:
            await fleet.measured(lambda _: load.ok > 5 * 100)
            assert load.failed == 0, load
            operation = await fleet.command(Failover(region="east", steps=4, pause=60.0), wait=False)
            ended = (await fleet.ended(operation)).event
            assert await now_from(load) == {"east"}
        assert ended.outcome is Outcome.ROLLED_BACK
        assert "of the answers failed, 0.0 % before" in ended.sentence
        assert fleet.now.evacuations == {}


async def test_regions_that_share_come_back_as_their_nodes_do():
    """Active/active: the other one carries all of it, no request fails, and nobody has to give anything back."""
    async with RunningFleet(regions=regions(0), extra=TIRELESS) as fleet:
        async with open_loop(fleet.port, rate=RATE) as load:
            await load.answered(100)
            assert await now_from(load) == {"east", "west"}
            fleet.kill("east-1", "east-2")
            await fleet.happens(RegionBack, after=0)
            await fleet.calm()
            assert await now_from(load) == {"east", "west"}
        assert load.failed == 0, load
        assert fleet.since(0, RegionEvacuated) == []
        assert len(fleet.since(0, RegionLost)) == 1


async def test_who_is_evacuated_is_the_last_resort_of_regions_that_share():
    """The edges find the way back to it by themselves when all others are lost; and leave it when those are back."""
    async with RunningFleet(regions=regions(0), extra=TIRELESS) as fleet:
        await fleet.command(Failover(region="east", steps=1, pause=0.0))
        async with open_loop(fleet.port, rate=RATE) as load:
            assert await now_from(load) == {"west"}
            fleet.kill("west-1", "west-2")
            await fleet.happens(RegionBack, after=0)
            await fleet.calm()
            assert await now_from(load) == {"west"}
        assert load.failed == 0, load
        assert any(node.startswith("east") for node in load.nodes)
        assert fleet.now.evacuations["east"].cause is EvacuationCause.OPERATOR


async def test_a_lost_region_returns_by_itself_when_it_is_told_to():
    """After it has been whole for `stable_for`, by an operation of the daemon's own; no request fails."""
    async with RunningFleet(regions=regions(1), extra=SOON) as fleet, open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        fleet.kill("east-1", "east-2")
        back = await fleet.happens(RegionBack, after=0)
        returned = await fleet.happens(RegionRestored, after=0)
        await fleet.calm()
        assert await now_from(load) == {"east"}
        assert load.failed == 0, load
        assert returned.mono - back.mono >= 1.0
        assert returned.event.why == "failback by auto_failback"
