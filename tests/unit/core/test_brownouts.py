"""What follows from a brown-out: away at once, back in steps, ever later, and never against an operator."""

import pytest
from support.build import BOOT, a_proposal, a_spec, at
from support.script import NOTHING, Script, after, applied, exited, healthy, like, serving, spawned

from hactl.core.alert import AlertKind, AlertSpec
from hactl.core.alert_events import AlertRaised
from hactl.core.brownout_events import BrownoutChanged, BrownoutForgotten
from hactl.core.brownouts import BARRED, KEEP, MEMORY, STEP, STEPS, fit_by_now, impediment, next_look
from hactl.core.commands import Apply, Command, Down, Failback, Failover, Pause, Request, Unpause
from hactl.core.evacuating import LONGEST_WAIT
from hactl.core.evacuation import EvacuationCause
from hactl.core.events import TrafficShifted
from hactl.core.load import Load
from hactl.core.model import Fleet
from hactl.core.observations import RegionFaltered, RegionRecovered, TakersFaltered, Ticked, TrafficWorsened
from hactl.core.reading import Verdict, is_serving, read
from hactl.core.recovery import Arrival, Found, recover
from hactl.core.region_events import RegionEvacuated, RegionRestored
from hactl.core.regions import kept
from hactl.core.spec import FleetSpec
from hactl.core.traffic import shares
from hactl.core.value import replace

STABLE = 20.0
BAD = RegionFaltered(region="seoul", why="p50 300 ms (10 ms)")
WELL = RegionRecovered(region="seoul", why="p50 10 ms (10 ms)")
NO_BETTER = TakersFaltered(region="seoul", why="p50 300 ms (10 ms)")
ALERTS = (AlertSpec(name="ops", exec=("page",), throttle=0.0),)


def spec(regions: int = 2, **changes: object) -> FleetSpec:
    return a_spec(regions=regions, nodes=2, stable_for=STABLE, alerts=ALERTS, **changes)


def story(**changes: object) -> Script:
    return Script(serving(spec(**changes)))


def edges_follow(played: Script) -> Script:
    for edge in played.fleet.edges:
        played >> applied(edge.name)
    return played


def share(fleet: Fleet, region: str = "seoul") -> float:
    return round(sum(share.part for share in shares(fleet) if share.region == region) * 100, 1)


def moved() -> Script:
    return edges_follow(story() >> BAD)


def alerts(played: Script) -> list[tuple[AlertKind, str]]:
    raised = [event.alert for event in played.events if isinstance(event, AlertRaised)]
    return [(alert.kind, alert.sentence) for alert in raised]


def test_nine_tenths_are_moved_at_once() -> None:
    """In one plan, with the figures in the record and an alert."""
    played = story() >> BAD << BrownoutChanged << like(RegionEvacuated, evacuation__keep=KEEP) << TrafficShifted
    assert share(played.fleet) == 5.0
    assert played.fleet.evacuations["seoul"].cause is EvacuationCause.FALTERED
    assert alerts(played) == [
        (AlertKind.BROWNOUT, "region seoul is degraded: p50 300 ms (10 ms); it keeps 10 % of its traffic")
    ]
    played >> BAD << NOTHING


def test_it_comes_back_in_steps_that_every_edge_follows() -> None:
    """After `stable_for`; a step that an edge has not confirmed is waited for."""
    played = moved() >> WELL >> after(STABLE - 1)
    assert share(played.fleet) == 5.0
    for step in STEPS[:-1]:
        played >> after(1.0)
        assert played.fleet.evacuations["seoul"].keep == step
        assert next_look(played.fleet) is None
        played >> after(60.0) << NOTHING
        edges_follow(played) >> after(STEP - 1) << NOTHING
    played >> after(1.0) << like(BrownoutChanged, brownout__moved=False) << RegionRestored
    assert share(played.fleet) == 50.0
    assert alerts(played)[-1][0] is AlertKind.BROWNOUT_OVER


def test_what_falters_while_it_is_well_again_begins_anew() -> None:
    """And waits twice as long."""
    played = moved() >> WELL >> after(STABLE - 1) >> BAD
    assert played.fleet.brownouts["seoul"].wait == 2 * STABLE
    played >> after(100.0) << NOTHING
    played >> WELL >> after(2 * STABLE - 1) << NOTHING
    played >> after(1.0) << like(RegionEvacuated, evacuation__keep=STEPS[0])


def test_what_falters_on_its_way_back_is_moved_again_at_once() -> None:
    """From whatever step it had reached."""
    played = edges_follow(moved() >> WELL >> after(STABLE)) >> after(STEP)
    assert played.fleet.evacuations["seoul"].keep == STEPS[1]
    played >> BAD << like(RegionEvacuated, evacuation__keep=KEEP)


def test_whoever_falters_again_within_a_while_waits_longer() -> None:
    """Up to an hour; after a quiet time the next one is the first."""
    played, waits = story(), []
    for _ in range(10):
        edges_follow(played >> BAD)
        waits.append(played.fleet.brownouts["seoul"].wait)
        played >> WELL >> after(waits[-1])
        for _ in STEPS:
            edges_follow(played) >> after(STEP)
        assert share(played.fleet) == 50.0
    assert waits[:4] == [STABLE, 2 * STABLE, 4 * STABLE, 8 * STABLE]
    assert max(waits) == LONGEST_WAIT
    played >> after(2 * LONGEST_WAIT) << BrownoutForgotten
    played >> BAD
    assert played.fleet.brownouts["seoul"].wait == STABLE


def test_what_was_no_use_is_taken_back_and_not_tried_again_for_minutes() -> None:
    """Nor is it forgotten: if it lasts, there is another try."""
    played = moved() >> NO_BETTER << RegionRestored << TrafficShifted
    assert share(edges_follow(played).fleet) == 50.0
    assert alerts(played)[-1][1].startswith("region seoul is still degraded and has its traffic back")
    played >> NO_BETTER << NOTHING
    played >> BAD << NOTHING
    played >> after(BARRED - 1) << NOTHING
    played >> after(1.0) << like(RegionEvacuated, evacuation__keep=KEEP)


def test_what_is_no_use_again_and_again_is_tried_ever_later() -> None:
    """Up to once an hour; from the beginning again after it has been well for long."""
    played, bars = moved(), []
    for _ in range(6):
        edges_follow(played >> NO_BETTER)
        bars.append(played.fleet.brownouts["seoul"].bar)
        played >> after(bars[-1] - 1) << NOTHING
        edges_follow(played >> after(1.0))
        assert share(played.fleet) == 5.0
    assert bars == [BARRED, 2 * BARRED, 4 * BARRED, 8 * BARRED, LONGEST_WAIT, LONGEST_WAIT]
    edges_follow(played >> NO_BETTER) >> WELL >> after(2 * LONGEST_WAIT) << BrownoutForgotten
    edges_follow(played >> BAD) >> NO_BETTER
    assert played.fleet.brownouts["seoul"].bar == BARRED


def test_waiting_doubles_from_nothing() -> None:
    """Where nothing is to be waited for at first."""
    played, waits = Script(serving(replace(spec(), stable_for=0.0))), []
    for _ in range(4):
        edges_follow(played >> BAD)
        waits.append(played.fleet.brownouts["seoul"].wait)
        played >> WELL
        edges_follow(played)
    assert waits == [0.0, STEP, 2 * STEP, 4 * STEP]


def test_an_operator_who_gives_it_back_is_obeyed() -> None:
    """However badly it answers: at no step, and not afterwards either, until it has once been well."""
    played = moved() >> Failback(region="seoul", steps=3, pause=1.0)
    keeps = []
    while played.fleet.operations:
        keeps.append(kept(played.fleet, "seoul"))
        edges_follow(played) >> after(1.0)
    assert list(dict.fromkeys(keeps)) == [40, 70, 100]
    assert share(played.fleet) == 50.0
    assert not played.fleet.brownouts["seoul"].moved
    assert next_look(played.fleet) is None
    assert impediment(played.fleet, played.fleet.brownouts["seoul"]).startswith("an operator has taken over")
    played >> after(10 * BARRED) << NOTHING
    played >> WELL >> BAD << like(RegionEvacuated, evacuation__keep=KEEP)


def test_that_it_is_no_use_overrides_no_operator() -> None:
    """It is noted, and done when hands are free; unless the region is well by then."""
    played = moved() >> Pause() >> NO_BETTER << like(BrownoutChanged, brownout__moved=True)
    assert share(played.fleet) == 5.0
    played >> NO_BETTER << NOTHING
    played >> Unpause() << like(BrownoutChanged, brownout__moved=False) << RegionRestored
    played = edges_follow(moved() >> Pause() >> NO_BETTER >> WELL >> Unpause())
    assert share(played.fleet) == 5.0
    played >> after(STABLE) << like(RegionEvacuated, evacuation__keep=STEPS[0])


def test_that_it_is_no_use_does_not_leap_ahead_of_a_failback() -> None:
    """Step by step, as the operator ordered it, and never back down."""
    played = edges_follow(moved() >> Failback(region="seoul", steps=3, pause=1.0)) >> NO_BETTER
    keeps = []
    while played.fleet.operations:
        keeps.append(kept(played.fleet, "seoul"))
        edges_follow(played) >> after(1.0)
    assert list(dict.fromkeys(keeps)) == [40, 70, 100]
    played >> after(10 * BARRED) << NOTHING


def test_a_region_that_is_lost_meanwhile_is_judged_anew() -> None:
    """Its nodes are others when it is back; what falters then is moved as ever."""
    played = edges_follow(story(standby=True) >> BAD)
    for name in ("seoul-1", "seoul-2"):
        played >> exited(name, signal=9)
    assert played.fleet.evacuations["seoul"].cause is EvacuationCause.LOST
    assert not played.fleet.falters("seoul")
    assert AlertKind.BROWNOUT_OVER not in [kind for kind, _ in alerts(played)]
    for name in ("seoul-1", "seoul-2"):
        played >> spawned(name) >> healthy(name)
    edges_follow(played) >> Failback(region="seoul", steps=1, pause=0.0)
    edges_follow(edges_follow(played))
    assert share(played.fleet) == 100.0
    played >> BAD << like(RegionEvacuated, evacuation__keep=KEEP)


def test_an_operator_who_empties_it_keeps_it_empty() -> None:
    """That it is well again ends nothing that an operator ordered."""
    played = moved() >> Failover(region="seoul", steps=1, pause=0.0)
    edges_follow(played) >> WELL >> after(10 * STABLE)
    assert not played.fleet.operations
    assert share(played.fleet) == 0.0


@pytest.mark.parametrize("command", [Failover(region="seoul"), Failback(region="seoul")])
@pytest.mark.parametrize("back", [False, True], ids=["faltering", "on its way back"])
@pytest.mark.parametrize("steps", range(4))
def test_a_move_that_is_taken_back_leaves_it_as_it_was(command: Command, back: bool, steps: int) -> None:
    """It goes on from there: back in steps when it is well, however long after."""
    played = moved()
    if back:
        edges_follow(played >> WELL >> after(STABLE))
    before = played.fleet.evacuations["seoul"]
    played >> command
    for _ in range(steps):
        edges_follow(played) >> after(2.0)
    played >> TrafficWorsened(operation=next(iter(played.fleet.operations)), why="worse")
    edges_follow(played)
    assert not played.fleet.operations
    assert played.fleet.evacuations["seoul"] == before
    assert played.fleet.brownouts["seoul"].moved
    if not back:
        edges_follow(played >> WELL >> after(STABLE))
    for keep in STEPS[:-1]:
        assert kept(played.fleet, "seoul") == keep
        played >> after(STEP - 0.1)
        assert kept(played.fleet, "seoul") == keep
        edges_follow(played >> after(0.1))
    assert share(played.fleet) == 50.0


def test_down_in_the_middle_of_a_move_leaves_it_as_it_was() -> None:
    """What an operator had only begun is over; the next daemon goes on from what it was begun on."""
    played = edges_follow(moved() >> Failover(region="seoul")) >> after(2.0) >> Down()
    assert played.fleet.evacuations["seoul"].cause is EvacuationCause.FALTERED
    assert played.fleet.brownouts["seoul"].moved


def test_under_a_pause_nothing_moves_in_either_direction() -> None:
    """What is due then is done afterwards."""
    played = story() >> Pause() >> BAD << BrownoutChanged
    assert share(played.fleet) == 50.0
    played >> Unpause() << like(RegionEvacuated, evacuation__keep=KEEP)
    edges_follow(played) >> Pause() >> WELL >> after(10 * STABLE)
    assert share(played.fleet) == 5.0
    assert next_look(played.fleet) is None
    played >> Unpause() << like(RegionEvacuated, evacuation__keep=STEPS[0])


def test_while_a_configuration_comes_into_force_nothing_moves() -> None:
    """It restarts nodes, and has a guard of its own."""
    played = story()
    proposal = a_proposal(played.fleet, replace(played.fleet.spec, stable_for=30.0), bake=5.0)
    played >> Request(command=Apply(text=""), by="alice", proposal=proposal)
    assert played.fleet.proposal is not None
    played >> BAD
    assert "seoul" not in played.fleet.evacuations


def test_never_two_at_once() -> None:
    """The second waits until the first has its traffic again."""
    played = edges_follow(story(regions=3) >> BAD) >> replace(BAD, region="osaka")
    assert set(played.fleet.evacuations) == {"seoul"}
    played >> WELL >> after(STABLE)
    for _ in STEPS[1:]:
        edges_follow(played) >> after(STEP)
    assert set(played.fleet.evacuations) == {"osaka"}


def test_never_when_nobody_would_be_left() -> None:
    """A region that answers slowly is better than none."""
    played = story(standby=True)
    for name in ("osaka-1", "osaka-2"):
        played >> exited(name, signal=9)
    played >> BAD << BrownoutChanged
    assert share(played.fleet) == 100.0
    assert alerts(played)[-1][1] == "region seoul is degraded: p50 300 ms (10 ms); its traffic has not been moved"


def test_never_onto_those_that_are_not_whole() -> None:
    """As an operator would be refused it; when they are whole again it is done."""
    played = story() >> exited("osaka-1", signal=9)
    assert edges_follow(played).refuses(Failover(region="seoul")).guard
    played >> BAD << BrownoutChanged
    assert "seoul" not in played.fleet.evacuations
    stands_against = impediment(played.fleet, played.fleet.brownouts["seoul"])
    assert stands_against == "osaka would have to carry its traffic without osaka-1"
    edges_follow(played) >> spawned("osaka-1") >> healthy("osaka-1") << like(RegionEvacuated, evacuation__keep=KEEP)


def test_never_more_than_the_others_are_declared_to_carry() -> None:
    """As an operator would be refused it; when the load is less it is done."""
    played = story(gateway={"capacity": 100})
    heavy, light = replace(BAD, load=360.0), replace(BAD, load=180.0)
    load = Load(rates={"seoul-1": 360.0}, at=played.now.wall)
    assert played.refuses(Request(command=Failover(region="seoul"), by="alice", load=load)).guard
    played >> heavy << BrownoutChanged
    assert "seoul" not in played.fleet.evacuations
    assert impediment(played.fleet, played.fleet.brownouts["seoul"]) == (
        "too little capacity would be left:"
        " 4 nodes would carry up to 171/s (osaka-1); declared capacity: 100/s per node"
    )
    played >> heavy << NOTHING
    played >> BAD << NOTHING
    assert fit_by_now(played.fleet, 360.0) == fit_by_now(played.fleet, None) == []
    assert fit_by_now(played.fleet, 180.0) == [played.fleet.brownouts["seoul"]]
    played >> light << BrownoutChanged << like(RegionEvacuated, evacuation__keep=KEEP)
    assert fit_by_now(played.fleet, 180.0) == []


def test_when_those_that_took_over_are_lost_it_takes_everything() -> None:
    """In the very plan without them."""
    played = moved()
    for name in ("osaka-1", "osaka-2"):
        played >> exited(name, signal=9)
    assert share(played.fleet) == 100.0


def test_turned_off_it_is_over() -> None:
    """Whatever has been moved goes back at once, and news is no news."""
    played = moved()
    played.fleet = replace(played.fleet, spec=replace(played.fleet.spec, brownout=False))
    played >> Ticked() << BrownoutForgotten << RegionRestored
    assert share(played.fleet) == 50.0
    played >> BAD << NOTHING


def test_news_of_nobody_is_dropped() -> None:
    """A region that is not in force; recovery of one that never faltered."""
    story() >> replace(BAD, region="tokyo") << NOTHING
    story() >> WELL << NOTHING
    story() >> NO_BETTER << NOTHING


def successor(played: Script, boot: str = BOOT) -> Script:
    """The daemon is killed, and another takes charge of what runs, or of what a reboot has left."""
    launches = [] if boot != BOOT else [node.launch for node in played.fleet.nodes.values() if node.launch]
    now = at(played.mono, boot)
    found = Found(alive=tuple(launches))
    return played.take(recover(played.fleet, found, Arrival(pid=2, version="0", gap=1.0), now))


def test_a_brownout_outlives_the_daemon_at_every_step() -> None:
    """Nothing moves because it died; how long the region has been well is counted again."""
    played = successor(moved())
    assert share(played.fleet) == 5.0
    played >> WELL >> after(STABLE - 1)
    successor(played) >> after(STABLE - 1)
    assert share(played.fleet) == 5.0
    edges_follow(played) >> after(1.0)
    for step in STEPS[:-1]:
        assert played.fleet.evacuations["seoul"].keep == step
        successor(played)
        assert played.fleet.evacuations["seoul"].keep == step
        edges_follow(played) >> after(STABLE)
    assert share(played.fleet) == 50.0
    assert played.replayed() == played.fleet


def test_another_boot_knows_no_brownout() -> None:
    """Everything has been started anew."""
    played = successor(moved(), boot="boot-2")
    assert not played.fleet.brownouts
    assert not played.fleet.evacuations


def test_long_after_it_is_forgotten() -> None:
    """Not before."""
    played = story() >> Pause() >> BAD >> WELL << like(BrownoutChanged, brownout__faltering=False)
    played >> after(MEMORY - 1) << NOTHING
    played >> after(1.0) << BrownoutForgotten


def test_a_fleet_with_a_faltering_region_is_not_all_well() -> None:
    """But everything serves that should, which is all that a start waits for."""
    played = moved()
    assert (read(played.fleet).verdict, read(played.fleet).sentence) == (
        Verdict.DEGRADED,
        "seoul answers far worse than usual",
    )
    assert is_serving(played.fleet)
    assert read((played >> WELL).fleet).verdict is Verdict.OK
