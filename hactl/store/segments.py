"""Reading the segments that measurements are kept in, beside a daemon and without one. Never changes any.

Where clocks were set back, a time has come more than once: what was written last counts. Few segments are held in
memory, whatever there is on disk.
"""

import math
import re
import zlib
from bisect import bisect_right
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

from hactl.store.frames import Frame, Segment, read

HELD = 4
"""Segments in memory."""
PACKED = ".z"
"""What the name of a segment ends with that has been compressed, which is done when it is not added to any more."""
_NAME = re.compile(r"(\d{8,})-(\d+)\.samples(\.z)?")


class Place(NamedTuple):
    """One segment on disk."""

    number: int
    """In the order in which they were written."""
    begins: int
    """Unix time, whole seconds."""
    path: Path

    @property
    def packed(self) -> bool:
        """It is compressed."""
        return self.path.suffix == PACKED


def named(number: int, at: float) -> str:
    """The file name of a segment whose first moment is at `at` (Unix time)."""
    return f"{number:08d}-{int(at)}.samples"


def listed(directory: Path) -> list[Place]:
    """The segments in `directory`, in the order in which they were written; none when it cannot be read."""
    return sorted(Place(int(name[1]), int(name[2]), directory / name[0]) for name in _names(directory))


def _names(directory: Path) -> list[re.Match[str]]:
    try:
        return [name for path in directory.iterdir() if (name := _NAME.fullmatch(path.name))]
    except OSError:
        return []


def last_written(directory: Path) -> float | None:
    """Unix time at which something was measured last, of which not a byte is read; None when that is not known."""
    newest = max(_names(directory), key=lambda name: int(name[1]), default=None)
    try:
        return (directory / newest[0]).stat().st_mtime if newest else None
    except OSError:  # it has just been compressed, or cannot be looked at
        return None


class Segments:
    """All measurements that there were when it was made."""

    def __init__(self, directory: Path) -> None:
        self._places = listed(directory)
        self._held: OrderedDict[Path, Segment] = OrderedDict()
        self.damaged: list[Path] = []
        """Segments of which something could not be read, in the order in which that was found."""

    @property
    def last(self) -> float | None:
        """The moment that was written last."""
        found = (self._read(place) for place in reversed(self._places))
        return next((segment.frames[-1].at for segment in found if segment.frames), None)

    def at(self, when: float) -> Frame | None:
        """The newest frame that is not younger than `when` (Unix time)."""
        return next(iter(self.back(when, 0.0, limit=1)), None)

    def back(self, when: float, seconds: float, *, limit: int) -> list[Frame]:
        """The last `limit` frames of the `seconds` up to `when`, oldest first; with 0 s, however old they are."""
        found: list[Frame] = []
        oldest = when - seconds if seconds else -math.inf
        for place in reversed(self._places):
            if place.begins > when:
                continue
            frames = self._read(place).frames
            end = bisect_right(frames, when, key=_when)
            begin = max(bisect_right(frames, oldest, key=_when), end - (limit - len(found)))
            if begin < end:
                found[:0] = frames[begin:end]
                when = math.nextafter(found[0].at, -math.inf)  # a time that comes again is not shown again
            if len(found) >= limit or (frames and frames[0].at <= oldest):
                break
        return found

    def _read(self, place: Place) -> Segment:
        if (held := self._held.get(place.path)) is not None:
            self._held.move_to_end(place.path)
            return held
        try:
            segment = read(_content(place))
        except FileNotFoundError:  # by age, since
            segment = Segment([])
        except (OSError, zlib.error):
            segment = Segment([], damaged=True)
        if segment.damaged and place.path not in self.damaged:
            self.damaged.append(place.path)
        self._held[place.path] = segment
        if len(self._held) > HELD:
            self._held.popitem(last=False)
        return segment


def _content(place: Place) -> bytes:
    """What was written; also of a segment that has been compressed since it was listed."""
    if not place.packed:
        try:
            return place.path.read_bytes()
        except FileNotFoundError:
            place = place._replace(path=place.path.with_name(place.path.name + PACKED))
    return zlib.decompress(place.path.read_bytes())


def _when(frame: Frame) -> float:
    return frame.at
