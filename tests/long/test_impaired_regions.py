"""A region that a drill impairs as a whole, for real: the brown-out is found, and gone with the drill."""

import pytest
from support.fleet import Region, RunningFleet
from support.load import open_loop
from support.long import takes_minutes
from support.troubled import RATE, moves, share, warm

from hactl.core.brownouts import KEEP, STEPS
from hactl.core.commands import BeginDrill, EndDrill, Impair
from hactl.core.impairment import Impairment
from hactl.core.operation import Outcome
from hactl.core.region_events import RegionRestored

pytestmark = [pytest.mark.envoy, takes_minutes]

GREY = Impairment(delay=0.3, delayed=100, failed=20)
"""300 ms more, and a fifth of the answers are 503."""


async def test_an_impaired_region_loses_most_of_its_share_and_gets_it_back_after_the_drill() -> None:
    """What the daemon moves away because the region answers badly comes back when it answers well, not with the drill:
    the drill is over as soon as its nodes have proved to be well."""
    regions = (Region(name="a", nodes=2), Region(name="b", nodes=2))
    extra = '[region_failover]\nstable_for = "2s"\n'
    async with RunningFleet(regions=regions, extra=extra) as fleet, open_loop(fleet.port, rate=RATE) as load:
        await warm(load)
        assert await share(load, "a", 200) == pytest.approx(0.5, abs=0.1)
        mark = fleet.seq
        drill = await fleet.command(
            BeginDrill(name="region-brownout", nodes=("a-1", "a-2"), regions=("a",), lease=120.0, longest=180.0),
            wait=False,
        )
        await fleet.command(Impair(nodes=("a-1", "a-2"), fault=GREY))
        await load.answered(10 * RATE)
        assert await share(load, "a", 300) <= 0.1
        await fleet.until(lambda now: "a" in now.evacuations)
        assert moves(fleet, mark) == [KEEP]
        await fleet.client.submit(EndDrill(id=drill), by="test")
        assert (await fleet.ended(drill)).event.outcome is Outcome.DONE
        assert not any(node.impaired for node in fleet.now.nodes.values())
        await fleet.happens(RegionRestored, after=mark, patience=90.0)
        assert moves(fleet, mark) == [KEEP, *STEPS]
        assert await share(load, "a", 300) == pytest.approx(0.5, abs=0.1)
