"""Worse answers during a configuration change are noticed, and nothing else is."""

import pytest
from support.build import a_proposal, a_spec, founded
from support.script import Script, after, applied, serving
from support.world import MemoryWorld

from hactl.core.commands import Apply, BeginDrill, EndDrill, Failback, Failover, Request
from hactl.core.evacuation import WHOLE
from hactl.core.machine import step
from hactl.core.model import Fleet, Now, Sample
from hactl.core.observations import TrafficWorsened
from hactl.core.regions import kept
from hactl.core.routing import RouteSpec
from hactl.core.traffic import shares
from hactl.core.value import replace
from hactl.supervisor.guard import BASELINE, ENOUGH, KNOWN, Guard, Tally, usual, worsened


def changing() -> Fleet:
    fleet = serving()
    spec = replace(a_spec(), routes=(RouteSpec(prefix="/", respond=200),))
    request = Request(command=Apply(text=""), by="alice", proposal=a_proposal(fleet, spec))
    return step(fleet, request, Now(mono=2000.0, wall=0.0)).fleet


def a_second(requests: float, errors: float) -> tuple[Sample, ...]:
    """Half of it on each edge; what nodes answered is counted there already."""
    each = {"at": 0.0, "requests": requests / 2, "errors": errors / 2}
    return (Sample(node="edge-1", **each), Sample(node="edge-2", **each), Sample(node="seoul-1", at=0.0, errors=99.0))


def test_worse_answers_are_told_once() -> None:
    """With what they were before."""
    guard, fleet = Guard(), changing()
    for _ in range(5):
        assert guard.measured(serving(), a_second(100, 1)) is None
    assert guard.measured(fleet, a_second(100, 1)) is None
    worse = guard.measured(fleet, a_second(100, 20))
    (operation,) = fleet.operations
    assert worse == TrafficWorsened(operation=operation, why="10.5 % of the answers failed, 1.0 % before")
    assert guard.measured(fleet, a_second(100, 20)) is None


def test_what_is_no_worse_than_before_is_no_news() -> None:
    """A service that fails a third of its requests did so before."""
    guard = Guard()
    guard.measured(serving(), a_second(300, 100))
    assert guard.measured(changing(), a_second(300, 110)) is None


def test_what_a_bad_configuration_did_is_not_what_was_before() -> None:
    """Neither while it is taken back: the next one is compared with the traffic of the configuration in force."""
    guard, fleet = Guard(), changing()
    back = {name: replace(operation, back="refused") for name, operation in fleet.operations.items()}
    guard.measured(serving(), a_second(100, 0))
    guard.measured(replace(fleet, operations=back), a_second(100, 100))
    assert guard.measured(fleet, a_second(100, 30)) is not None


def test_what_is_on_its_way_back_is_not_judged() -> None:
    """It is being taken back already."""
    fleet = changing()
    back = {name: replace(operation, back="refused") for name, operation in fleet.operations.items()}
    assert Guard().measured(replace(fleet, operations=back), a_second(100, 100)) is None


def test_what_a_drill_lent_is_given_back_whatever_clients_get_meanwhile() -> None:
    """It goes back because answers are bad: to take that back would leave the drill's configuration in force."""
    world = MemoryWorld(founded(a_spec(regions=2, nodes=2))).begin()
    drill = world.submit(BeginDrill(name="bad-config", nodes=(), config=True, lease=120.0, longest=600.0))
    before, spec = world.fleet, replace(world.fleet.spec, routes=(RouteSpec(prefix="/", respond=200),))
    applied = world.submit(Apply(text=""), proposal=a_proposal(world.fleet, spec))
    guard = Guard()
    guard.measured(before, a_second(100, 0))
    assert guard.measured(world.fleet, a_second(100, 100)) is not None, "the one that comes is judged"
    while applied in world.fleet.operations:
        world.turn()
    world.submit(EndDrill(id=drill))
    while not any(operation.revision for operation in world.fleet.operations.values()):
        world.turn()
    assert guard.measured(world.fleet, a_second(100, 100)) is None


@pytest.mark.parametrize("calm", [3, 5, 15])
def test_an_outage_that_is_over_hides_no_other(calm: int) -> None:
    """A configuration that comes right after it is judged by how it was since: by its first node, not by its last."""
    guard, fleet = Guard(), changing()
    outage = 11
    for errors in [0] * (BASELINE - outage - calm) + [100] * outage + [0] * calm:
        guard.measured(serving(), a_second(100, errors))
    worse = guard.measured(fleet, a_second(100, 25))
    assert worse is not None
    assert worse.why == "25.0 % of the answers failed, 0.0 % before"


@pytest.mark.parametrize("rate", [10, 40, 100, 1000])
@pytest.mark.parametrize("failing", [0.02, 0.05, 0.375])
def test_what_fails_all_the_time_is_usual_though_chance_was_kind_lately(rate: int, failing: float) -> None:
    """Three seconds in which half as many failed as ever prove nothing, unless so many were asked that they do."""
    before = [Tally(requests=rate, errors=rate * failing)] * (BASELINE - 3)
    lately = [Tally(requests=rate, errors=rate * failing / 2)] * 3
    since = Tally(requests=30 * rate, errors=30 * rate * failing)
    assert worsened(usual([*before, *lately]), since) == ""


def test_an_outage_that_goes_on_is_no_news() -> None:
    """What comes into force meanwhile may be what ends it: it is compared with all that was."""
    before = [Tally(requests=100, errors=0)] * 15 + [Tally(requests=100, errors=60)] * 15
    assert usual(before) == Tally(requests=3000, errors=900)
    assert worsened(usual(before), Tally(requests=100, errors=60)) == ""


def test_few_answers_since_an_outage_do_not_say_what_is_usual() -> None:
    """As many are taken as tell it. Neither do those of a moment say it, however many."""
    outage = [Tally(requests=10, errors=10)] * 10
    assert usual([*outage, *[Tally(requests=10, errors=0)] * 5]).share == 0.5
    assert usual([*outage, *[Tally(requests=10, errors=0)] * 10]).share == 0.0
    assert usual([Tally(requests=1000, errors=1000)] * 2 + [Tally(requests=1000, errors=0)]).share > 0.6


def test_a_few_failures_prove_nothing() -> None:
    """Neither do shares that differ by chance."""
    assert worsened(Tally(), Tally(requests=ENOUGH - 1, errors=ENOUGH - 1)) == ""
    assert worsened(Tally(requests=1000, errors=0), Tally(requests=10_000, errors=90)) == ""
    assert worsened(Tally(requests=1000, errors=0), Tally(requests=1000, errors=20)) != ""


def test_a_daemon_that_does_not_know_what_is_usual_says_so() -> None:
    """One that came in the middle of a change has nothing to compare with: a service that fails now and then may always
    have done so. That most of the answers fail is plain all the same."""
    fleet = changing()
    assert Guard().measured(fleet, a_second(1000, 50)) is None
    guard = Guard()
    guard.measured(serving(), a_second(KNOWN - 1, 0))
    assert guard.measured(fleet, a_second(1000, 50)) is None
    guard = Guard()
    guard.measured(serving(), a_second(KNOWN, 0))
    assert guard.measured(fleet, a_second(1000, 50)) is not None
    worse = Guard().measured(fleet, a_second(100, 60))
    assert worse is not None
    assert worse.why == "60.0 % of the answers failed, and too few were counted before to know what is usual"


def by_region(fleet: Fleet, failing: str, *, errors: float = 0.5, total: float = 200.0) -> tuple[Sample, ...]:
    """A second in which one region's nodes fail a part of what they get, as the edges see it."""
    got = {share.node: share.part * total for share in shares(fleet)}
    failed = {name: got[name] * errors for name in got if fleet.nodes[name].region == failing}
    each = {"at": 0.0, "requests": total / 2, "errors": sum(failed.values()) / 2}
    nodes = (Sample(node=name, at=0.0, requests=got[name], errors=failed.get(name, 0.0)) for name in got)
    return (Sample(node="edge-1", **each), Sample(node="edge-2", **each), *nodes)


def watched(story: Script, guard: Guard, failing: str, seconds: int) -> list[TrafficWorsened]:
    """Some seconds go by, in which the edges follow; what the guard says is done."""
    said = []
    for _ in range(seconds):
        for edge in story.fleet.edges:
            story >> applied(edge.name)
        story >> after(1.0)
        news = guard.measured(story.fleet, by_region(story.fleet, failing))
        if news is not None:
            said.append(news)
            story >> news
    return said


@pytest.mark.parametrize("standby", [True, False])
@pytest.mark.parametrize("before", range(31))
def test_a_failover_because_of_errors_is_no_harm(before: int, standby: bool) -> None:
    """However short a time before the order they began, even right after it: it is seoul that fails, and is left."""
    guard, story = Guard(), Script(serving(a_spec(regions=2, standby=standby)))
    watched(story, guard, "", 30 - before)
    watched(story, guard, "seoul", before)
    story >> Failover(region="seoul")
    assert watched(story, guard, "seoul", 20) == []
    assert kept(story.fleet, "seoul") == 0


@pytest.mark.parametrize("before", range(31))
def test_a_failback_because_those_that_carry_it_fail_is_no_harm(before: int) -> None:
    """The region that receives is well."""
    guard, story = Guard(), Script(serving(a_spec(regions=2)))
    story >> Failover(region="seoul", steps=1, pause=0.0)
    watched(story, guard, "", 33 - before)
    watched(story, guard, "osaka", before)
    story >> Failback(region="seoul")
    assert watched(story, guard, "osaka", 20) == []
    assert kept(story.fleet, "seoul") == WHOLE


def test_where_all_fail_alike_moving_does_no_harm() -> None:
    """What stands behind them fails: since a few seconds, which the calm ones before do not drown."""
    guard, story = Guard(), Script(serving(a_spec(regions=2)))
    watched(story, guard, "", 25)
    for _ in range(5):
        assert guard.measured(story.fleet, a_second(100, 50)) is None
    story >> Failover(region="seoul")
    assert guard.measured(story.fleet, a_second(100, 50)) is None


def test_the_traffic_of_a_region_that_moves_is_watched_as_well() -> None:
    """The region that receives it may answer worse; what is moved back already is not judged."""
    guard, story = Guard(), Script(serving(a_spec(regions=2, standby=True)))
    watched(story, guard, "osaka", 10)
    story >> Failover(region="seoul")
    (worse,) = watched(story, guard, "osaka", 10)
    assert worse.why == "12.5 % of the answers failed, 0.0 % before"
    assert kept(story.fleet, "seoul") == WHOLE


def test_an_outage_that_is_over_hides_no_harm_of_a_move() -> None:
    """Traffic goes to a region that answers worse, soon after all of them did."""
    guard, story = Guard(), Script(serving(a_spec(regions=2, standby=True)))
    for _ in range(10):
        assert guard.measured(story.fleet, a_second(200, 200)) is None
    watched(story, guard, "", 5)
    story >> Failover(region="seoul")
    (worse,) = watched(story, guard, "osaka", 10)
    assert worse.why.endswith(" of the answers failed, 0.0 % before")
    assert kept(story.fleet, "seoul") == WHOLE


def test_what_nobody_answers_for_counts_against_the_move() -> None:
    """Edges that find nobody to send a request to answer it themselves."""
    guard, before = Guard(), serving(a_spec(regions=2, standby=True))
    moving = step(before, Request(command=Failover(region="seoul"), by="alice"), Now(mono=2000.0, wall=0.0)).fleet
    edges = tuple(Sample(node=edge.name, at=0.0, requests=50.0, errors=12.0) for edge in before.edges)
    for _ in range(3):
        assert guard.measured(before, by_region(before, "")) is None
    assert guard.measured(moving, edges) is not None
    back = {name: replace(operation, back="bad") for name, operation in moving.operations.items()}
    assert guard.measured(replace(moving, operations=back), edges) is None
