"""A node far slower than its peers is found out, said, and taken back; noise, starvation and company are not."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.build import a_spec, at
from support.script import Script, exited, healthy, serving, spawned

from hactl.core.machine import step
from hactl.core.model import Fleet, Sample
from hactl.core.observations import BecameSlow, NoLongerSlow
from hactl.core.spec import HealthSpec
from hactl.core.traffic import weight_of
from hactl.core.value import replace
from hactl.supervisor.answers import LATE, LONGEST, WARM
from hactl.supervisor.slowness import (
    BEFORE_SLOW,
    BEFORE_WELL,
    CHANGES,
    ENOUGH,
    PER,
    UNJUDGED,
    WINDOW,
    Slowness,
    exceeds,
)

BEGIN = 1000.0 + WARM
"""Everything has been serving since 1000.0."""


class World:
    """A fleet that is measured once a second, and believes what is judged."""

    def __init__(self, fleet: Fleet | None = None, begin: float = BEGIN) -> None:
        self.fleet = serving() if fleet is None else fleet
        self.mono = begin
        self.judge = Slowness()
        self.said: list[tuple[float, type, str]] = []
        """When, what, of whom."""

    def second(self, *, lag: float = 0.0, requests: float = 100.0, **medians: float) -> None:
        """One second in which these nodes took so many ms, and every other one 10."""
        self.mono += 1.0
        samples = [
            Sample(
                node=node.name,
                at=0.0,
                requests=requests * weight_of(self.fleet, node) / 100,
                p50_ms=medians.get(node.name.replace("-", "_"), 10.0),
            )
            for node in self.fleet.gateways
        ]
        for saw in self.judge.measured(self.fleet, samples, at(self.mono), lag=lag):
            self.said.append((self.mono, type(saw), saw.node))
            self.fleet = step(self.fleet, saw, at(self.mono)).fleet

    def seconds(self, count: int, *, lag: float = 0.0, requests: float = 100.0, **medians: float) -> "World":
        for _ in range(count):
            self.second(lag=lag, requests=requests, **medians)
        return self

    @property
    def slow(self) -> list[str]:
        return [node.name for node in self.fleet.gateways if node.slow]


def test_a_slow_node_is_said_when_it_has_been_slow_for_a_while() -> None:
    """With figures; and taken back when it has been well for longer."""
    world = World().seconds(10)
    assert world.said == []
    began = world.mono
    world.seconds(10, seoul_2=200.0)
    ((when, kind, name),) = world.said
    assert (kind, name) == (BecameSlow, "seoul-2")
    assert when - began <= WINDOW + BEFORE_SLOW
    reason = world.fleet.nodes["seoul-2"].reason
    assert reason is not None
    assert reason.text == "answers take 200 ms (p50), those of its peers 10 ms"
    well = world.mono
    world.seconds(30)
    when, kind, name = world.said[-1]
    assert (len(world.said), kind, name) == (2, NoLongerSlow, "seoul-2")
    assert BEFORE_WELL <= when - well <= WINDOW + BEFORE_WELL
    assert world.slow == []


@pytest.mark.parametrize(
    ("own", "usual", "slow"),
    [(30.0, 10.0, True), (29.0, 10.0, False), (12.0, 1.0, False), (250.0, 100.0, False), (300.0, 100.0, True)],
)
def test_what_counts_as_far_slower(own: float, usual: float, slow: bool) -> None:
    """Three times as slow, and by 20 ms: neither a trifle nor a difference that is merely long."""
    assert exceeds(own, usual) is slow


def test_a_short_spell_is_not_worth_a_word() -> None:
    """A pause of a garbage collector, a burst."""
    assert World().seconds(10).seconds(2, seoul_2=500.0).seconds(10).said == []


def test_between_slow_and_well_nothing_changes() -> None:
    """Neither is a node said to be slow at twice the usual, nor is that taken back there."""
    assert World().seconds(30, seoul_2=28.0).said == []
    world = World().seconds(10, seoul_2=200.0)
    assert world.seconds(60, seoul_2=25.0).slow == ["seoul-2"]


def test_when_all_are_slow_nobody_is() -> None:
    """It is what stands behind them."""
    assert World().seconds(30, seoul_1=500.0, seoul_2=500.0, seoul_3=500.0).said == []


def test_two_of_three_cannot_outvote_each_other() -> None:
    """One fast node proves nothing against two."""
    assert World().seconds(30, seoul_1=500.0, seoul_2=500.0).said == []


def test_two_nodes_alone_cannot_be_compared() -> None:
    """Nor can one whose peers are gone."""
    assert World(serving(a_spec(nodes=2))).seconds(30, seoul_1=500.0).said == []


def test_a_small_region_is_compared_with_the_others() -> None:
    """A large one with itself alone: another place may take longer."""
    assert World(serving(a_spec(regions=2, nodes=2))).seconds(10, seoul_1=500.0).slow == ["seoul-1"]
    far = World(serving(a_spec(regions=2, nodes=3)))
    assert far.seconds(30, seoul_1=100.0, seoul_2=100.0, seoul_3=100.0).said == []


def test_too_few_answers_prove_nothing() -> None:
    """Not even when they are all there is for half a minute; as soon as they are a handful they do."""
    assert World().seconds(60, requests=0.1, seoul_2=500.0).said == []
    assert World().seconds(20, requests=0.5, seoul_2=500.0).slow == ["seoul-2"]


def test_a_slow_node_that_is_rarely_asked_is_seen_to_be_well_all_the_same() -> None:
    """At a tenth of its weight there may be fewer answers in half a minute than are needed: they are waited for."""
    world = World(serving(a_spec(health=HealthSpec(slow_weight=10)))).seconds(10, seoul_2=200.0)
    world.seconds(120, requests=1.0, seoul_2=200.0)
    assert world.slow == ["seoul-2"]
    world.seconds(int(2 * ENOUGH / 0.1 + BEFORE_WELL), requests=1.0)
    assert world.slow == []


def test_when_nobody_can_judge_a_node_for_minutes_it_is_slow_no_more() -> None:
    """Its peers are gone, or nobody asks it anything: only its whole share can tell."""
    world = World().seconds(10, seoul_2=200.0)
    story = Script(world.fleet, world.mono) >> exited("seoul-3", signal=9)
    world.fleet = story.fleet
    assert world.seconds(int(UNJUDGED), seoul_2=200.0).slow == ["seoul-2"]
    assert world.seconds(int(LONGEST), seoul_2=200.0).slow == []
    idle = World().seconds(10, seoul_2=200.0).seconds(int(UNJUDGED), requests=0.0)
    assert idle.slow == ["seoul-2"]
    assert idle.seconds(2, requests=0.0).slow == []


def test_a_node_that_has_just_come_is_cold() -> None:
    """It is judged when it has served for a while."""
    story = Script(serving(), BEGIN) >> exited("seoul-2", signal=9) >> spawned("seoul-2") >> healthy("seoul-2")
    world = World(story.fleet)
    assert world.seconds(int(WARM) - 1, seoul_2=500.0).said == []
    assert world.seconds(int(BEFORE_SLOW) + 2, seoul_2=500.0).slow == ["seoul-2"]


def test_what_the_dead_one_did_is_not_held_against_its_successor() -> None:
    """Another process, another history; nor is it slow because that one was."""
    world = World().seconds(10, seoul_2=500.0)
    assert world.slow == ["seoul-2"]
    story = Script(world.fleet, world.mono) >> exited("seoul-2", signal=9)
    story >> spawned("seoul-2") >> healthy("seoul-2")
    world.fleet = story.fleet
    assert world.slow == []
    assert len(world.seconds(60).said) == 1


def test_a_starved_daemon_blames_nobody() -> None:
    """When its own loop is late the whole machine is, and whoever got no processor is slow."""
    assert World().seconds(60, lag=2 * LATE, seoul_2=500.0).said == []


def test_what_could_not_be_read_is_not_judged() -> None:
    """An edge that does not answer tells nothing; what was slow stays so."""
    world = World().seconds(10, seoul_2=500.0)
    for _ in range(60):
        world.mono += 1.0
        blank = [Sample(node=node.name, at=0.0) for node in world.fleet.gateways]
        assert world.judge.measured(world.fleet, blank, at(world.mono), lag=0.0) == ()


def test_a_new_daemon_goes_on_from_what_the_last_one_said() -> None:
    """It does not say it again, and takes it back when that is due."""
    world = World().seconds(10, seoul_2=500.0)
    world.judge = Slowness()
    assert len(world.seconds(20, seoul_2=500.0).said) == 1
    assert world.seconds(30).said[-1][1] is NoLongerSlow


def test_a_node_out_of_rotation_is_no_business_of_ours() -> None:
    """It takes nothing, and is nobody's peer."""
    fleet = serving()
    idle = {name: replace(node, weight=0) if name == "seoul-3" else node for name, node in fleet.nodes.items()}
    assert World(replace(fleet, nodes=idle)).seconds(30, seoul_2=500.0).said == []


@given(st.lists(st.tuples(st.integers(1, 20), st.floats(1.0, 1000.0)), min_size=1, max_size=30))
def test_however_noisy_it_is_there_are_few_changes_of_mind(spells: list[tuple[int, float]]) -> None:
    """At most two about one node within any minute, each for its own direction."""
    world = World()
    for length, p50 in spells:
        world.seconds(length, seoul_2=p50)
    told = [when for when, _, _ in world.said]
    for first, third in pairs(told):
        assert third - first >= PER
    assert all(kind is (BecameSlow, NoLongerSlow)[place % 2] for place, (_, kind, _) in enumerate(world.said))


def pairs(told: list[float]) -> Iterator[tuple[float, float]]:
    return zip(told, told[CHANGES:], strict=False)


def test_the_limit_is_reached_and_then_waited_for() -> None:
    """Slow, well, slow: the third one is only said when the first is a minute old."""
    world = World().seconds(8, seoul_2=500.0).seconds(18).seconds(60, seoul_2=500.0)
    times = [when for when, _, _ in world.said]
    assert [kind for _, kind, _ in world.said] == [BecameSlow, NoLongerSlow, BecameSlow]
    assert times[2] - times[0] == PER
