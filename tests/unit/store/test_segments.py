"""Finding measurements again by their time, over many segments, damaged ones and clocks that were set back."""

import os
import zlib
from pathlib import Path

import pytest
from support.measurements import AT, moment

from hactl.store.frames import MAGIC, Encoder
from hactl.store.segments import HELD, PACKED, Segments, last_written, listed, named


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path


def write(directory: Path, number: int, seconds: range, *, mark: int = 0) -> Path:
    """One segment with a moment at each of `seconds`; `mark` is the journal position of all of them."""
    encoder = Encoder()
    frames = (encoder.encode(moment(second), mark) for second in seconds)
    path = directory / named(number, AT + seconds.start)
    path.write_bytes(MAGIC + b"".join(frames))
    return path


def seconds(frames: list) -> list[int]:
    return [int(frame.at - AT) for frame in frames]


def test_the_newest_that_is_not_younger_is_found(directory):
    write(directory, 1, range(10))
    write(directory, 2, range(20, 30))
    segments = Segments(directory)
    assert segments.last == AT + 29
    for asked, found in ((0.0, 0), (9.5, 9), (15.0, 9), (20.0, 20), (99.0, 29)):
        assert segments.at(AT + asked).at == AT + found
    assert segments.at(AT - 1) is None


def test_a_minute_back_reaches_into_the_segments_before(directory):
    """Two daemons' segments in a row, the second begun five seconds after the first had ended."""
    write(directory, 1, range(10))
    write(directory, 2, range(15, 20))
    segments = Segments(directory)
    assert seconds(segments.back(AT + 17, 10.0, limit=100)) == [8, 9, 15, 16, 17]
    assert seconds(segments.back(AT + 17, 10.0, limit=2)) == [16, 17]
    assert segments.back(AT + 500, 10.0, limit=100) == []


def test_when_a_clock_was_set_back_what_was_written_last_counts(directory):
    """The time from 5 to 9 has come twice; nothing is shown twice or out of order."""
    write(directory, 1, range(10), mark=1)
    write(directory, 2, range(5, 15), mark=2)
    segments = Segments(directory)
    found = segments.back(AT + 8, 60.0, limit=100)
    assert seconds(found) == list(range(9))
    assert [frame.seq for frame in found] == [1] * 5 + [2] * 4
    assert segments.last == AT + 14


def test_a_clock_far_ahead_hides_nothing_of_what_came_after(directory):
    write(directory, 1, range(10_000, 10_010), mark=1)
    write(directory, 2, range(20), mark=2)
    segments = Segments(directory)
    assert segments.at(AT + 5).seq == 2
    assert segments.last == AT + 19


def test_a_damaged_segment_is_passed_over_and_named(directory):
    write(directory, 1, range(10))
    damaged = write(directory, 2, range(20, 30))
    damaged.write_bytes(b"\0" * 500)
    write(directory, 3, range(40, 50))
    segments = Segments(directory)
    assert seconds(segments.back(AT + 41, 60.0, limit=100)) == [*range(10), 40, 41]
    assert segments.damaged == [damaged]


def test_what_is_compressed_meanwhile_is_read_all_the_same(directory):
    """A daemon goes on beside whoever looks back."""
    plain = write(directory, 1, range(10))
    segments = Segments(directory)
    plain.with_name(plain.name + PACKED).write_bytes(zlib.compress(plain.read_bytes()))
    plain.unlink()
    assert seconds(segments.back(AT + 9, 60.0, limit=100)) == list(range(10))
    assert Segments(directory).last == AT + 9


def test_what_goes_meanwhile_is_missing_and_no_damage(directory):
    old = write(directory, 1, range(10))
    write(directory, 2, range(20, 30))
    segments = Segments(directory)
    old.unlink()
    assert segments.at(AT + 5) is None
    assert segments.damaged == []


def test_few_are_held_however_many_there_are(directory):
    for number in range(20):
        write(directory, number + 1, range(number * 10, number * 10 + 10))
    segments = Segments(directory)
    assert len(segments.back(AT + 199, 200.0, limit=1000)) == 200
    assert len(segments._held) == HELD


def test_when_it_was_written_last_is_known_without_reading(directory):
    assert last_written(directory / "nowhere") is None
    (directory / named(8, AT)).write_bytes(b"nothing that could be read")
    os.utime(directory / named(8, AT), (AT, AT + 7.5))
    assert last_written(directory) == AT + 7.5


def test_only_segments_are_listed_in_the_order_in_which_they_were_written(directory):
    for name in ("00000002-5.samples", "00000010-1.samples", "readme", "00000003-5.samples~", "x-1.samples"):
        (directory / name).touch()
    assert [place.number for place in listed(directory)] == [2, 10]
    assert listed(directory / "nowhere") == []
    assert Segments(directory).last is None
