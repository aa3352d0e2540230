"""Measurements on disk: nobody waits for them, and what was written before a kill -9 is there."""

import errno
import os
import resource
import signal
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import measurements, small_disk_samples
from support.measurements import AT, moment
from support.mounts import told
from support.polling import wait_until

from hactl.store.samples import SECONDS, WAITING, SampleLog
from hactl.store.segments import Segments, listed


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "samples"


@contextmanager
def log(directory: Path, said: list[str] | None = None) -> Iterator[SampleLog]:
    """One daemon's life; at its end everything is written."""
    with SampleLog(directory, say=(said if said is not None else []).append, reserve=0) as opened:
        yield opened


def kept(directory: Path) -> list[int]:
    """Which moments are there, and whether they are as they were."""
    segments = Segments(directory)
    frames = segments.back(AT + 1e6, 2e6, limit=100_000)
    for frame in frames:
        assert frame.samples == moment(int(frame.at - AT)).samples
    assert segments.damaged == []
    return [int(frame.at - AT) for frame in frames]


def test_what_is_kept_can_be_read_by_its_owner_alone(directory):
    with log(directory) as opened:
        for number in range(5):
            opened.keep(moment(number), number)
    assert kept(directory) == [0, 1, 2, 3, 4]
    (place,) = listed(directory)
    assert (directory.stat().st_mode & 0o777, place.path.stat().st_mode & 0o777) == (0o700, 0o600)


def test_the_next_daemon_begins_a_segment_of_its_own(directory):
    """Behind a torn end nothing could be found."""
    with log(directory) as opened:
        opened.keep(moment(0), 1)
    torn = listed(directory)[0].path
    os.truncate(torn, torn.stat().st_size - 3)
    with log(directory) as opened:
        opened.keep(moment(1), 2)
    assert [place.number for place in listed(directory)] == [1, 2]
    assert kept(directory) == [1]


def test_a_segment_holds_ten_minutes(directory):
    with log(directory) as opened:
        for number in (0, 1, int(SECONDS) - 1, int(SECONDS), int(SECONDS) + 1):
            opened.keep(moment(number), number)
            wait_until_written(directory, number)
    assert [place.begins - AT for place in listed(directory)] == [0, SECONDS]


def test_a_segment_that_is_over_is_compressed_and_reads_alike(directory):
    """By the next one, whichever daemon begins it; the one that is written is plain, so that nothing of it is lost."""
    with log(directory) as opened:
        for number in range(500):
            opened.keep(moment(number), number)
            if number % 50 == 0:  # a disk is never so fast that nothing would wait
                wait_until_written(directory, number)
        wait_until_written(directory, 499)
    size = listed(directory)[0].path.stat().st_size
    with log(directory) as opened:
        opened.keep(moment(500), 500)
    old, new = listed(directory)
    assert (old.packed, new.packed) == (True, False)
    assert old.path.stat().st_size < size / 2
    assert old.path.stat().st_mode & 0o777 == 0o600
    assert kept(directory) == list(range(501))


@pytest.mark.parametrize("left", ["nothing more", "half a file", "both"])
def test_a_daemon_that_dies_while_it_compresses_loses_nothing(directory, left):
    with log(directory) as opened:
        for number in range(5):
            opened.keep(moment(number), number)
    (plain,) = listed(directory)
    if left == "half a file":
        (directory / "packing").write_bytes(b"half")
    if left == "both":
        plain.path.with_name(plain.path.name + ".z").write_bytes(zlib.compress(plain.path.read_bytes()))
    assert kept(directory) == [0, 1, 2, 3, 4]
    with log(directory) as opened:
        opened.keep(moment(5), 5)
    assert kept(directory) == [0, 1, 2, 3, 4, 5]
    assert len(list(directory.iterdir())) == 2


def test_a_compressed_segment_that_is_damaged_is_passed_over(directory):
    for number in range(2):
        with log(directory) as opened:
            opened.keep(moment(number), number)
    old, _ = listed(directory)
    old.path.write_bytes(old.path.read_bytes()[:-9])
    segments = Segments(directory)
    assert [frame.at for frame in segments.back(AT + 9, 100.0, limit=9)] == [AT + 1]
    assert segments.damaged == [old.path]


def test_a_clock_that_is_set_back_begins_another_segment(directory):
    with log(directory) as opened:
        for number in (100, 101, 50, 51):
            opened.keep(moment(number), number)
    assert [place.begins - AT for place in listed(directory)] == [100, 50]
    assert Segments(directory).last == AT + 51


def wait_until_written(directory: Path, number: int) -> None:
    wait_until(lambda: Segments(directory).last == AT + number)


def test_nobody_waits_for_a_disk(directory):
    """A slow disk costs measurements, and that is said once."""
    gate, said = threading.Event(), []

    def say(text: str) -> None:
        said.append(text)
        gate.wait()

    directory.parent.joinpath("samples").touch()  # no directory can be made: it complains, and hangs over that
    with SampleLog(directory, say=say, reserve=0) as opened:
        opened.keep(moment(0), 0)
        wait_until(lambda: said)
        for number in range(1, 3 * WAITING):
            opened.keep(moment(number), number)
        assert opened._queue.qsize() == WAITING
        directory.unlink()
        gate.set()
    assert len(said) == 2
    assert "are not being kept" in said[0]
    assert "being kept again" in said[1]
    assert Segments(directory).last is not None


def test_a_daemon_that_leaves_does_not_wait_for_a_disk_that_hangs(directory):
    """It has something better to do; the farewell is real time, and short here."""
    gate = threading.Event()
    directory.touch()
    opened = SampleLog(directory, say=lambda _: gate.wait(), reserve=0, farewell=0.01)
    opened.keep(moment(0), 0)
    opened.close()
    assert opened._thread.is_alive()
    gate.set()
    opened._thread.join()


def test_kill_dash_nine_loses_nothing_that_was_written(directory):
    writer = subprocess.Popen(
        [sys.executable, measurements.__file__, str(directory)],
        env={**os.environ, "PYTHONPATH": str(Path(measurements.__file__).parents[1])},
        stdout=subprocess.PIPE,
        text=True,
    )
    with writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if int(line) == 20:
                writer.send_signal(signal.SIGKILL)
                break
    assert kept(directory)[:21] == list(range(21))


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Files of this process grow no further, as with an exhausted quota."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_disk_without_room_costs_measurements_and_is_said_once(directory):
    """Half a frame is taken back, so that what follows can be read."""
    said: list[str] = []
    with log(directory, said) as opened:
        opened.keep(moment(0), 0)
        wait_until_written(directory, 0)
        size = listed(directory)[0].path.stat().st_size
        with files_limited_to(size + 40):
            for number in range(1, 6):
                opened.keep(moment(number), number)
            wait_until(lambda: said and not opened._queue.qsize())
            opened.keep(moment(6), 6)
            wait_until(lambda: not opened._queue.qsize())
        opened.keep(moment(7), 7)
        wait_until_written(directory, 7)
    assert kept(directory)[0] == 0
    assert kept(directory)[-1] == 7
    assert set(kept(directory)).isdisjoint({1, 2, 3, 4, 5})
    assert "file too large" in said[0]
    assert said[1].startswith("measurements are being kept again; ")
    assert len(said) == 2


def test_a_full_disk_is_left_to_what_matters_more(tmp_path):
    """On a small disk of its own: measurements stop while there is still room for the journal, and go on later."""
    said = told(small_disk_samples.__file__, tmp_path, disk=tmp_path, size="2m")
    assert said.pop("said")[0].endswith("the disk is full")
    assert said == {"kept": [0, 9], "room left": True, "damaged": 0}


class TestRetention:
    def segments(self, directory: Path) -> list[int]:
        return [place.number for place in listed(directory)]

    @pytest.fixture
    def full(self, directory: Path) -> Iterator[SampleLog]:
        with log(directory) as opened:
            for number in range(4):
                opened.keep(moment(number * int(SECONDS)), number)
            wait_until_written(directory, 3 * int(SECONDS))
            yield opened

    def begin(self, opened: SampleLog, directory: Path, **limits: float) -> list[int]:
        """The next segment begins under these limits; the numbers of those that are left."""
        opened.limit(**({"max_age": 1e9, "max_size": 1 << 30} | limits))
        opened.keep(moment(4 * int(SECONDS)), 4)
        wait_until_written(directory, 4 * int(SECONDS))
        return self.segments(directory)

    @pytest.mark.parametrize(("age", "left"), [(3 * SECONDS, [1, 2, 3, 4, 5]), (3 * SECONDS - 1, [2, 3, 4, 5])])
    def test_what_is_too_old_goes(self, full, directory, age, left):
        assert self.begin(full, directory, max_age=age) == left

    @pytest.mark.parametrize(("segments", "left"), [(2, [3, 4, 5]), (0, [5])])
    def test_what_is_too_large_goes_oldest_first_and_the_newest_never(self, full, directory, segments, left):
        sizes = [place.path.stat().st_size for place in listed(directory)]
        assert self.begin(full, directory, max_size=sum(sizes[4 - segments :])) == left

    def test_what_is_somebody_elses_stays(self, full, directory):
        (directory / "notes.txt").write_text("mine")
        assert self.begin(full, directory, max_size=0) == [5]
        assert (directory / "notes.txt").exists()


def test_whoever_is_told_of_a_full_disk_may_be_on_it(directory):
    """The daemon's own log is: that nothing can be said there ends nothing, and measurements are kept again."""
    directory.touch()
    tried = threading.Event()

    def say(text: str) -> None:
        tried.set()
        raise OSError(errno.ENOSPC, "no space left on device")

    with SampleLog(directory, say=say, reserve=0) as opened:
        opened.keep(moment(0), 0)
        assert tried.wait(30.0)
        directory.unlink()
        opened.keep(moment(1), 1)
    assert kept(directory) == [1]


def test_a_segment_from_a_clock_that_ran_ahead_keeps_none_behind_it_alive(directory):
    for number in (10**8, 0, 700, 1400):
        with log(directory) as opened:
            opened.keep(moment(number), 0)
    with log(directory) as opened:
        opened.limit(max_age=9e5, max_size=1 << 30)
        opened.keep(moment(10**6), 0)
        wait_until_written(directory, 10**6)
        assert [place.begins - AT for place in listed(directory)] == [10**8, 10**6]


def test_room_that_is_reserved_is_not_taken_by_packing(directory):
    with log(directory) as opened:
        opened.keep(moment(0), 0)
    with SampleLog(directory, say=[].append, reserve=1 << 60) as opened:
        opened.keep(moment(1), 1)
    assert not any(place.packed for place in listed(directory))
