"""Taking traffic away from a region and giving it back."""

import pytest
from support.build import a_proposal, a_spec, at
from support.script import serving

from hactl.core.draft import Draft
from hactl.core.evacuating import leave, obstacle, put, watch_well
from hactl.core.evacuation import Evacuation, EvacuationCause
from hactl.core.model import Fleet, Paused
from hactl.core.region_events import RegionEvacuated, RegionRestored
from hactl.core.value import replace

FALTERED = EvacuationCause.FALTERED


@pytest.fixture
def draft() -> Draft:
    """Two regions, active and passive, everything well."""
    return Draft(serving(a_spec(regions=2, nodes=2, standby=True)), at(2000.0))


def test_an_evacuation_is_dated_from_its_beginning(draft: Draft) -> None:
    """Steps on the way change what is kept, not since when."""
    leave(draft, "seoul", 50, cause=FALTERED, why="slow")
    draft.now = at(2010.0)
    leave(draft, "seoul", 10, cause=FALTERED, why="slow")
    expected = Evacuation(region="seoul", keep=10, cause=FALTERED, why="slow", since=at(2000.0).wall)
    assert draft.fleet.evacuations == {"seoul": expected}
    leave(draft, "seoul", 10, cause=FALTERED, why="slow", again=True)
    assert draft.fleet.evacuations["seoul"].since == at(2010.0).wall


def test_all_of_its_share_ends_it(draft: Draft) -> None:
    leave(draft, "seoul", 0, cause=FALTERED, why="slow")
    leave(draft, "seoul", 100, cause=FALTERED, why="well again")
    assert draft.fleet.evacuations == {}
    assert draft.events[-1] == RegionRestored(region="seoul", why="well again")


def test_nothing_new_is_no_event(draft: Draft) -> None:
    leave(draft, "seoul", 100, cause=FALTERED, why="well")
    assert draft.events == []
    leave(draft, "seoul", 0, cause=FALTERED, why="slow")
    put(draft, draft.fleet.evacuations["seoul"])
    assert [type(event) for event in draft.events] == [RegionEvacuated]


def test_how_long_a_region_has_been_well_counts_without_a_break(draft: Draft) -> None:
    leave(draft, "seoul", 0, cause=FALTERED, why="slow")
    watch_well(draft, "seoul", well=True)
    draft.now = at(2010.0)
    watch_well(draft, "seoul", well=True)
    assert draft.fleet.evacuations["seoul"].well_since == 2000.0
    watch_well(draft, "seoul", well=False)
    watch_well(draft, "seoul", well=True)
    assert draft.fleet.evacuations["seoul"].well_since == 2010.0


def test_what_stands_in_the_way_is_said(draft: Draft) -> None:
    """Nobody ordered it, so it is not done when it would leave nobody, or when something else is under way."""
    fleet = draft.fleet
    assert obstacle(fleet, "seoul") == ""
    assert obstacle(_evacuated(fleet, "seoul"), "seoul") == "seoul is evacuated already"
    assert obstacle(_evacuated(fleet, "osaka"), "seoul") == "osaka is evacuated"
    assert obstacle(replace(fleet, region_weights={"osaka": 0}), "seoul") == "nobody could take over from seoul"
    assert obstacle(replace(fleet, paused=Paused(by="al", since=0.0)), "seoul") == "the fleet is paused by al"
    coming = replace(fleet, proposal=a_proposal(fleet, fleet.spec))
    assert obstacle(coming, "seoul") == "a configuration is coming into force"


def _evacuated(fleet: Fleet, region: str) -> Fleet:
    return replace(fleet, evacuations={region: Evacuation(region=region)})
