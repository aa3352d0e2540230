"""Which moment is shown while a picture goes on being collected."""

import pytest
from support.pictures import AT, a_picture

from hactl.core.talk import Measured
from hactl.tui.moments import Moments
from hactl.tui.picture import Picture

SECONDS = 40


@pytest.fixture
def picture():
    """Forty-one moments, one a second."""
    collected = a_picture()
    for second in range(1, SECONDS + 1):
        collected.take(Measured(at=AT + second, samples=collected.snapshot.samples), 10.0)
    return collected


def test_it_is_now_until_somebody_asks_for_another_moment(picture):
    moments = Moments(picture)
    assert moments.live
    assert moments.view().live


def test_what_is_held_stays_while_more_comes_in(picture):
    """And the same key goes back to now."""
    moments = Moments(picture)
    moments.hold()
    picture.take(Measured(at=AT + 99), 10.0)
    assert not moments.live
    assert moments.view().snapshot.at == AT + SECONDS
    moments.hold()
    assert moments.view().snapshot.at == AT + 99


@pytest.mark.parametrize(
    ("steps", "second"), [((-1,), 39), ((-30,), 10), ((-30, -30), 0), ((-30, 5), 15), ((-1, -1, 1), 39)]
)
def test_a_walk_stays_within_what_is_kept(picture, steps, second):
    moments = Moments(picture)
    for step in steps:
        moments.walk(step)
    assert moments.view().snapshot.at == AT + second


def test_beyond_the_newest_moment_it_is_now(picture):
    moments = Moments(picture)
    moments.walk(-1)
    moments.walk(1)
    assert moments.live


def test_without_a_picture_there_is_nowhere_to_go():
    moments = Moments(Picture())
    moments.hold()
    moments.walk(-1)
    assert moments.live
