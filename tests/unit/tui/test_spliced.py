"""A console on a living fleet goes further back than its memory, where it may read what is on disk."""

from pathlib import Path

import pytest
from support.pictures import AT
from support.recorded import Tape

from hactl.core.errors import HactlError
from hactl.core.events import DaemonStarted, DaemonStopped, Record
from hactl.core.talk import Measured, News, Snapshot
from hactl.tui.moments import Moments
from hactl.tui.picture import Picture
from hactl.tui.recording import Recording
from hactl.tui.spliced import AGAIN, Spliced


@pytest.fixture
def tape(tmp_path: Path) -> Tape:
    """Two minutes on disk, with an event after one."""
    tape = Tape(tmp_path / "s")
    tape.measure(60)
    tape.happen(DaemonStarted(pid=1, version="0", boot="b"))
    tape.measure(60)
    return tape


@pytest.fixture
def picture(tape: Tape) -> Picture:
    """A console that was opened then, and has seen a minute more, with another event after half of it."""
    picture = Picture()
    picture.take(Snapshot(fleet=tape.fleet, at=AT + 120, mono=620.0), 0.0)
    for second in range(121, 181):
        if second == 150:
            event = Record(seq=picture.seq + 1, wall=AT + 149.5, mono=1.0, event=DaemonStopped(pid=1))
            picture.take(News(records=(event,)), 0.0)
        picture.take(Measured(at=AT + second), 0.0)
    return picture


def test_what_memory_has_comes_from_memory_and_the_rest_from_disk(tape, picture):
    past = Spliced(picture, lambda: Recording(tape.paths))
    assert (past.first, past.last) == (AT, AT + 180)
    assert past.then(AT + 130).snapshot.samples == ()
    assert past.then(AT + 119).snapshot.samples[0].at == AT + 119


def test_events_are_stops_on_both_sides(tape, picture):
    past = Spliced(picture, lambda: Recording(tape.paths))
    assert past.stop(AT + 180, -1) == AT + 149.5
    assert past.stop(AT + 149.5, -1) == AT + 60
    assert past.stop(AT + 60, -1) is None
    assert past.stop(AT + 10, 1) == AT + 60
    assert past.stop(AT + 60, 1) == AT + 149.5
    assert past.stop(AT + 149.5, 1) is None


def test_a_walk_goes_all_the_way(tape, picture):
    moments = Moments(picture, Spliced(picture, lambda: Recording(tape.paths)))
    for _ in range(5):
        moments.walk(-30)
    assert moments.view().snapshot.at == AT + 30
    assert not moments.live
    for _ in range(6):
        moments.walk(30)
    assert moments.live


def test_without_anything_readable_it_ends_where_memory_ends_and_that_is_said_once(picture):
    def none() -> Recording:
        raise HactlError("it is somebody else's")

    past = Spliced(picture, none)
    assert past.first == AT + 120
    assert past.then(AT).snapshot.at == AT + 120
    assert past.troubles() == ["nothing earlier is available: it is somebody else's"]
    assert past.troubles() == []


def test_nothing_is_opened_before_it_is_needed_and_again_when_memory_has_moved_on(tape, picture):
    opened = []

    def record() -> Recording:
        opened.append(Recording(tape.paths))
        return opened[-1]

    past = Spliced(picture, record)
    past.then(AT + 150)
    assert opened == []
    past.then(AT + 50)
    past.then(AT + 51)
    assert len(opened) == 1
    tape.measure(60)
    for second in range(181, 181 + int(AGAIN)):
        picture.take(Measured(at=AT + second), 0.0)
        picture.moments.popleft()
        past.then(AT + 50)
    assert past.then(AT + 150).snapshot.at == AT + 150
    assert len(opened) == 2, "not each time that memory is a second shorter"
    past.close()
