"""Measurements, once a second, in segments on disk: written by a thread, so that no decision ever waits for a disk.

Not the journal: what cannot be written is dropped, and that is reported once. The state of a fleet never depends on it.
A segment is never continued by another daemon, and is compressed when the next one begins. What was written before a
kill -9 is kept; the rest of a torn frame is skipped by readers (`frames`). Reading is `segments`.
"""

import math
import os
import queue
import sys
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from hactl.core.errors import os_reason
from hactl.core.plural import counted
from hactl.core.talk import Measured
from hactl.store.frames import MAGIC, Encoder
from hactl.store.segments import PACKED, Place, listed, named

SECONDS = 600.0
"""What one segment holds at most; the next one begins behind it, and whenever the clock has been set back."""
WAITING = 60
"""Measurements that wait for a slow disk; what comes beyond them is dropped."""
RESERVE = 8 << 20
"""Bytes of the disk that are left to what matters more, such as the journal."""
FAREWELL = 1.0
"""Seconds that what waits has to be written when the daemon leaves."""


class SampleLog:
    """Takes measurements from a loop that must not wait; `with SampleLog(...) as log:` writes what waits in the end."""

    def __init__(
        self, directory: Path, *, say: Callable[[str], None], reserve: int = RESERVE, farewell: float = FAREWELL
    ) -> None:
        """`say` is told, from another thread, that measurements are dropped, and when that is over.

        Of a disk that is too slow it is told as soon as that answers again.

        `reserve` is how many bytes of the disk are left to others, and `farewell` how many seconds the disk has in the
        end to take what waits.
        """
        self._writer = _Writer(directory, say, reserve)
        self._farewell = farewell
        self._queue: queue.SimpleQueue[tuple[Measured, int] | None] = queue.SimpleQueue()
        self._overrun = 0
        """Moments that a slow disk left no room for."""
        # A daemon thread: a disk that hangs does not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="samples", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what waits, unless the disk takes too long over it."""
        self._queue.put(None)
        self._thread.join(self._farewell)

    def keep(self, measured: Measured, seq: int) -> None:
        """Keep one moment, at which the fleet stood at `seq`. Never waits and never fails: what has no room is lost."""
        if self._queue.qsize() < WAITING:
            self._queue.put((measured, seq))
        else:
            self._overrun += 1

    def limit(self, *, max_age: float, max_size: int) -> None:
        """How much is kept, in seconds and in bytes beside the newest segment: looked at whenever a segment begins."""
        self._writer.limits = (max_age, max_size)

    def _run(self) -> None:
        known = 0
        while (taken := self._queue.get()) is not None:
            if (overrun := self._overrun) > known:
                self._writer.missed(overrun - known)
                known = overrun
            self._writer.write(*taken)
        self._writer.end()


class _Writer:
    """The segment that is being written; lives in a thread of its own."""

    def __init__(self, directory: Path, say: Callable[[str], None], reserve: int) -> None:
        self._directory = directory
        self._say = say
        self._reserve = reserve
        self._fd: int | None = None
        self._encoder = Encoder()
        self._size = 0
        """Of the segment, in whole frames."""
        self._began = 0.0
        self._last = 0.0
        self._lost = 0
        """Moments since the last one that was written."""
        self.limits = (math.inf, sys.maxsize)
        """Of age and size; set by another thread."""

    def write(self, measured: Measured, seq: int) -> None:
        """Add one moment, or drop it."""
        try:
            if self._fd is None or not self._last <= measured.at < self._began + SECONDS:
                self._begin(measured.at)
            self._append(measured, seq)
        except OSError as error:
            self._drop(error)
            return
        self._last = measured.at
        if self._lost:
            self._tell(f"measurements are being kept again; those of {counted(self._lost, 'moment')} were lost")
            self._lost = 0

    def missed(self, moments: int) -> None:
        """So many never came here."""
        if not self._lost:
            self._tell(f"measurements are not being kept in '{self._directory}': the disk is too slow")
        self._lost += moments

    def end(self) -> None:
        """Nothing comes behind it."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _begin(self, at: float) -> None:
        self.end()
        self._directory.mkdir(mode=0o700, exist_ok=True)
        before = listed(self._directory)
        path = self._directory / named(before[-1].number + 1 if before else 1, at)
        before = _shortened(before, at, *self.limits)
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            self._fill(fd, MAGIC)
        except OSError:
            os.close(fd)
            path.unlink()
            raise
        self._fd, self._size, self._began, self._last = fd, len(MAGIC), at, at
        self._encoder = Encoder()
        _pack(before)  # now that there is room

    def _append(self, measured: Measured, seq: int) -> None:
        assert self._fd is not None, "begin comes first"
        data = self._encoder.encode(measured, seq)
        self._fill(self._fd, data)
        self._size += len(data)

    def _fill(self, fd: int, data: bytes) -> None:
        disk = os.fstatvfs(fd)
        if disk.f_bavail * disk.f_frsize < self._reserve + len(data):
            raise OSError(0, "the disk is full")
        while data:
            data = data[os.write(fd, data) :]

    def _drop(self, error: OSError) -> None:
        """Half a frame goes as well; a segment of which it cannot be taken away is not gone on with."""
        self._encoder.forget()
        if self._fd is not None:
            try:
                os.ftruncate(self._fd, self._size)
            except OSError:
                self.end()
        first, self._lost = not self._lost, self._lost + 1
        if first:
            self._tell(f"measurements are not being kept in '{self._directory}': {os_reason(error)}")

    def _tell(self, text: str) -> None:
        with suppress(OSError, ValueError):  # who is told may write to the same disk, or be gone
            self._say(text)


def _pack(segments: list[Place]) -> None:
    """Compress what nobody adds to any more, to less than half; interrupted, it is there once or twice and not less."""
    for segment in segments:
        if segment.packed:
            continue
        packed = segment.path.with_name(segment.path.name + PACKED)
        part = packed.with_name("packing")
        with suppress(OSError):  # there is no room for both: next time, perhaps
            part.write_bytes(zlib.compress(segment.path.read_bytes()))
            part.chmod(0o600)
            part.rename(packed)
            segment.path.unlink()
    # what was begun and had no room would take the rest of it
    for segment in segments[-1:]:
        with suppress(OSError):
            segment.path.with_name("packing").unlink()


def _shortened(segments: list[Place], at: float, max_age: float, max_size: int) -> list[Place]:
    """What is left when those that ended `max_age` before `at` are removed, and the oldest beyond `max_size` bytes."""
    sizes = [_size(segment.path) for segment in segments]
    left, kept = sum(sizes), []
    for segment, size in zip(segments, sizes, strict=True):
        if left <= max_size and segment.begins + SECONDS >= at - max_age:
            kept.append(segment)  # it may be followed by older ones, where a clock was set back
            continue
        with suppress(OSError):
            segment.path.unlink()
        left -= size
    return kept


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
