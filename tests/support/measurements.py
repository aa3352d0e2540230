"""Measurements for whoever keeps them: each follows from its number alone, in values that 32-bit floats have exactly.

`python measurements.py DIRECTORY` keeps one after another until it is killed, and says on stdout which one is written.
"""

import os
import sys
from pathlib import Path

from hactl.core.model import Sample
from hactl.core.talk import Measured, Pulse
from hactl.store.samples import SampleLog
from hactl.store.segments import Segments

AT = 1_700_000_000.0


def moment(number: int, *, nodes: tuple[str, ...] = ("edge-1", "seoul-1"), at: float = AT) -> Measured:
    """The one that belongs at second `number`; an edge has no latencies, and what nobody knows is None."""
    samples = tuple(
        Sample(
            node=node,
            at=at + number,
            requests=number + 0.5,
            errors=None if number % 3 == 0 else 0.25,
            share=None if node.startswith("edge") else 0.5,
            p50_ms=None if node.startswith("edge") else 1.5,
            p99_ms=None if node.startswith("edge") else 12.25,
            active=number % 7,
            cpu=0.03125,
            rss=66 << 20,
        )
        for node in nodes
    )
    return Measured(at=at + number, samples=samples, pulse=Pulse(lag_ms=1.5, cpu=0.0625, rss=50 << 20))


def keep(directory: Path) -> None:
    """For ever."""
    with SampleLog(directory, say=print, reserve=0) as log:
        number = 0
        while True:
            log.keep(moment(number), number)
            while Segments(directory).last != AT + number:
                pass
            os.write(1, b"%d\n" % number)
            number += 1


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
