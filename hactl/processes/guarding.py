"""A guardian: strikes the daemon of a fleet for a drill, and makes sure that one is in charge again, whoever dies.

    python -P -m hactl.processes.guarding --state DIR --pid PID --ticks TICKS --act kill|freeze --seconds S

It opens that very process, reports {"ready": ..., "again": what would restart it}, and strikes on the first line that
it reads. After S seconds, or as soon as its standard input is closed, whichever comes first, a frozen daemon is resumed
and a dead one gets a successor.

Where a service manager keeps the daemon running, the guardian waits for that. Otherwise it starts one itself, as
`hactl up` does, with what the previous daemon was started with.
"""

import argparse
import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from hactl.control.client import listener
from hactl.core import codec
from hactl.core.errors import HactlError, Unreachable
from hactl.drill.definition import LONGEST_AWAY
from hactl.drill.guardian import Word
from hactl.paths import FleetPaths
from hactl.processes.launching import launch
from hactl.supervisor import pidfd, procfs
from hactl.supervisor.origin import Start, started_with

KEEPER_PATIENCE = 30.0
"""Seconds that a service manager has to start a daemon."""
_LOOK = 0.01


def main(argv: list[str] | None = None) -> int:
    """Entry point; returns an exit code."""
    parser = argparse.ArgumentParser(prog="hactl-guardian", description="Stand by while a daemon is struck.")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--ticks", type=int, required=True)
    parser.add_argument("--act", choices=("kill", "freeze"), required=True)
    parser.add_argument("--seconds", type=float, default=0.0)
    args = parser.parse_args(argv)
    paths = FleetPaths(args.state.absolute())
    try:
        with _held(args.pid, args.ticks) as daemon:
            start = started_with(args.pid)
            again = "a service manager" if start.kept else "this drill, as hactl up does"
            _say(Word(ready=True, again=again))
            if _asked():
                due = time.monotonic() + min(args.seconds, LONGEST_AWAY)
                try:
                    _strike(daemon, args.pid, args.act)
                    _wait(due)
                finally:
                    _mend(paths, daemon, args.pid, start)
    except HactlError as error:
        _say(Word(error=error.message, hint=error.hint))
        return 1
    return 0


@contextlib.contextmanager
def _held(pid: int, ticks: int) -> Iterator[int]:
    """The process's pidfd. Raises HactlError when it is not there any more."""
    gone = HactlError(f"the daemon (pid {pid}) is gone", "hactl status")
    try:
        fd = os.pidfd_open(pid)
    except OSError as error:
        raise gone from error
    try:
        if procfs.start_ticks(pid) != ticks or pidfd.has_ended(fd):
            raise gone
        yield fd
    finally:
        os.close(fd)


def _asked() -> bool:
    """Wait to be told; False when nobody is left to do so."""
    return bool(os.read(0, 64))


def _strike(daemon: int, pid: int, act: str) -> None:
    pidfd.send(daemon, signal.SIGKILL if act == "kill" else signal.SIGSTOP)
    until = time.monotonic() + 2.0
    while not (done := _struck(daemon, pid, act)) and time.monotonic() < until:
        time.sleep(0.0005)
    _say(Word(struck=time.monotonic() if done else None))


def _struck(daemon: int, pid: int, act: str) -> bool:
    if act == "kill":
        return pidfd.has_ended(daemon)
    stat = procfs.read_stat(pid)
    return stat is not None and stat.state == "T"


def _wait(due: float) -> None:
    """Until then, or until nobody holds our input any more; whoever tells us to go has it ended as well."""
    with contextlib.suppress(KeyboardInterrupt):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        select.select([0], [], [], max(0.0, due - time.monotonic()))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _mend(paths: FleetPaths, daemon: int, pid: int, start: Start) -> None:
    """See to it that a daemon is in charge. Raises HactlError when none can be started."""
    if pidfd.send(daemon, signal.SIGCONT) and not pidfd.has_ended(daemon):
        _say(Word(back=time.monotonic(), pid=pid))
        return
    until = time.monotonic() + (KEEPER_PATIENCE if start.kept else 0.0)
    while (there := _in_charge(paths)) is None and time.monotonic() < until:
        time.sleep(_LOOK)
    if there is None:
        try:
            launch(paths, start.config, last_good=start.last_good, place=(start.directory, start.environment))
        except HactlError:
            if _in_charge(paths) is None:  # else somebody was quicker
                raise
        there = _in_charge(paths)
    _say(Word(back=time.monotonic(), pid=there))


def _in_charge(paths: FleetPaths) -> int | None:
    try:
        return listener(paths.control)[0]
    except Unreachable:
        return None


def _say(word: Word) -> None:
    with contextlib.suppress(OSError):  # whoever listened may be gone: that is what we are here for
        os.write(1, codec.encode(word) + b"\n")


if __name__ == "__main__":
    sys.exit(main())
