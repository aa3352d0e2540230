"""The built-in drill of a region that answers badly, as it stands in its file: it takes a minute and a half."""

import pytest
from support.drills import runner
from support.fleet import Region, RunningFleet
from support.long import takes_minutes

from hactl.core.brownouts import KEEP
from hactl.core.evacuation import EvacuationCause
from hactl.drill import library
from hactl.drill.verdict import Status

TWO = (Region(name="seoul", nodes=2), Region(name="tokyo", nodes=2))


@pytest.mark.envoy
@takes_minutes
async def test_a_region_that_answers_badly_loses_most_of_its_traffic() -> None:
    """It is seen within seconds, the other region takes over, and what is left then is the daemon's to end."""
    said: list[str] = []
    async with RunningFleet(regions=TWO) as fleet:
        report = await runner(fleet, library.load("region-brownout"), say=said.append).run()
        assert report.clean, report.evidence.leftovers
        status = {item.name: item.status for item in report.objectives}
        for name in ("detect", "shifted", "turns", "availability"):
            assert status[name] is Status.MET, report.objectives
        assert [proof.done for proof in report.evidence.proofs] == [True, True]
        (region,) = report.plan.regions
        now = (await fleet.client.fleet()).fleet
        evacuation = now.evacuations[region]
        assert (evacuation.keep, evacuation.cause) == (KEEP, EvacuationCause.FALTERED)
        assert f"verify: {region} keeps {KEEP} % of its traffic until it has been healthy for 60 s" in said
        assert not any(node.impaired for node in now.nodes.values())
