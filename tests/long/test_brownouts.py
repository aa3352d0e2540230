"""Brown-outs take their time: of a node, a region others wait behind, all regions, in vain, over a daemon's death.

`HACTL_LONG=short`, the setting of every build, leaves them out.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.fleet import Region, RunningFleet
from support.load import open_loop
from support.long import takes_minutes
from support.troubled import FAULTY, PROGRAM, RATE, SLOW, loses_most_and_gets_it_back, moves, share, tables, two, warm

from hactl.core.alert_events import AlertRaised
from hactl.core.brownout_events import BrownoutChanged
from hactl.core.brownouts import KEEP, STEPS
from hactl.core.commands import Failover
from hactl.core.events import NodeChanged, OperationEnded
from hactl.core.model import Fleet
from hactl.core.operation import Outcome
from hactl.core.region_events import RegionEvacuated, RegionRestored
from hactl.core.traffic import shares

pytestmark = [pytest.mark.envoy, takes_minutes]


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


async def test_a_browned_out_region_loses_most_of_its_share_and_gets_it_back(tmp_path: Path) -> None:
    """Errors, compared with those of the other region."""
    await loses_most_and_gets_it_back(tmp_path, FAULTY)


async def test_one_that_others_wait_behind_is_compared_with_its_own_past(tmp_path: Path) -> None:
    """It is slow, and nobody else carries anything."""
    await loses_most_and_gets_it_back(tmp_path, SLOW, standby=True)


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
