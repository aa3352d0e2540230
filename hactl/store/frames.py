"""How measurements stand in a segment on disk: frames of numbers, each with its checksum. Pure; knows no file.

    segment  "hactl samples 1\\n", then frames
    frame    length and CRC-32 of what follows (two 32-bit numbers), then that
    names    "N", then the names of processes as JSON: once, and again when they change
    moment   "M", when (Unix time), journal position, CRC-32 of the names it goes with, lag, CPU and memory of the
             daemon, then eight 32-bit floats for each name; one that is not known is NaN

What is cut off at any byte costs the frame it was cut in; what is damaged costs its own frame, as long as its length
is whole. All numbers are little-endian.
"""

import math
import struct
import zlib
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from hactl.core.model import Sample
from hactl.core.talk import Measured, Pulse

MAGIC = b"hactl samples 1\n"
LARGEST = 1 << 20
"""Bytes of one frame at most: what claims to be longer is damage."""
_HEAD = struct.Struct("<II")
_MOMENT = struct.Struct("<cdQIfff")
_FIELDS = ("requests", "errors", "share", "p50_ms", "p99_ms", "active", "cpu", "rss")
_NAMES = ord("N")
_MEASURED = b"M"


class Frame(NamedTuple):
    """The measurements of one moment, decoded when they are asked for."""

    at: float
    """Unix time."""
    seq: int
    """Journal position at which the fleet stood."""
    names: tuple[str, ...]
    """Who was measured."""
    payload: memoryview

    @property
    def samples(self) -> tuple[Sample, ...]:
        """What each process did."""
        values = self._values()
        width = len(_FIELDS)
        return tuple(
            _sample(name, self.at, values[number * width : (number + 1) * width])
            for number, name in enumerate(self.names)
        )

    @property
    def requests(self) -> dict[str, float | None]:
        """Requests per second of each process; None where they are not known."""
        rates = self._values()[:: len(_FIELDS)]
        return {name: None if math.isnan(rate) else rate for name, rate in zip(self.names, rates, strict=True)}

    @property
    def pulse(self) -> Pulse:
        """How the daemon was."""
        *_, lag, cpu, rss = _MOMENT.unpack_from(self.payload)
        return Pulse(lag_ms=lag, cpu=cpu, rss=int(rss))

    def _values(self) -> tuple[float, ...]:
        return struct.unpack_from(f"<{len(self.names) * len(_FIELDS)}f", self.payload, _MOMENT.size)


class Encoder:
    """Measurements of one segment as bytes; names are written when they are new."""

    def __init__(self) -> None:
        self._names: tuple[str, ...] | None = None
        self._sum = 0

    def encode(self, measured: Measured, seq: int) -> bytes:
        """The frames to add; `seq` is where in the journal the fleet stood."""
        names = tuple(sample.node for sample in measured.samples)
        begin = b"" if names == self._names else self._introduce(names)
        pulse = measured.pulse
        head = _MOMENT.pack(_MEASURED, measured.at, seq, self._sum, pulse.lag_ms, pulse.cpu, pulse.rss)
        values = [value for sample in measured.samples for value in _values(sample)]
        return begin + _framed(head + struct.pack(f"<{len(values)}f", *values))

    def forget(self) -> None:
        """What was encoded last has not been written: names are written again."""
        self._names = None

    def _introduce(self, names: tuple[str, ...]) -> bytes:
        payload = b"N" + msgspec.json.encode(names)
        self._names, self._sum = names, zlib.crc32(payload)
        return _framed(payload)


class Segment(NamedTuple):
    """What could be read of one."""

    frames: list[Frame]
    """In the order in which they were written."""
    damaged: bool = False
    """Something in it is not as it was written; a frame that is only cut off at the end is no damage."""


def read(data: bytes) -> Segment:
    """Every frame in `data` that is whole."""
    if data[: len(MAGIC)] != MAGIC:
        return Segment([], damaged=not MAGIC.startswith(data))
    view, at = memoryview(data), len(MAGIC)
    frames: list[Frame] = []
    names: tuple[str, ...] = ()
    named, damaged = 0, False
    while at + _HEAD.size <= len(data):
        size, checksum = _HEAD.unpack_from(data, at)
        if not 0 < size <= LARGEST:
            return Segment(frames, damaged=True)  # nobody knows where the next one begins
        begin, at = at + _HEAD.size, at + _HEAD.size + size
        if at > len(data):
            break
        payload = view[begin:at]
        if zlib.crc32(payload) != checksum:
            damaged = True
        elif payload[0] == _NAMES:
            names, named = tuple(msgspec.json.decode(payload[1:], type=list[str])), checksum
        elif payload[:1] == _MEASURED and (moment := _MOMENT.unpack_from(payload))[3] == named:
            frames.append(Frame(moment[1], moment[2], names, payload))
        else:
            damaged = True
    return Segment(frames, damaged)


def _framed(payload: bytes) -> bytes:
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def _values(sample: Sample) -> Iterable[float]:
    for field in _FIELDS:
        value = getattr(sample, field)
        yield math.nan if value is None else value


def _sample(name: str, at: float, values: tuple[float, ...]) -> Sample:
    requests, errors, share, p50_ms, p99_ms, active, cpu, rss = (
        None if math.isnan(value) else value for value in values
    )
    return Sample(
        node=name,
        at=at,
        requests=requests,
        errors=errors,
        share=share,
        p50_ms=p50_ms,
        p99_ms=p99_ms,
        active=None if active is None else round(active),
        cpu=cpu,
        rss=None if rss is None else round(rss),
    )
