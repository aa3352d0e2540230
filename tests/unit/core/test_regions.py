"""Who comes first among regions, and with what weight: as configured, as weighed, and with some evacuated."""

from hypothesis import given
from hypothesis import strategies as st
from support.build import a_spec
from support.script import Script, applied, exited, serving

from hactl.core.draft import evolve
from hactl.core.evacuation import Evacuation
from hactl.core.model import Fleet
from hactl.core.observations import Ticked
from hactl.core.region_events import RegionEvacuated, RegionRestored
from hactl.core.regions import Place, kept, levels, places, takers, usable
from hactl.core.spec import FleetSpec, RegionSpec
from hactl.core.traffic import plan_for, shares
from hactl.core.value import replace


def a_fleet(*regions: tuple[str, int, int], nodes: int = 2) -> Fleet:
    """Everything serves; regions as (name, priority, weight)."""
    specs = tuple(RegionSpec(name=name, priority=first, weight=weight, nodes=nodes) for name, first, weight in regions)
    return serving(replace(a_spec(), regions=specs))


def evacuated(fleet: Fleet, **keeps: int) -> Fleet:
    """The fleet with regions that keep so many per cent."""
    for region, keep in keeps.items():
        fleet = evolve(fleet, RegionEvacuated(evacuation=Evacuation(region=region, keep=keep)))
    return fleet


def parts(fleet: Fleet) -> dict[str, float]:
    """Intended shares of regions, in per cent."""
    found = {region.name: 0.0 for region in fleet.spec.regions}
    for share in shares(fleet):
        found[share.region] += share.part * 100
    return {name: round(part, 1) for name, part in found.items()}


def order(fleet: Fleet) -> dict[str, int]:
    """The priorities the edges are told."""
    return {region.name: region.priority for region in plan_for(fleet).regions}


PAIR = (("seoul", 0, 100), ("osaka", 1, 100))
TWINS = (("seoul", 0, 300), ("osaka", 0, 100))
THREE = (("seoul", 0, 100), ("osaka", 0, 300), ("tokyo", 1, 100))


def test_without_evacuations_regions_stand_as_configured() -> None:
    """Nothing of the plan changes by there being a mechanism."""
    fleet = a_fleet(*THREE)
    assert places(fleet) == {
        name: Place(region=name, priority=priority, weight=weight) for name, priority, weight in THREE
    }
    assert [[place.region for place in level] for level in levels(fleet)] == [["seoul", "osaka"], ["tokyo"]]
    assert kept(fleet, "seoul") == 100


def test_an_evacuated_region_is_listed_behind_all_others() -> None:
    """It takes nothing, and is the last resort: its nodes are told to the edges as before, only later."""
    fleet = evacuated(a_fleet(*PAIR), seoul=0)
    assert parts(fleet) == {"seoul": 0, "osaka": 100}
    assert order(fleet) == {"seoul": 2, "osaka": 1}
    assert len(plan_for(fleet).endpoints) == 4


def test_total_loss_of_the_others_falls_back_to_it() -> None:
    story = Script(evacuated(a_fleet(*PAIR), seoul=0)) >> exited("osaka-1", signal=9) >> exited("osaka-2", signal=9)
    assert parts(story.fleet) == {"seoul": 100, "osaka": 0}


def test_a_part_is_kept_on_one_priority_with_those_that_take_the_rest() -> None:
    """Active/passive: the waiting region is listed beside the first one, and weights divide the traffic."""
    fleet = evacuated(a_fleet(*PAIR), seoul=75)
    assert parts(fleet) == {"seoul": 75, "osaka": 25}
    assert order(fleet) == {"seoul": 0, "osaka": 0}
    assert [region.weight for region in plan_for(fleet).regions] == [7500, 2500]


def test_a_part_is_a_part_of_what_it_had() -> None:
    """Active/active: 40 % of three quarters stay, all the rest is the other's."""
    assert parts(evacuated(a_fleet(*TWINS), seoul=40)) == {"seoul": 30, "osaka": 70}


def test_peers_take_over_before_those_that_wait() -> None:
    """Regions of the same priority share what is taken away; a later one goes on waiting."""
    fleet = evacuated(a_fleet(*THREE), osaka=20)
    assert parts(fleet) == {"seoul": 85, "osaka": 15, "tokyo": 0}
    assert order(fleet) == {"seoul": 0, "osaka": 0, "tokyo": 1}
    assert takers(fleet, "osaka") == ("seoul",)


def test_those_that_wait_take_over_when_no_peer_can() -> None:
    fleet = evacuated(a_fleet(*THREE), osaka=20, seoul=0)
    assert parts(fleet) == {"seoul": 0, "osaka": 20, "tokyo": 80}
    assert takers(fleet, "osaka") == ("tokyo",)


def test_two_that_keep_a_part_give_the_rest_to_a_third() -> None:
    assert parts(evacuated(a_fleet(*THREE), seoul=40, osaka=20)) == {"seoul": 10, "osaka": 15, "tokyo": 75}


def test_a_part_means_nothing_when_nobody_could_take_the_rest() -> None:
    """Clients are never left without a region: who is alone takes all."""
    story = Script(evacuated(a_fleet(*PAIR), seoul=10)) >> exited("osaka-1", signal=9) >> exited("osaka-2", signal=9)
    assert parts(story.fleet) == {"seoul": 100, "osaka": 0}
    assert takers(story.fleet, "seoul") == ()


def test_a_part_of_nothing_is_nothing() -> None:
    """A region that waits keeps waiting where it is, whatever part of its share it would keep."""
    fleet = evacuated(a_fleet(*PAIR), osaka=50)
    assert parts(fleet) == {"seoul": 100, "osaka": 0}
    assert order(fleet) == {"seoul": 0, "osaka": 1}


def test_all_evacuated_is_as_good_as_none() -> None:
    """Of those behind all others the order is the configured one."""
    fleet = evacuated(a_fleet(*THREE), seoul=0, osaka=0, tokyo=0)
    assert parts(fleet) == parts(a_fleet(*THREE))


def test_a_region_without_weight_is_no_help() -> None:
    fleet = replace(a_fleet(*PAIR), region_weights={"osaka": 0})
    assert not usable(fleet, "osaka")
    assert takers(fleet, "seoul") == ()


def test_an_evacuation_that_ends_leaves_no_trace() -> None:
    fleet = a_fleet(*PAIR)
    assert plan_for(evolve(evacuated(fleet, seoul=30), RegionRestored(region="seoul", why=""))) == fleet.plan


def test_the_edges_are_told_by_whatever_comes_next() -> None:
    """The plan follows from the fleet as it does from weights: nobody has to ask for it."""
    story = Script(evacuated(a_fleet(*PAIR), seoul=0)) >> Ticked() >> applied("edge-1")
    assert order(story.fleet) == {"seoul": 2, "osaka": 1}
    assert story.fleet.confirmed["edge-1"] == story.fleet.plan.version == 1 + a_fleet(*PAIR).plan.version


@given(
    regions=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1000)), min_size=1, max_size=4),
    keeps=st.lists(st.integers(0, 99) | st.just(100), min_size=4, max_size=4),
    dead=st.sets(st.integers(0, 3)),
)
def test_whatever_is_evacuated_somebody_serves_and_nobody_gets_more_than_is_left(
    regions: list[tuple[int, int]], keeps: list[int], dead: set[int]
) -> None:
    """All traffic goes somewhere as long as anybody could serve; who keeps a part never gets more than that, unless
    nobody could take the rest; and the plan's own weights come to the same shares."""
    spec = _spec(regions)
    fleet = _with(serving_of(spec), {name.name: keep for name, keep in zip(spec.regions, keeps, strict=False)}, dead)
    before, after = parts(_with(serving_of(spec), {}, dead)), parts(fleet)
    able = [region.name for region in spec.regions if usable(fleet, region.name)]
    assert abs(sum(after.values()) - (100 if able else 0)) < 0.5
    for name in able:
        if kept(fleet, name) < 100 and takers(fleet, name):
            assert after[name] <= before[name] * kept(fleet, name) / 100 + 0.5 or len(fleet.evacuations) > 1
    assert len({place.priority for level in levels(fleet) for place in level}) == len(levels(fleet))
    if able:
        first = levels(fleet)[0]
        total = sum(place.weight for place in first)
        assert all(abs(after[place.region] - 100 * place.weight / total) < 0.2 for place in first)


def _spec(regions: list[tuple[int, int]]) -> FleetSpec:
    names = ("seoul", "osaka", "tokyo", "pusan")
    return replace(
        a_spec(),
        regions=tuple(
            RegionSpec(name=name, priority=priority, weight=weight, nodes=1)
            for name, (priority, weight) in zip(names, regions, strict=False)
        ),
    )


def serving_of(spec: FleetSpec) -> Fleet:
    """Everything serves, whatever its weight."""
    return serving(spec)


def _with(fleet: Fleet, keeps: dict[str, int], dead: set[int]) -> Fleet:
    gone = [region.name for number, region in enumerate(fleet.spec.regions) if number in dead]
    alive = {name: node for name, node in fleet.nodes.items() if node.region not in gone}
    return evacuated(replace(fleet, nodes=alive), **{name: keep for name, keep in keeps.items() if keep < 100})
