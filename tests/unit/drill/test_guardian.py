"""Whoever dies in the middle, nobody stays frozen: on a process that only looks like a daemon.

That a daemon which was killed has a successor is shown with real ones, in `tests/long`.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.descriptors import none_left
from support.polling import wait_until
from support.processes import state, waiting

from hactl.core.errors import HactlError
from hactl.drill.definition import FaultKind
from hactl.drill.guardian import Guardian
from hactl.paths import FleetPaths
from hactl.supervisor import procfs

RUNNER = """
import asyncio, sys
from pathlib import Path
from hactl.drill.definition import FaultKind
from hactl.drill.guardian import Guardian
from hactl.paths import FleetPaths
async def drill(state, pid, ticks):
    paths = FleetPaths(Path(state))
    async with Guardian(paths, FaultKind.DAEMON_FREEZE, pid=pid, ticks=ticks, seconds=60.0) as guardian:
        await guardian.strike()
        print(flush=True)
        await asyncio.Event().wait()
asyncio.run(drill(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


@pytest.fixture
def daemon() -> Iterator[int]:
    with waiting("--ready-fd", "3") as child:
        yield child.pid


def standing_by(state_dir: Path, pid: int, *, ticks: int = 0, seconds: float = 60.0) -> Guardian:
    ticks = ticks or procfs.start_ticks(pid) or 0
    return Guardian(FleetPaths(state_dir), FaultKind.DAEMON_FREEZE, pid=pid, ticks=ticks, seconds=seconds)


async def test_a_frozen_daemon_goes_on_when_its_time_is_over(tmp_path: Path, daemon: int) -> None:
    """It is stopped when that is said, and runs again without anybody saying anything."""
    async with standing_by(tmp_path, daemon, seconds=0.2) as guardian:
        assert await guardian.strike() is not None
        await asyncio.to_thread(wait_until, lambda: state(daemon) == "S")
    assert guardian.back is not None
    assert guardian.back.pid == daemon


async def test_a_frozen_daemon_goes_on_as_soon_as_it_is_left(tmp_path: Path, daemon: int) -> None:
    async with standing_by(tmp_path, daemon) as guardian:
        assert await guardian.strike() is not None
        assert state(daemon) == "T"
        assert guardian.again == "this drill, as hactl up does"
    assert state(daemon) != "T"


async def test_a_frozen_daemon_goes_on_when_its_runner_is_killed(tmp_path: Path, daemon: int) -> None:
    """kill -9: the end of a pipe is all that is left of it."""
    ticks = str(procfs.start_ticks(daemon))
    command = (sys.executable, "-c", RUNNER, str(tmp_path), str(daemon), ticks)
    runner = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    assert runner.stdout is not None
    await runner.stdout.readline()
    assert state(daemon) == "T"
    runner.kill()
    await runner.wait()
    await asyncio.to_thread(wait_until, lambda: state(daemon) == "S")


async def test_a_frozen_daemon_goes_on_when_its_guardian_is_killed(tmp_path: Path, daemon: int) -> None:
    async with standing_by(tmp_path, daemon) as guardian:
        await guardian.strike()
        os.kill(guardian.pid, signal.SIGKILL)
    assert guardian.back is None
    await asyncio.to_thread(wait_until, lambda: state(daemon) == "S")


async def test_one_that_is_never_told_does_nothing(tmp_path: Path, daemon: int) -> None:
    async with standing_by(tmp_path, daemon):
        pass
    assert state(daemon) == "S"


async def test_who_has_the_number_of_a_daemon_is_not_struck(tmp_path: Path, daemon: int) -> None:
    """Another start, another process."""
    with pytest.raises(HactlError, match=f"pid {daemon}. is gone"):
        await standing_by(tmp_path, daemon, ticks=1).__aenter__()
    assert state(daemon) == "S"


async def test_a_daemon_that_nobody_would_start_again_is_not_struck(tmp_path: Path) -> None:
    with waiting() as child, pytest.raises(HactlError, match="runs in the foreground") as error:
        await standing_by(tmp_path, child.pid).__aenter__()
    assert "hactl up" in error.value.hint


async def test_where_no_guardian_can_be_started_nobody_is_struck(tmp_path: Path, daemon: int) -> None:
    ticks = procfs.start_ticks(daemon) or 0
    with none_left(), pytest.raises(HactlError, match=r"cannot be started.*Too many open files"):
        async with Guardian(FleetPaths(tmp_path), FaultKind.DAEMON_FREEZE, pid=daemon, ticks=ticks, seconds=5.0):
            pass
    assert state(daemon) != "T"
