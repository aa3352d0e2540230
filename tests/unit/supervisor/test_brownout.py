"""A region that answers far worse than it should is found out and emptied; what all regions suffer from moves nothing.

The judge and the core play together here, in virtual time: what regions answer depends on what is sent to them.
"""

from collections.abc import Callable
from random import Random

import pytest
from support.build import a_spec
from support.script import Script, after, applied, exited, serving

from hactl.core.brownout import Answers
from hactl.core.brownout_events import BrownoutChanged
from hactl.core.brownouts import BARRED, KEEP, STEP, STEPS
from hactl.core.commands import Pause
from hactl.core.events import FleetPaused
from hactl.core.model import Fleet, Sample
from hactl.core.region_events import RegionEvacuated, RegionRestored
from hactl.core.spec import FleetSpec
from hactl.core.traffic import shares
from hactl.supervisor.answers import LATE, WARM
from hactl.supervisor.brownout import BEFORE_BAD, ENOUGH, UNASKED, WINDOW, Brownouts, worse

STABLE = 20.0
RATE = 400.0
Answering = tuple[float, float]
"""The p50 in ms and the part that fails."""
WELL: Answering = (10.0, 0.0)
SLOW: Answering = (300.0, 0.0)
FAULTY: Answering = (10.0, 0.3)


def two(*, standby: bool = False, **changes: object) -> FleetSpec:
    return a_spec(regions=2, nodes=2, standby=standby, stable_for=STABLE, **changes)


class World:
    """Two regions under load, measured once a second; edges take every plan at once."""

    def __init__(self, spec: FleetSpec | None = None) -> None:
        self.story = Script(serving(spec or two()), 1000.0 + WARM)
        self.judge = Brownouts()
        self.interval = 1.0
        """Seconds between two measurements."""
        self.answering: dict[str, Callable[[float], Answering]] = {}
        """By region: how it answers when that many requests per second are sent to it."""

    @property
    def fleet(self) -> Fleet:
        return self.story.fleet

    def share(self, region: str) -> float:
        return sum(share.part for share in shares(self.fleet) if share.region == region)

    def make(self, region: str, answering: Answering, *, since: float = 0.0) -> "World":
        """From now on; with `since`, from that part (0..1) of the next second on."""
        if since:
            p50, faulty = answering
            self.make(region, (p50 if since < 0.5 else WELL[0], faulty * (1 - since))).seconds(1)
        self.answering[region] = lambda _: answering
        return self

    def seconds(self, count: int, *, rate: float = RATE, lag: float = 0.0) -> "World":
        for _ in range(count):
            self.story >> after(self.interval)
            for crossing in self.judge.measured(self.fleet, self._samples(rate), self.story.now, lag=lag):
                self.story >> crossing
            for edge in self.fleet.edges:
                self.story >> applied(edge.name)
        return self

    def until(self, true: Callable[[], bool], most: int) -> float:
        """Seconds until something is so."""
        for second in range(most):
            if true():
                return float(second)
            self.seconds(1)
        raise AssertionError(f"not within {most} s: {self.fleet.brownouts}, {self.fleet.evacuations}")

    def moves(self) -> list[str]:
        """Every move of traffic between the regions so far."""
        return [
            f"{event.evacuation.region} {event.evacuation.keep}" if isinstance(event, RegionEvacuated) else event.region
            for event in self.story.events
            if isinstance(event, RegionEvacuated | RegionRestored)
        ]

    def _samples(self, rate: float) -> list[Sample]:
        samples = []
        for share in shares(self.fleet):
            requests = rate * share.part
            p50, faulty = self.answering.get(share.region, lambda _: WELL)(rate * self.share(share.region))
            samples.append(
                Sample(
                    node=share.node,
                    at=0.0,
                    requests=requests,
                    errors=requests * faulty,
                    p50_ms=p50 if requests else None,
                )
            )
        return samples


@pytest.mark.parametrize("standby", [False, True])
@pytest.mark.parametrize("how", [SLOW, FAULTY])
def test_four_fifths_of_its_share_move_within_ten_seconds(how: Answering, standby: bool) -> None:
    """Active/active compared with the other, active/passive with its own past; once, and it stays so while it lasts."""
    world = World(two(standby=standby)).seconds(30)
    before = world.share("seoul")
    world.make("seoul", how)
    assert world.until(lambda: world.share("seoul") <= 0.2 * before, 10) <= WINDOW + BEFORE_BAD
    assert world.share("seoul") == pytest.approx(KEEP / 100 * before, abs=0.001)
    world.seconds(600)
    assert world.moves() == [f"seoul {KEEP}"]


@pytest.mark.parametrize("standby", [False, True])
def test_it_gets_its_share_back_in_steps_when_it_has_been_well_for_long_enough(standby: bool) -> None:
    """Not a second before."""
    world = World(two(standby=standby)).seconds(30)
    before = world.share("seoul")
    world.make("seoul", SLOW).seconds(30).make("seoul", WELL)
    assert world.until(lambda: len(world.moves()) > 1, 60) >= STABLE
    world.until(lambda: world.share("seoul") == before, int(STEP) * len(STEPS) + 5)
    assert world.moves() == [f"seoul {KEEP}", *(f"seoul {step}" for step in STEPS[:-1]), "seoul"]
    world.seconds(30)
    assert len(world.moves()) == 1 + len(STEPS)


@pytest.mark.parametrize("how", [SLOW, FAULTY])
def test_when_all_regions_are_as_bad_nothing_moves(how: Answering) -> None:
    """Something behind them is."""
    world = World().seconds(30).make("seoul", how).make("osaka", how).seconds(120)
    assert world.moves() == []


def test_what_moving_does_not_help_is_moved_back() -> None:
    """A region compared with its own past alone may be no worse than any other: then it was not the region, and there
    is no other try for minutes."""
    world = World(two(standby=True)).seconds(30).make("seoul", SLOW).make("osaka", SLOW)
    world.until(lambda: world.share("seoul") < 0.2, 10)
    back = world.until(lambda: world.share("seoul") == 1.0, 20)
    world.seconds(int(BARRED) - 10)
    assert world.moves() == [f"seoul {KEEP}", "seoul"], back


def test_others_that_break_down_under_its_load_give_it_back() -> None:
    """The cure must not be worse than the trouble."""
    world = World().seconds(30).make("seoul", SLOW)
    world.answering["osaka"] = lambda rate: SLOW if rate > 0.7 * RATE else WELL
    world.until(lambda: world.share("seoul") < 0.1, 10)
    world.until(lambda: world.share("seoul") == 0.5, 20)
    assert len(world.seconds(int(BARRED) - 10).moves()) == 2


def test_others_that_are_merely_a_little_worse_keep_it() -> None:
    """Half as bad is better."""
    world = World().seconds(30).make("seoul", (1000.0, 0.5)).make("osaka", (80.0, 0.0)).seconds(300)
    assert world.moves() == [f"seoul {KEEP}"]


def test_a_region_that_breaks_down_under_its_share_alone_waits_longer_each_time() -> None:
    """It is well at a tenth and falters with the whole: the waiting doubles, and so there are ever fewer moves."""
    world = World().seconds(30)
    world.answering["seoul"] = lambda rate: SLOW if rate > 0.4 * RATE else WELL
    waits = []
    for _ in range(3):
        world.until(lambda: world.share("seoul") < 0.1, 30)
        waits.append(world.fleet.brownouts["seoul"].wait)
        world.until(lambda: world.share("seoul") == 0.5, 200)
    assert waits == [STABLE, 2 * STABLE, 4 * STABLE]


def test_a_region_that_comes_and_goes_does_not_flap() -> None:
    """Ten minutes of half a minute well, half a minute ill: it is moved away once, and not given back."""
    world = World().seconds(30)
    for _ in range(10):
        world.make("seoul", SLOW).seconds(30).make("seoul", WELL).seconds(20)
    assert len(world.moves()) <= 3


@pytest.mark.parametrize("since", [0.0, 0.1, 0.3, 0.49, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("how", [SLOW, FAULTY, (300.0, 0.2)])
def test_what_many_answers_say_is_told_within_five_seconds(how: Answering, since: float) -> None:
    """Wherever between two measurements it begins; in measurements that come a little early or late."""
    world = World().seconds(30)
    world.interval = 0.997
    world.make("seoul", how, since=since)
    took = (1 - since if since else 0.0) + world.until(lambda: world.fleet.falters("seoul"), 5) * world.interval
    assert took < 4.7


@pytest.mark.parametrize("how", [SLOW, FAULTY])
@pytest.mark.parametrize("since", [0.0, 0.3, 0.7])
def test_a_short_spell_moves_nothing(how: Answering, since: float) -> None:
    """Three seconds are not enough."""
    world = World().seconds(30).make("seoul", how, since=since).seconds(2 if since else 3).make("seoul", WELL)
    assert world.seconds(30).moves() == []


@pytest.mark.parametrize(
    ("how", "seconds", "of"),
    [
        (FAULTY, 1, 2),
        (FAULTY, 2, 3),
        (FAULTY, 3, 4),
        ((10.0, 1.0), 1, 3),
        ((10.0, 1.0), 3, 4),
        (SLOW, 2, 3),
        (SLOW, 3, 4),
    ],
)
def test_a_good_second_now_and_then_does_not_hide_the_bad_ones(how: Answering, seconds: int, of: int) -> None:
    """A region that loses half of its requests in turns is found as soon as one that loses them all the time."""
    world = World().seconds(30)
    for second in range(8):
        world.make("seoul", how if second % of < seconds else WELL).seconds(1)
    assert world.moves() == [f"seoul {KEEP}"]


def test_what_few_answers_say_is_told_later() -> None:
    """One second of them tells nothing by itself."""
    world = World()
    for _ in range(30):
        world.seconds(1, rate=20.0)
    world.make("seoul", SLOW).seconds(4, rate=20.0)
    assert world.moves() == []
    assert len(world.seconds(4, rate=20.0).moves()) == 1


def test_a_median_that_is_now_the_one_and_now_the_other_is_no_news() -> None:
    """Where nearly half of the answers of all regions come from something slow; and what is slower still is seen."""
    world, dice = World(), Random(1)
    for region in ("seoul", "osaka"):
        world.answering[region] = lambda _: (200.0 if dice.random() < 0.4 else 10.0, 0.0)
    for _ in range(500):
        world.seconds(1, rate=44.0)
    assert not [event for event in world.story.events if isinstance(event, BrownoutChanged)]
    world.make("seoul", (900.0, 0.0))
    for _ in range(10):
        world.seconds(1, rate=44.0)
    assert world.moves() == [f"seoul {KEEP}"]


def test_few_answers_prove_nothing() -> None:
    """A region nobody asks may be as slow as it likes."""
    assert World().make("seoul", SLOW).seconds(120, rate=0.5).moves() == []


@pytest.mark.parametrize("rate", [1.0, 3.0, 10.0])
@pytest.mark.parametrize("how", [SLOW, FAULTY])
def test_a_region_that_is_rarely_asked_is_seen_to_be_well_all_the_same(how: Answering, rate: float) -> None:
    """At a tenth of its share few answers come in half a minute: they are waited for."""
    world = World().seconds(30).make("seoul", how).seconds(30)
    assert world.share("seoul") < 0.1
    world.seconds(120, rate=rate)
    assert world.share("seoul") < 0.1
    world.make("seoul", WELL)
    world.seconds(int(3 * ENOUGH / (rate * world.share("seoul")) + STABLE + 10 * STEP), rate=rate)
    assert world.share("seoul") == 0.5
    assert len(world.moves()) == 1 + len(STEPS)


def test_what_nobody_asks_is_given_its_traffic_back_by_and_by() -> None:
    """Only more of it can tell whether the region is well; and when it is not, that is seen as the first time."""
    world = World().seconds(30).make("seoul", SLOW).seconds(30)
    world.seconds(int(UNASKED) - 10, rate=0.0)
    assert world.share("seoul") < 0.1
    world.seconds(int(STABLE + 10 * STEP), rate=0.0)
    assert world.share("seoul") == 0.5
    world.until(lambda: world.share("seoul") < 0.1, 10)


def test_an_active_region_without_a_past_is_not_judged() -> None:
    """A daemon that is new cannot know what is usual for it."""
    assert World(two(standby=True)).make("seoul", SLOW).seconds(60).moves() == []


def test_a_starved_daemon_blames_nobody() -> None:
    """Its own machine is late."""
    assert World().seconds(30).make("seoul", SLOW).seconds(60, lag=2 * LATE).moves() == []


def test_one_region_alone_has_nowhere_to_go() -> None:
    """Nothing is even said."""
    world = World(a_spec(nodes=3)).seconds(30).make("seoul", SLOW).seconds(60)
    assert not [event for event in world.story.events if isinstance(event, BrownoutChanged)]


def test_it_can_be_turned_off() -> None:
    """`region_failover.brownout = false`."""
    assert World(two(brownout=False)).seconds(30).make("seoul", SLOW).seconds(60).moves() == []


def test_under_a_pause_it_is_only_said() -> None:
    """And done when the pause is over, if it lasts until then."""
    world = World().seconds(30)
    world.story >> Pause(seconds=60.0) << FleetPaused
    world.make("seoul", SLOW).seconds(50)
    assert world.fleet.brownouts["seoul"].faltering
    assert world.moves() == []
    assert world.seconds(15).moves() == [f"seoul {KEEP}"]


def test_a_region_whose_others_are_gone_keeps_its_traffic() -> None:
    """Slow is better than nobody."""
    world = World(two(standby=True)).seconds(30)
    for name in ("osaka-1", "osaka-2"):
        world.story >> exited(name, signal=9)
    assert world.make("seoul", SLOW).seconds(60).moves() == []


def test_a_new_daemon_goes_on_from_what_the_last_one_said() -> None:
    """It does not move anything twice, and sees by itself when the region is well."""
    world = World().seconds(30).make("seoul", SLOW).seconds(30)
    world.judge = Brownouts()
    assert world.seconds(60).moves() == [f"seoul {KEEP}"]
    world.make("seoul", WELL)
    world.until(lambda: world.share("seoul") == 0.5, 100)


def test_a_new_daemon_knows_what_is_usual_for_a_region_that_has_always_been_slower() -> None:
    """It need not become like the others, and it is not given up when they are no better than it once was."""
    world = World().make("osaka", (200.0, 0.0)).seconds(300)
    world.make("osaka", (900.0, 0.0)).seconds(30)
    world.judge = Brownouts()
    assert world.seconds(60).moves() == [f"osaka {KEEP}"]
    world.make("osaka", (200.0, 0.0))
    world.until(lambda: world.share("osaka") > KEEP / 100, 60)
    world.judge = Brownouts()
    world.until(lambda: world.share("osaka") == 0.5, 100)
    assert len(world.seconds(100).moves()) == 1 + len(STEPS)


def test_a_new_daemon_sees_that_it_was_in_vain() -> None:
    """Those that took over falter since."""
    world = World(two(standby=True)).seconds(30).make("seoul", SLOW)
    world.until(lambda: world.share("seoul") < 0.2, 10)
    world.judge = Brownouts()
    world.make("osaka", SLOW)
    world.until(lambda: world.share("seoul") == 1.0, 20)


def test_a_region_that_has_always_been_slower_is_no_news() -> None:
    """It may be far away. That it gets worse still is; and it need not become like the others to be well."""
    world = World().make("osaka", (200.0, 0.0)).seconds(300)
    assert world.moves() == []
    world.make("osaka", (900.0, 0.0)).seconds(200)
    assert world.moves() == [f"osaka {KEEP}"]
    world.make("osaka", (200.0, 0.0))
    world.until(lambda: world.share("osaka") == 0.5, 100)
    assert len(world.seconds(100).moves()) == 1 + len(STEPS)


def test_why_is_said_in_figures() -> None:
    """What was measured, and what with."""
    world = World().seconds(30).make("seoul", (300.0, 0.2)).seconds(10)
    why = world.fleet.evacuations["seoul"].why
    assert why == "20 % of the answers fail (usual: 0 %), answers take 300 ms at the median (usual: 10 ms)"
    world.make("seoul", WELL).seconds(10)
    well = world.fleet.brownouts["seoul"].why
    assert well == "0 % of the answers fail (usual: 0 %), answers take 10 ms at the median (usual: 10 ms)"
    passive = World(two(standby=True)).seconds(30).make("seoul", SLOW).seconds(10)
    assert passive.fleet.evacuations["seoul"].why == "answers take 300 ms at the median (usual: 10 ms)"


@pytest.mark.parametrize(
    ("own", "usual", "bad"),
    [
        (Answers(count=100, errors=10, p50_ms=10), Answers(count=100, errors=2, p50_ms=10), True),
        (Answers(count=100, errors=9, p50_ms=10), Answers(count=100, errors=0, p50_ms=10), False),
        (Answers(count=100, errors=30, p50_ms=10), Answers(count=100, errors=7, p50_ms=10), False),
        (Answers(count=20, errors=4, p50_ms=10), Answers(count=100, errors=0, p50_ms=10), False),
        (Answers(count=0, errors=50), Answers(count=100, errors=0, p50_ms=10), True),
        (Answers(count=100, p50_ms=59), Answers(count=100, p50_ms=10), False),
        (Answers(count=100, p50_ms=60), Answers(count=100, p50_ms=10), True),
        (Answers(count=100, p50_ms=290), Answers(count=100, p50_ms=100), False),
    ],
)
def test_what_counts_as_far_worse(own: Answers, usual: Answers, bad: bool) -> None:
    """A tenth fails, five times as many as elsewhere; or thrice as slow, and by 50 ms."""
    assert worse(own, usual) is bad
