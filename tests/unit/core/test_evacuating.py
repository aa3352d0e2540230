"""Taking traffic away from a region and giving it back."""

import pytest
from support.build import a_proposal, a_spec, at
from support.script import serving

from hactl.core.draft import Draft
from hactl.core.evacuating import LONGEST_WAIT, SHORTEST_WAIT, leave, longer, obstacle, put, too_much, watch_well
from hactl.core.evacuation import Evacuation, EvacuationCause
from hactl.core.model import Fleet, Paused
from hactl.core.node import Health
from hactl.core.region_events import RegionEvacuated, RegionRestored
from hactl.core.spec import GatewaySpec
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
    leave(draft, "seoul", 100, cause=FALTERED, why="recovered")
    assert draft.fleet.evacuations == {}
    assert draft.events[-1] == RegionRestored(region="seoul", why="recovered")


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
    assert obstacle(_evacuated(fleet, "seoul"), "seoul") == "seoul is already evacuated"
    assert obstacle(_evacuated(fleet, "osaka"), "seoul") == "osaka is evacuated"
    assert obstacle(replace(fleet, region_weights={"osaka": 0}), "seoul") == "no region could take over from seoul"
    out = fleet.nodes | {"osaka-2": replace(fleet.nodes["osaka-2"], health=Health.UNHEALTHY)}
    assert obstacle(replace(fleet, nodes=out), "seoul") == "osaka would have to carry its traffic without osaka-2"
    assert obstacle(replace(fleet, paused=Paused(by="al", since=0.0)), "seoul") == "the fleet is paused by al"
    coming = replace(fleet, proposal=a_proposal(fleet, fleet.spec))
    assert obstacle(coming, "seoul") == "a configuration change is in progress"


def test_too_much_is_what_is_declared_too_little_for(draft: Draft) -> None:
    """Two nodes carry 95 of 100; what nobody has declared or measured is not too much, nor what one carries already."""
    fleet = serving(a_spec(regions=2, nodes=2, gateway={"capacity": 100}))
    assert too_much(fleet, "seoul", 10, 210.0) == ""
    assert too_much(fleet, "seoul", 10, 211.0).startswith("too little capacity would be left: ")
    assert too_much(fleet, "seoul", 10, None) == ""
    assert too_much(serving(a_spec(regions=2, nodes=2)), "seoul", 10, 1e6) == ""
    waiting = replace(draft.fleet, spec=replace(draft.fleet.spec, gateway=GatewaySpec(capacity=100)))
    assert too_much(waiting, "seoul", 10, 1000.0) == "", "all of it is on two nodes before and after"


def test_waiting_doubles_from_nothing_and_within_limits() -> None:
    """What is configured is the least, however long."""
    assert longer(0.0, 0.0) == SHORTEST_WAIT
    assert longer(SHORTEST_WAIT, 0.0) == 2 * SHORTEST_WAIT
    assert longer(60.0, 60.0) == 120.0
    assert longer(3000.0, 60.0) == LONGEST_WAIT
    assert longer(0.0, 7200.0) == longer(7200.0, 7200.0) == 7200.0


def _evacuated(fleet: Fleet, region: str) -> Fleet:
    return replace(fleet, evacuations={region: Evacuation(region=region)})
