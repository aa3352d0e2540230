"""What a node sustains is seen, and nothing that it does not."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.build import a_proposal, a_spec
from support.script import Script, exited, healthy, serving, spawned

from hactl.core.commands import Apply, Drain, Request
from hactl.core.machine import step
from hactl.core.model import Fleet, Sample
from hactl.core.observations import LoadSustained
from hactl.core.routing import RouteSpec
from hactl.core.value import replace
from hactl.supervisor.capacity import EVERY, GAP, WINDOW, CapacityWatch

START = 1000.0
"""Unix time of the first measurement."""


class Watching:
    """A watch that is shown one second after the other; what it tells is taken by the real rules."""

    def __init__(self, fleet: Fleet | None = None) -> None:
        self.story = Script(fleet or serving())
        self.watch = CapacityWatch()
        self.at = START
        self.told: list[float] = []

    def second(self, rate: float | None, errors: float = 0.0, *, node: str = "seoul-1", step: float = 1.0) -> None:
        """One measurement."""
        self.at += step
        sample = Sample(node=node, at=self.at, requests=rate, errors=errors)
        edge = Sample(node="edge-1", at=self.at, requests=1e6)
        news = self.watch.measured(self.story.fleet, (edge, sample))
        if news is not None:
            self.told.append(news.rate)
            self.story >> news

    def seconds(self, rates: Iterable[float | None]) -> None:
        for rate in rates:
            self.second(rate)


def test_the_worst_of_several_seconds_in_a_row_is_what_is_sustained() -> None:
    """A burst among them proves nothing."""
    seen = Watching()
    seen.seconds([100, 120, 500, 90])
    assert seen.told == []
    seen.second(110)
    assert seen.told == [90.0]
    assert seen.story.fleet.sustained == 90.0
    news = CapacityWatch()
    for at in range(WINDOW):
        told = news.measured(serving(), (Sample(node="seoul-2", at=START + at, requests=7.0),))
    assert told == LoadSustained(node="seoul-2", instance="f1/seoul-2/1", rate=7.0)


def test_what_is_answered_with_errors_is_not_sustained() -> None:
    """One in a thousand is none to speak of, one in a hundred is; the window has to get rid of it first."""
    seen = Watching()
    for errors in (0, 0, 5, 0, 0, 0, 0):
        seen.second(100, errors)
    assert seen.told == []
    seen.second(100)
    assert seen.told == [100.0]
    lenient = Watching()
    for errors in (0, 0, 0.5, 0, 0):
        lenient.second(100, errors)
    assert lenient.told == [100.0]


def test_seconds_that_are_not_in_a_row_are_not_put_together() -> None:
    """A daemon that did not come to measuring for a while knows nothing of what was meanwhile."""
    seen = Watching()
    seen.seconds([100] * (WINDOW - 1))
    seen.second(100, step=GAP + 0.1)
    assert seen.told == []
    seen.seconds([100] * (WINDOW - 1))
    assert seen.told == [100.0]


def test_a_second_nobody_measured_ends_the_row() -> None:
    seen = Watching()
    seen.seconds([100, 100, 100, 100, None, 100])
    assert seen.told == []


def test_no_traffic_is_no_news() -> None:
    seen = Watching()
    seen.seconds([0] * 3 * WINDOW)
    assert seen.told == []


def test_only_a_material_rise_is_told_and_not_too_often() -> None:
    """Traffic that grows for hours is told now and then, not each second."""
    seen = Watching()
    seen.seconds([100] * WINDOW)
    seen.seconds([109] * 30)
    assert seen.told == [100.0]
    seen.seconds([111] * WINDOW)
    assert seen.told == [100.0, 111.0]
    began = seen.at
    seen.seconds([1000] * int(EVERY - 1))
    assert seen.told == [100.0, 111.0], "too soon after the last one"
    seen.second(1000)
    assert seen.told == [100.0, 111.0, 1000.0]
    assert seen.at - began == EVERY
    assert seen.story.fleet.sustained == 1000.0


def test_what_was_sustained_meanwhile_is_told_in_its_time() -> None:
    """Also when it is over by then: a survivor carried it while the other node was away."""
    seen = Watching()
    seen.seconds([100] * WINDOW)
    seen.seconds([200] * WINDOW)
    seen.seconds([100] * WINDOW)
    assert seen.told == [100.0, 200.0]


def test_another_configuration_is_measured_from_the_start() -> None:
    """What waited to be told was true of the one before."""
    seen = Watching()
    seen.seconds([100] * WINDOW)
    seen.seconds([200] * WINDOW)
    spec = replace(seen.story.fleet.spec, routes=(RouteSpec(prefix="/", respond=404),))
    seen.story.fleet = replace(seen.story.fleet, spec=spec, sustained=0.0)
    seen.seconds([50] * 2 * WINDOW)
    assert seen.told == [100.0, 50.0]


def test_what_a_node_does_with_a_new_process_begins_anew() -> None:
    """The seconds of two processes are not put together."""
    seen = Watching()
    seen.seconds([100] * (WINDOW - 1))
    seen.story >> exited("seoul-1", signal=9) >> spawned("seoul-1") >> healthy("seoul-1")
    seen.seconds([100] * (WINDOW - 1))
    assert seen.told == []
    seen.second(100)
    assert seen.told == [100.0]


def test_a_node_that_is_being_emptied_proves_nothing() -> None:
    """It is out of service."""
    seen = Watching()
    seen.story >> Drain(nodes=("seoul-1",))
    seen.seconds([100] * 2 * WINDOW)
    assert seen.told == []


def test_what_a_node_does_with_a_configuration_to_come_proves_nothing_yet() -> None:
    """It is on trial; when it is in force, it is measured as such."""
    fleet = serving()
    spec = replace(a_spec(), routes=(RouteSpec(prefix="/", respond=200),))
    request = Request(command=Apply(text=""), by="alice", proposal=a_proposal(fleet, spec))
    changing = step(fleet, request, Script(fleet).now).fleet
    assert changing.proposal is not None
    tried = replace(changing.nodes["seoul-1"], revision=changing.proposal.revision)
    seen = Watching(replace(fleet, proposal=changing.proposal, nodes=fleet.nodes | {"seoul-1": tried}))
    seen.seconds([100] * 2 * WINDOW)
    assert seen.told == []
    for _ in range(WINDOW):
        seen.second(50, node="seoul-2")
    assert seen.told == [50.0]


@given(st.lists(st.floats(0, 2000), max_size=60), st.floats(0, 1000))
def test_what_is_told_was_done_for_several_seconds(rates: list[float], known: float) -> None:
    """Whatever the traffic: never more than the worst of five seconds in a row, always materially more than before."""
    seen = Watching(replace(serving(), sustained=known))
    seen.seconds(rates)
    rows = [min(rates[end - WINDOW : end]) for end in range(WINDOW, len(rates) + 1)]
    assert set(seen.told) <= set(rows)
    for before, after in zip([known, *seen.told], seen.told, strict=False):
        assert after >= before * 1.1
    assert seen.story.fleet.sustained == pytest.approx(max([known, *seen.told]))
