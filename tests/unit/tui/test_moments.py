"""Which moment is shown while a picture goes on being collected."""

import pytest
from support.pictures import AT, a_picture

from hactl.core.events import FleetPaused, Record
from hactl.core.model import Paused
from hactl.core.talk import Measured, News
from hactl.tui.moments import Moments
from hactl.tui.picture import Picture

SECONDS = 40
PAUSE = Paused(by="ann", since=AT)


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


def test_from_event_to_event_and_back_to_now():
    """What is shown there is what the event had brought about, measured or not."""
    picture = a_picture()
    for second in range(1, SECONDS + 1):
        picture.take(Measured(at=AT + second), 10.0)
        if second in (10, 20):
            event = Record(seq=picture.seq + 1, wall=AT + second + 0.5, mono=1.0, event=FleetPaused(paused=PAUSE))
            picture.take(News(records=(event,)), 10.0)
    moments = Moments(picture)
    moments.stop(1)
    assert moments.live
    moments.stop(-1)
    assert moments.view().snapshot.at == AT + 20.5
    assert moments.view().snapshot.fleet.paused == PAUSE
    moments.stop(-1)
    assert moments.view().snapshot.at == AT + 10.5
    moments.stop(-1)
    assert moments.view().snapshot.at == AT + 10.5, "there is none before"
    moments.stop(1)
    moments.stop(1)
    assert moments.live


def test_only_a_recording_can_be_played(picture):
    moments = Moments(picture)
    assert "hactl replay" in moments.faster(1)
    assert moments.refusal == "", "a fleet that lives can be changed"
    assert moments.troubles() == ()
