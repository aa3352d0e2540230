"""The process of a burden: `python -m hactl.processes.burden cpu|memory|disk`. What it is for is `hactl.drill.burden`.

It ends, and gives back everything, on end-of-file of its standard input: whoever started it holds the other end, and
the kernel closes that when they die, however they die. It ends as well when nothing has come from there for a lease:
they are stopped, and the fleet is taken back meanwhile. And it ends after its time in any case. Nothing it takes
outlives it: processor time, memory, and a file that never had a name. stdout is one line of JSON when it is in effect.
"""

import argparse
import json
import math
import mmap
import os
import select
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from hactl.supervisor.cgroup import available_memory

_LOOK = 0.01
"""Seconds between two looks at whether to end."""
_CHUNK = 16 << 20
_BLOCK = 64 << 10
LEAST_MEMORY = 256 << 20
"""Bytes that are left to everybody else, whatever was asked for."""


class Lifetime:
    """How long the process goes on."""

    def __init__(self, seconds: float, *, lease: float = math.inf, within: float = 0.0) -> None:
        """`seconds` from when it `began`, which is so within `within` seconds; every sign of life is good for `lease`
        seconds."""
        self._seconds = seconds
        self._lease = lease
        self._heard = time.monotonic()
        self._end = self._heard + within + seconds

    def began(self) -> None:
        """It is in effect: its time counts from now."""
        self._end = time.monotonic() + self._seconds

    def over(self, wait: float = 0.0) -> bool:
        """Whether it is over, or will be within `wait` seconds, which this then takes."""
        left = min(self._end, self._heard + self._lease) - time.monotonic()
        readable, _, _ = select.select([0], [], [], max(0.0, min(wait, left)))
        if readable:
            if not os.read(0, 64):
                return True
            self._heard = time.monotonic()
        return time.monotonic() >= min(self._end, self._heard + self._lease)


def burn(cpu: int, life: Lifetime) -> None:
    """Keep one processor busy."""
    os.sched_setaffinity(0, {cpu})
    life.began()
    _say(cpu=cpu)
    while not life.over():
        pause = time.monotonic() + _LOOK
        while time.monotonic() < pause:
            pass


def hold(size: int, life: Lifetime, *, available: Callable[[], int] = available_memory) -> None:
    """Take so much memory, every page of it really; less when others would be left with too little."""
    with suppress(OSError):  # should it come to that after all, we are the ones to go
        Path("/proc/self/oom_score_adj").write_text("1000")
    taken: list[mmap.mmap] = []
    left = size
    while left > 0 and not life.over() and available() > LEAST_MEMORY + _CHUNK:
        size_now = min(_CHUNK, left)
        taken.append(mmap.mmap(-1, size_now, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE))
        left -= size_now
    life.began()
    _say(bytes=size - max(0, left))
    while not life.over(_LOOK):
        pass


def fill(directory: Path, life: Lifetime) -> None:
    """Take every byte that is free there, and every one that becomes free."""
    fd = os.open(directory, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    written = _use_up(fd)
    life.began()
    _say(bytes=written)
    while not life.over(_LOOK):
        _use_up(fd)


def _use_up(fd: int) -> int:
    """Write until nothing more can be; how many bytes that were."""
    written = 0
    for size in (_BLOCK, 512):
        with suppress(OSError):
            while True:
                written += os.write(fd, b"\0" * size)
    return written


def _say(**what: int) -> None:
    print(json.dumps(what), flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Bear one burden and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m hactl.processes.burden", description=__doc__)
    parser.add_argument("kind", choices=("cpu", "memory", "disk"))
    parser.add_argument("--seconds", type=float, required=True, help="end so many after it is in effect")
    parser.add_argument("--within", type=float, default=0.0, help="seconds until it has to be in effect")
    parser.add_argument("--lease", type=float, default=math.inf, help="end when so many bring no sign of life")
    parser.add_argument("--cpu", type=int, default=0, help="which processor to keep busy")
    parser.add_argument("--bytes", type=int, default=0, help="how much memory to take")
    parser.add_argument("--directory", type=Path, default=Path(), help="where to fill the disk")
    options = parser.parse_args(arguments)
    life = Lifetime(options.seconds, lease=options.lease, within=options.within)
    if options.kind == "cpu":
        burn(options.cpu, life)
    elif options.kind == "memory":
        hold(options.bytes, life)
    else:
        fill(options.directory, life)
    return 0


if __name__ == "__main__":
    sys.exit(main())
