"""Which moment of a recording is shown, against a clock that goes when it is told to."""

import pytest

from hactl.tui.picture import View
from hactl.tui.replay import SPEEDS, Replay


class Hour:
    """A past of an hour, with an event every ten minutes."""

    first, last = 0.0, 3600.0

    def __init__(self) -> None:
        self.asked: list[float] = []

    def then(self, at: float) -> View:
        self.asked.append(at)
        return View(heard=at)

    def stop(self, at: float, step: int) -> float | None:
        events = [600.0 * number for number in range(1, 6)]
        found = [each for each in events if (each > at if step > 0 else each < at)]
        return (found[0] if step > 0 else found[-1]) if found else None

    def troubles(self) -> list[str]:
        return ["a segment is damaged"]


@pytest.fixture
def clock():
    return [0.0]


@pytest.fixture
def replay(clock):
    return Replay(Hour(), at=1000.0, clock=lambda: clock[0])


def test_it_stands_where_it_begins(replay, clock):
    clock[0] = 99.0
    view = replay.view()
    assert (view.heard, view.live, view.speed) == (1000.0, False, 0.0)
    assert "recording" in replay.refusal


def test_it_is_played_second_by_second_and_held(replay, clock):
    replay.hold()
    clock[0] = 5.0
    assert (replay.view().heard, replay.view().speed) == (1005.0, 1.0)
    replay.hold()
    clock[0] = 50.0
    assert (replay.view().heard, replay.view().speed) == (1005.0, 0.0)


def test_a_speed_counts_from_when_it_was_chosen(replay, clock):
    replay.hold()
    clock[0] = 5.0
    assert replay.faster(1) == ""
    clock[0] = 10.0
    assert replay.view().heard == 1005.0 + 5 * SPEEDS[1]
    for _ in range(20):
        replay.faster(1)
    assert replay.view().speed == SPEEDS[-1]
    for _ in range(20):
        replay.faster(-1)
    assert replay.view().speed == 1.0


def test_it_ends_at_the_end_and_does_not_begin_again(replay, clock):
    replay.hold()
    clock[0] = 10_000.0
    assert (replay.view().heard, replay.view().speed) == (3600.0, 0.0)
    replay.hold()
    assert replay.view().speed == 0.0
    replay.walk(-10)
    replay.hold()
    clock[0] += 2.0
    assert replay.view().heard == 3592.0


@pytest.mark.parametrize(("steps", "at"), [((-30,), 970.0), ((-9999,), 0.0), ((9999,), 3600.0), ((-1, 30), 1029.0)])
def test_a_walk_stays_within_what_there_is(replay, steps, at):
    for step in steps:
        replay.walk(step)
    assert replay.view().heard == at


def test_a_walk_goes_on_playing_from_there(replay, clock):
    replay.hold()
    clock[0] = 10.0
    replay.walk(100)
    clock[0] = 11.0
    assert replay.view().heard == 1111.0


def test_it_stands_still_at_an_event(replay, clock):
    replay.hold()
    replay.stop(1)
    clock[0] = 10.0
    assert (replay.view().heard, replay.view().speed) == (1200.0, 0.0)
    replay.stop(-1)
    assert replay.view().heard == 600.0
    replay.stop(-1)
    assert replay.view().heard == 600.0, "there is none before"


def test_what_could_not_be_read_is_passed_on(replay):
    assert replay.troubles() == ["a segment is damaged"]
