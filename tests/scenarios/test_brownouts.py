"""Regions and nodes that answer badly without dying, for real: measured by who answered, under load."""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.fleet import Region, RunningFleet
from support.load import Load, open_loop

from hactl.core.alert_events import AlertRaised
from hactl.core.brownout_events import BrownoutChanged
from hactl.core.brownouts import KEEP, STEPS
from hactl.core.commands import Failover
from hactl.core.events import NodeChanged, OperationEnded
from hactl.core.model import Fleet
from hactl.core.operation import Outcome
from hactl.core.region_events import RegionEvacuated, RegionRestored
from hactl.core.traffic import shares
from hactl.supervisor.answers import WARM

pytestmark = pytest.mark.envoy

PROGRAM = Path(__file__).parents[1] / "support" / "troubled_program.py"
RATE = 100
SLOW, FAULTY = "0.3 0", "0 30"
"""What is written to the file that a region's nodes read: seconds per answer, per cent of them 503."""


def tables(directory: str, more: str = "") -> str:
    """The tables of a fleet whose nodes read `directory`/REGION."""
    argv = [sys.executable, str(PROGRAM), "{port}", f"{directory}/{{region}}"]
    gateway = f'[gateway]\nkind = "command"\ncommand = {json.dumps(argv)}\n'
    return f'{gateway}[health]\npath = "/healthz"\n{more}[region_failover]\nstable_for = "2s"\n'


def two(tmp_path: Path, *, standby: bool = False, more: str = "") -> RunningFleet:
    regions = (Region(name="a", nodes=2), Region(name="b", nodes=2, priority=1 if standby else 0))
    return RunningFleet(regions=regions, routes="", extra=tables(str(tmp_path), more))


def of(nodes: Counter[str], region: str) -> int:
    return sum(count for name, count in nodes.items() if name.startswith(f"{region}-"))


async def share(load: Load, region: str, answers: int) -> float:
    """The part of the next answers that a region gives, faulty ones included."""
    before = Counter(load.nodes)
    await load.answered(answers)
    seen = load.nodes - before
    return of(seen, region) / max(1, seen.total())


async def warm(load: Load) -> None:
    """Wait until nodes are judged, and what they usually do is known."""
    await load.answered(int(RATE * (WARM + 10)), timeout=60.0)


def moves(fleet: RunningFleet, mark: int) -> list[int]:
    """What the region kept after each move of traffic."""
    events = fleet.since(mark, RegionEvacuated, RegionRestored)
    return [event.evacuation.keep if isinstance(event, RegionEvacuated) else 100 for event in events]


@pytest.mark.parametrize("trouble", [SLOW, FAULTY])
async def test_a_browned_out_region_loses_most_of_its_share_and_gets_it_back(trouble: str, tmp_path: Path) -> None:
    """Four fifths of it within 10 s, by the answers that clients got; it does not flap, and comes back in steps."""
    standby = trouble == SLOW  # compared with its own past; the other one with the other region
    usual = 1.0 if standby else 0.5
    async with two(tmp_path, standby=standby) as fleet, open_loop(fleet.port, rate=RATE) as load:
        await warm(load)
        assert await share(load, "a", 200) == pytest.approx(usual, abs=0.1)
        mark = fleet.seq
        (tmp_path / "a").write_text(trouble)
        await load.answered(10 * RATE)
        assert await share(load, "a", 300) <= 0.2 * usual
        await load.answered(5 * RATE)
        await fleet.until(lambda now: "a" in now.evacuations)
        assert moves(fleet, mark) == [KEEP]
        (tmp_path / "a").unlink()
        await fleet.happens(RegionRestored, after=mark, patience=90.0)
        assert await share(load, "a", 300) == pytest.approx(usual, abs=0.1)
        assert moves(fleet, mark) == [KEEP, *STEPS]


async def test_what_both_regions_suffer_from_moves_nothing(tmp_path: Path) -> None:
    """What stands behind them is slow."""
    async with two(tmp_path) as fleet, open_loop(fleet.port, rate=RATE) as load:
        await warm(load)
        mark = fleet.seq
        for region in "ab":
            (tmp_path / region).write_text(SLOW)
        await load.answered(12 * RATE)
        await fleet.measured(lambda _: True)
        assert moves(fleet, mark) == []


async def test_what_moving_does_not_help_is_moved_back(tmp_path: Path) -> None:
    """The standby turns out to be as slow: it was not the region."""
    async with two(tmp_path, standby=True) as fleet, open_loop(fleet.port, rate=RATE) as load:
        await warm(load)
        mark = fleet.seq
        for region in "ab":
            (tmp_path / region).write_text(SLOW)
        await fleet.happens(RegionRestored, after=mark)
        await load.answered(8 * RATE)
        assert moves(fleet, mark) == [KEEP, 100]


async def test_a_region_that_fails_can_be_left_by_order(tmp_path: Path) -> None:
    """Where nothing moves by itself: the errors for which it is left are not taken for harm done by leaving it."""
    async with (
        RunningFleet(
            regions=(Region(name="a", nodes=2), Region(name="b", nodes=2)),
            routes="",
            extra=f"{tables(str(tmp_path))}brownout = false\n",
        ) as fleet,
        open_loop(fleet.port, rate=RATE) as load,
    ):
        await warm(load)
        (tmp_path / "a").write_text("0 60")
        await load.answered(3 * RATE)
        ended = await fleet.ended(await fleet.command(Failover(region="a", steps=4, pause=2.0), wait=False))
        assert isinstance(ended.event, OperationEnded)
        assert ended.event.outcome is Outcome.DONE, ended.event.sentence
        assert await share(load, "a", 200) == 0.0


async def test_a_brownout_outlives_the_daemon(tmp_path: Path) -> None:
    """Killed while the region is emptied: the next one keeps it so, and gives it back when it is well."""
    async with two(tmp_path) as fleet, open_loop(fleet.port, rate=RATE) as load:
        await warm(load)
        mark = fleet.seq
        (tmp_path / "a").write_text(SLOW)
        await fleet.happens(RegionEvacuated, after=mark)
        await fleet.kill_daemon()
        await fleet.launch()
        await fleet.calm()
        assert await share(load, "a", 300) <= 0.1
        (tmp_path / "a").unlink()
        await fleet.happens(RegionRestored, after=mark, patience=90.0)
        assert moves(fleet, mark) == [KEEP, *STEPS]
        assert [event.alert.kind for event in fleet.since(mark, AlertRaised)] == []
        assert not next(iter(fleet.now.brownouts.values())).moved
        assert fleet.since(mark, BrownoutChanged)[-1].brownout.over is not None


async def test_a_node_far_slower_than_its_peers_is_said_and_gets_less(tmp_path: Path) -> None:
    """And its whole weight when it is as fast as they are again."""
    argv = [sys.executable, str(PROGRAM), "{port}", f"{tmp_path}/{{name}}"]
    gateway = f'[gateway]\nkind = "command"\ncommand = {json.dumps(argv)}\n'
    edge = 'policy = "round-robin"'
    extra = f'{gateway}[health]\npath = "/healthz"\nslow_weight = 10\n'
    regions = (Region(nodes=3),)

    def slow(fleet: Fleet) -> list[str]:
        return [node.name for node in fleet.gateways if node.slow]

    async with (
        RunningFleet(regions=regions, routes="", edge=edge, extra=extra) as fleet,
        open_loop(fleet.port, rate=RATE) as load,
    ):
        await warm(load)
        (tmp_path / "local-2").write_text("0.1 0")
        await fleet.until(lambda now: slow(now) == ["local-2"])
        expected = next(each.part for each in shares(fleet.now) if each.node == "local-2")
        assert expected == pytest.approx(10 / 210)
        await load.answered(RATE)
        before = Counter(load.nodes)
        await load.answered(300)
        assert (load.nodes - before)["local-2"] / 300 == pytest.approx(expected, abs=0.03)
        (tmp_path / "local-2").unlink()
        await fleet.until(lambda now: not slow(now))
        assert load.failed == 0, load
        assert len([event for event in fleet.since(0, NodeChanged) if "slow" in event.why]) == 2
