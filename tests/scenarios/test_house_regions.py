"""Regions lost, moved and browned out in the house: the real shell, journal and processes; edges that take any plan.

What clients notice is told with real Envoys (`test_regions`, `test_brownouts`); here the daemon is killed wherever that
could matter.
"""

import asyncio
import os
import signal
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from types import UnionType

import pytest
from support.house import House, done, outcome, pids, quick_spec, until, until_serving
from support.struck import UNDETERRED, strangers, struck

from hactl.core.brownout_events import BrownoutChanged
from hactl.core.brownouts import KEEP, MEMORY, STEP, STEPS
from hactl.core.commands import Failback, Failover
from hactl.core.evacuating import SHORTEST_WAIT
from hactl.core.evacuation import WHOLE, EvacuationCause
from hactl.core.events import DaemonStarted, Event, OperationBegan, OperationEnded, Record
from hactl.core.model import Fleet
from hactl.core.observations import RegionFaltered, RegionRecovered
from hactl.core.operation import Outcome, Phase
from hactl.core.region_events import RegionBack, RegionEvacuated, RegionLost, RegionMoved, RegionRestored
from hactl.core.regions import kept
from hactl.core.rolling import known_to_edges
from hactl.core.traffic import shares
from hactl.core.value import replace
from hactl.supervisor.loop import Supervisor

SEOUL = ("seoul-1", "seoul-2")
OSAKA = ("osaka-1", "osaka-2")
WHOLE_FOR = 0.1
"""Seconds a region has to be well before it gets traffic back by itself."""
BAD = RegionFaltered(region="seoul", why="slow")
WELL = RegionRecovered(region="seoul", why="fast")
PAUSE = 60.0
"""Seconds between the steps of a failover: nothing goes on by itself while a test looks."""
QUARTERS = (75, 50, 25, 0)
"""What a failover leaves a region, step by step."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """seoul before osaka, which stands by; two nodes each."""
    house = House(tmp_path, quick_spec(regions=2, standby=True, stable_for=WHOLE_FOR))
    yield house
    house.tear_down()


def carriers(fleet: Fleet) -> set[str]:
    """The regions that have the traffic."""
    return {share.region for share in shares(fleet) if share.part > 0}


def keeps(house: House) -> list[int]:
    """What seoul kept of its share, move by move."""
    events = (record.event for record in of(house, RegionEvacuated | RegionRestored))
    kept = (event.evacuation.keep if isinstance(event, RegionEvacuated) else 100 for event in events)
    return [keep for keep, _ in groupby(kept)]


def of(house: House, kind: type[Event] | UnionType) -> list[Record]:
    """Every record of a kind of event, oldest first."""
    return [record for record in house.records() if isinstance(record.event, kind)]


def strike(house: House, fleet: Fleet, nodes: tuple[str, ...]) -> None:
    """SIGKILL of all of them at once; none gets ready again before the engine says so."""
    house.engine.sick.update(nodes)
    for node in nodes:
        os.kill(pids(fleet)[node], signal.SIGKILL)


async def watched(supervisor: Supervisor, keep: int) -> Fleet:
    """A step that leaves seoul so much is proved by every edge, and time alone takes it further."""

    def so(fleet: Fleet) -> bool:
        targets = [target for operation in fleet.operations.values() for target in operation.targets]
        return any(target.keep == keep and target.until and target.phase is not Phase.DONE for target in targets)

    return await until(supervisor, so)


async def lost(house: House, supervisor: Supervisor) -> Fleet:
    """seoul is lost, and every edge knows."""
    strike(house, await until_serving(supervisor), SEOUL)
    return await until(supervisor, lambda fleet: any(loss.moved for loss in fleet.region_losses.values()))


async def back(house: House, supervisor: Supervisor) -> Fleet:
    """seoul gets ready again, and is."""
    house.engine.sick.clear()
    await until(supervisor, lambda fleet: not fleet.region_losses)
    return await until_serving(supervisor)


# -- lost


async def test_a_lost_region_waits_until_it_is_given_its_traffic_back(house: House) -> None:
    """Active/passive: the other one has the traffic, also when the lost one is whole, and under the next daemon."""
    async with house.opened() as supervisor:
        assert (await lost(house, supervisor)).evacuations["seoul"].cause is EvacuationCause.LOST
        assert carriers(await back(house, supervisor)) == {"osaka"}
    async with house.opened() as supervisor:
        assert carriers(await until_serving(supervisor)) == {"osaka"}
        assert (await done(supervisor, Failback(region="seoul", steps=2, pause=0.0))).outcome is Outcome.DONE
        assert carriers(await until_serving(supervisor)) == {"seoul"}
    (moved,), (whole,) = house.saw(RegionMoved), house.saw(RegionBack)
    assert isinstance(moved, RegionMoved)
    assert isinstance(whole, RegionBack)
    assert moved.to == ("osaka",)
    assert 0 < moved.ms == whole.moved_ms < (whole.back_ms or 0.0)


async def test_a_lost_region_returns_by_itself_when_it_is_told_to(house: House) -> None:
    """By an operation of the daemon's own, once it has been whole for `stable_for`, and no sooner."""
    house.spec = replace(house.spec, auto_failback=True)
    async with house.opened() as supervisor:
        await lost(house, supervisor)
        await back(house, supervisor)
        for keep in reversed(range(100, 0, -25)):
            await watched(supervisor, keep)
            house.pass_time(Failback(region="seoul").pause, supervisor)
        await until(supervisor, lambda fleet: not fleet.operations)
        assert carriers(await until_serving(supervisor)) == {"seoul"}
    (begun,) = of(house, OperationBegan)
    assert isinstance(begun.event, OperationBegan)
    assert begun.event.operation.by == "auto_failback"
    well = [event.evacuation.well_since for event in house.saw(RegionEvacuated) if isinstance(event, RegionEvacuated)]
    assert begun.mono - next(filter(None, well)) >= WHOLE_FOR
    assert keeps(house) == [0, 25, 50, 75, 100]


async def test_time_that_nobody_watched_brings_no_region_back(house: House) -> None:
    """It was whole when its daemon was killed, and is when the next one comes: that one must see it so for as long."""
    house.spec = replace(house.spec, auto_failback=True, stable_for=PAUSE)
    async with house.opened(killed=True) as supervisor:
        await lost(house, supervisor)
        await back(house, supervisor)
        await until(supervisor, seen_well)
    house.pass_time(2 * PAUSE)
    async with house.opened() as supervisor:
        await until_serving(supervisor)
        assert (await until(supervisor, seen_well)).operations == {}
        house.pass_time(PAUSE, supervisor)
        assert [operation.by for operation in supervisor.look().operations.values()] == ["auto_failback"]


def seen_well(fleet: Fleet) -> bool:
    """seoul waits, and is known to be whole."""
    return any(evacuation.well_since is not None for evacuation in fleet.evacuations.values())


async def test_regions_that_share_need_nobody_to_give_anything_back(house: House) -> None:
    """Active/active: the other one has all of it, and the lost one its part again as soon as it is back."""
    house.spec = quick_spec(regions=2)
    async with house.opened() as supervisor:
        assert carriers(await until_serving(supervisor)) == {"seoul", "osaka"}
        assert carriers(await lost(house, supervisor)) == {"osaka"}
        assert carriers(await back(house, supervisor)) == {"seoul", "osaka"}
    assert len(house.saw(RegionLost)) == len(house.saw(RegionBack)) == 1
    assert keeps(house) == []


@pytest.mark.parametrize("killed", [False, True])
async def test_a_region_lost_while_no_daemon_runs_is_lost_all_the_same(house: House, killed: bool) -> None:
    """The next daemon finds it out, and lets the other region keep the traffic that the edges have moved to it."""
    async with house.opened(killed=killed) as supervisor:
        fleet = await until_serving(supervisor)
    strike(house, fleet, SEOUL)
    async with house.opened() as supervisor:
        await until(supervisor, lambda fleet: any(loss.moved for loss in fleet.region_losses.values()))
        fleet = await back(house, supervisor)
        assert carriers(fleet) == {"osaka"}
        assert fleet.evacuations["seoul"].cause is EvacuationCause.LOST


async def lost_and_back(house: House, supervisor: Supervisor) -> None:
    await lost(house, supervisor)
    await back(house, supervisor)


@pytest.mark.parametrize("written", [False, True], ids=["unwritten", "written"])
async def test_a_region_is_lost_once_wherever_its_daemon_is_struck_dead(house: House, written: bool) -> None:
    """Also between the start of a process and the record of it: the next daemon goes on, and nothing is told twice."""
    house.spec = replace(house.spec, restart=UNDETERRED)
    moment = 1
    while await struck(house, moment, lost_and_back, written=written):
        async with house.opened() as supervisor:
            await until(supervisor, lambda fleet: "seoul" in fleet.evacuations)
            assert carriers(await back(house, supervisor)) == {"osaka"}
            assert (await done(supervisor, Failback(region="seoul", steps=1, pause=0.0))).outcome is Outcome.DONE
            assert carriers(await until_serving(supervisor)) == {"seoul"}
            assert strangers(house, supervisor.look()) == set()
        moment += 1
    assert moment > len(SEOUL), "each death is a record, and what follows is more"
    assert len(house.saw(RegionLost)) == len(house.saw(RegionBack)) == moment


# -- moved


@pytest.mark.parametrize("proved", [False, True], ids=["on its way", "proved"])
@pytest.mark.parametrize("keep", QUARTERS)
async def test_a_failover_goes_on_under_the_next_daemon(house: House, keep: int, proved: bool) -> None:
    """kill -9 while a step is on its way to the edges, or is watched: no step is left out, none taken twice."""
    at = QUARTERS.index(keep)
    async with house.opened(killed=True) as supervisor:
        await until_serving(supervisor)
        for step in QUARTERS[: at + 1]:
            house.engine.hold = None if proved or step != keep else asyncio.Event()
            if step == QUARTERS[0]:
                await supervisor.submit(Failover(region="seoul", pause=PAUSE), by="alice")
            else:
                house.pass_time(PAUSE, supervisor)
            await until(supervisor, lambda fleet, step=step: kept(fleet, "seoul") == step)
            if house.engine.hold is None:
                await watched(supervisor, step)
        (operation,) = supervisor.look().operations
    house.engine.hold = None
    async with house.opened() as supervisor:
        for step in QUARTERS[at:]:
            await watched(supervisor, step)
            house.pass_time(PAUSE, supervisor)
        assert (await outcome(supervisor, operation)).outcome is Outcome.DONE
        assert carriers(await until_serving(supervisor)) == {"osaka"}
    assert keeps(house) == list(QUARTERS)


async def test_those_who_receive_die_with_the_daemon(house: House) -> None:
    """The next one takes the failover back before it does anything else; they come back behind it."""
    async with house.opened(killed=True) as supervisor:
        await until_serving(supervisor)
        operation = (await supervisor.submit(Failover(region="seoul", pause=PAUSE), by="alice")).operation
        fleet = await watched(supervisor, QUARTERS[0])
    strike(house, fleet, OSAKA)
    async with house.opened() as supervisor:
        assert (await outcome(supervisor, operation)).outcome is Outcome.ROLLED_BACK
        house.engine.sick.clear()
        assert carriers(await until_serving(supervisor)) == {"seoul"}
    assert keeps(house) == [QUARTERS[0], 100]


async def moved(house: House, supervisor: Supervisor) -> None:
    await done(supervisor, Failover(region="seoul", steps=2, pause=0.0))


@pytest.mark.parametrize("written", [False, True], ids=["unwritten", "written"])
async def test_a_failover_ends_wherever_its_daemon_is_struck_dead(house: House, written: bool) -> None:
    """Before and after each record: what has begun is done by the next daemon, what has not leaves all as it was."""
    moment, ends = 1, set()
    while await struck(house, moment, moved, written=written):
        async with house.opened() as supervisor:
            await until(supervisor, lambda fleet: not fleet.operations)
            fleet = await until_serving(supervisor)
            ends.add(frozenset(carriers(fleet)))
            if fleet.evacuations:
                assert (await done(supervisor, Failback(region="seoul", steps=1, pause=0.0))).outcome is Outcome.DONE
            assert carriers(await until_serving(supervisor)) == {"seoul"}
        moment += 1
    assert moment > 2 * len(house.spec.regions), "each of two steps is more than a record"
    assert ends == ({frozenset({"osaka"})} if written else {frozenset({"osaka"}), frozenset({"seoul"})})
    began, ended = house.saw(OperationBegan), house.saw(OperationEnded)
    assert len(began) == len(ended)
    assert {event.outcome for event in ended if isinstance(event, OperationEnded)} == {Outcome.DONE}


# -- browned out


async def test_a_browned_out_region_keeps_a_tenth_and_comes_back_in_steps(house: House) -> None:
    """Through three daemons: the first two are killed while it falters and on its way back; nothing is moved twice."""
    async with house.opened(killed=True) as supervisor:
        await until_serving(supervisor)
        supervisor.deliver(BAD)
        fleet = await until(supervisor, emptied)
        assert fleet.evacuations["seoul"].cause is EvacuationCause.FALTERED
        assert share(fleet, "seoul") == pytest.approx(KEEP / 100, abs=0.01)
    async with house.opened(killed=True) as supervisor:
        await until_serving(supervisor)
        house.pass_time(100 * WHOLE_FOR, supervisor)
        assert keeps(house) == [KEEP], "it has not been well yet"
        supervisor.deliver(WELL)
        await stepped(supervisor, STEPS[0])
    house.pass_time(2 * STEP)
    async with house.opened() as supervisor:
        for step in STEPS[:-1]:
            await stepped(supervisor, step)
            house.pass_time(STEP, supervisor)
        fleet = await until(supervisor, lambda fleet: not fleet.evacuations)
        assert carriers(fleet) == {"seoul"}
    assert keeps(house) == [KEEP, *STEPS]
    news = (event for event in house.saw(BrownoutChanged) if isinstance(event, BrownoutChanged))
    well = next(event.brownout for event in news if not event.brownout.faltering)
    _, first, second, *_ = of(house, RegionEvacuated)
    assert first.mono - well.heard >= WHOLE_FOR
    assert second.mono - of(house, DaemonStarted)[-1].mono >= STEP, "nobody saw how it did meanwhile"


async def test_a_region_that_falters_again_is_emptied_again_and_waits_longer(house: House) -> None:
    """Also when the daemon that knew how long it had waited is dead."""
    async with house.opened(killed=True) as supervisor:
        await until_serving(supervisor)
        supervisor.deliver(BAD)
        supervisor.deliver(WELL)
        await stepped(supervisor, STEPS[0])
    async with house.opened() as supervisor:
        await until_serving(supervisor)
        supervisor.deliver(BAD)
        assert supervisor.look().brownouts["seoul"].wait == SHORTEST_WAIT > 2 * WHOLE_FOR
        supervisor.deliver(WELL)
        house.pass_time(SHORTEST_WAIT, supervisor)
        await stepped(supervisor, STEPS[0])
    assert keeps(house) == [KEEP, STEPS[0], KEEP, STEPS[0]]


async def faltered_and_back(house: House, supervisor: Supervisor) -> None:
    supervisor.deliver(BAD)
    await until(supervisor, emptied)
    await recovered(house, supervisor)


async def recovered(house: House, supervisor: Supervisor) -> None:
    """seoul is well, and gets all of its traffic back."""
    supervisor.deliver(WELL)
    await until(supervisor, lambda fleet: kept(fleet, "seoul") > KEEP)
    while (keep := kept(supervisor.look(), "seoul")) < WHOLE:
        await stepped(supervisor, keep)
        house.pass_time(STEP, supervisor)
        await until(supervisor, lambda fleet, keep=keep: kept(fleet, "seoul") > keep)


@pytest.mark.parametrize("written", [False, True], ids=["unwritten", "written"])
async def test_a_brownout_ends_wherever_its_daemon_is_struck_dead(house: House, written: bool) -> None:
    """Before and after each record, on the way out and on the way back: seoul has its traffic in the end."""
    moment = 1
    while await struck(house, moment, faltered_and_back, written=written):
        async with house.opened() as supervisor:
            fleet = await until_serving(supervisor)
            if "seoul" not in fleet.brownouts:
                supervisor.deliver(BAD)
            if "seoul" in supervisor.look().evacuations:
                await recovered(house, supervisor)
            assert carriers(await until_serving(supervisor)) == {"seoul"}
            house.pass_time(2 * MEMORY, supervisor)
            assert supervisor.look().brownouts == {}
        moment += 1
    assert moment > len(STEPS), "each step is a record"


def share(fleet: Fleet, region: str) -> float:
    """The part of the traffic that a region is meant to get."""
    return sum(share.part for share in shares(fleet) if share.region == region)


def emptied(fleet: Fleet) -> bool:
    """seoul has only a tenth left, and every edge knows."""
    return kept(fleet, "seoul") == KEEP and known_to_edges(fleet)


async def stepped(supervisor: Supervisor, keep: int) -> Fleet:
    """seoul has got so much back, every edge has proved it, and time will give it more."""

    def so(fleet: Fleet) -> bool:
        return kept(fleet, "seoul") == keep and any(brownout.resume for brownout in fleet.brownouts.values())

    return await until(supervisor, so)
