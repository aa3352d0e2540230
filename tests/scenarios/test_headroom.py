"""What one node sustains is seen under real load, outlives its daemon, and says what the others could carry."""

import pytest
from support.fleet import Region, RunningFleet
from support.load import open_loop

from hactl.core.commands import Drain, Kill, Resume, Stop
from hactl.core.errors import CommandRejected
from hactl.core.events import CapacitySeen
from hactl.core.headroom import Basis, CapacityVerdict, Carrying, headroom
from hactl.core.load import Load, measured
from hactl.core.talk import Receipt

pytestmark = [pytest.mark.envoy]

RATE = 100.0


def load_of(fleet: RunningFleet, update) -> Load | None:
    return measured(fleet.now, update.samples, update.at)


async def loaded(fleet: RunningFleet, least: float) -> None:
    """So much load has been measured."""
    await fleet.measured(lambda update: (load := load_of(fleet, update)) is not None and load.total >= least)


async def foreseen(fleet: RunningFleet) -> tuple[Receipt, Carrying]:
    """What a dry run says of killing local-1."""
    receipt = await fleet.client.submit(Kill(nodes=("local-1",)), by="test", dry_run=True)
    assert receipt.carrying is not None
    return receipt, receipt.carrying


async def test_what_a_node_sustains_is_seen_and_kept():
    """One of two nodes carries everything for a while: so much is proved then, also for the next daemon; more is not.

    Nobody sent a test load, and nothing was declared.
    """
    async with RunningFleet(regions=(Region(nodes=2),)) as fleet:
        await fleet.command(Drain(nodes=("local-1",)))
        async with open_loop(fleet.port, rate=RATE) as load:
            seen = (await fleet.happens(CapacitySeen)).event
        assert load.failed == 0, load
        assert seen.node == "local-2"
        assert 0 < seen.rate < 2 * RATE
        assert fleet.now.sustained == seen.rate
        await fleet.kill_daemon()
        await fleet.launch()
        snapshot = await fleet.client.fleet()
        assert snapshot.fleet.sustained == seen.rate
        await fleet.command(Resume(nodes=("local-1",)))
        async with open_loop(fleet.port, rate=seen.rate / 3):
            await loaded(fleet, seen.rate / 10)
            receipt, left = await foreseen(fleet)
            assert {share.node: share.part for share in receipt.shares} == {"local-1": 0.0, "local-2": 1.0}
            assert (left.verdict, left.basis, left.node) == (CapacityVerdict.ROOM, Basis.SEEN, "local-2")
        async with open_loop(fleet.port, rate=seen.rate * 4) as load:
            await loaded(fleet, seen.rate * 2)
            _, left = await foreseen(fleet)
            assert left.verdict is CapacityVerdict.UNPROVED
            snapshot = await fleet.client.fleet()
            found = headroom(snapshot.fleet, measured(snapshot.fleet, snapshot.samples, snapshot.at))
            assert found.n_minus_1 is not None
            assert found.n_minus_1.nodes == 1
            await fleet.command(Stop(nodes=("local-1",)), confirm="")
        assert load.failed == 0, load


async def test_more_than_is_declared_is_refused():
    """By a guard, as long as the load is there; whoever means it types the fleet's name, and nobody fails."""
    regions, declared = (Region(nodes=2),), "[gateway]\ncapacity = 50\n"
    async with RunningFleet(regions=regions, extra=declared) as fleet:
        idle = await fleet.client.submit(Kill(nodes=("local-1",)), by="test", dry_run=True)
        assert idle.carrying is not None
        assert idle.carrying.verdict is not CapacityVerdict.SHORT
        async with open_loop(fleet.port, rate=2 * RATE) as load:
            await loaded(fleet, RATE)
            with pytest.raises(CommandRejected) as refused:
                await fleet.command(Kill(nodes=("local-1",)), confirm="")
            assert refused.value.guard
            assert refused.value.message.startswith("too little capacity would be left: local-2 alone would carry ")
            assert refused.value.message.endswith("; declared capacity: 50/s per node")
            await fleet.command(Kill(nodes=("local-1",)))
        assert load.failed == 0, load
