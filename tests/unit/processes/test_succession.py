"""One daemon takes over from another: asked first, killed if need be, and never beside it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import lock_holder
from support.house import House, until_serving

from hactl.core.errors import HactlError
from hactl.processes.succession import Predecessor, rehearse
from hactl.store.lock import FleetLock, LockHeld


@contextmanager
def holder(path: Path, *how: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has the lock, in the place of a daemon; killed at the end."""
    command = [sys.executable, lock_holder.__file__, str(path), *how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            yield process
        finally:
            process.kill()


def test_a_daemon_that_leaves_is_followed(tmp_path: Path) -> None:
    """It is asked with SIGTERM, and the lock is ours when it has gone: nothing is to be told."""
    lock = FleetLock(tmp_path / "daemon.lock")
    with holder(tmp_path / "daemon.lock") as process:
        assert Predecessor(os.pidfd_open(process.pid)).relieve(lock) == ()
        assert process.wait() == -signal.SIGTERM
    with lock, pytest.raises(LockHeld, match=f"pid {os.getpid()}"):
        FleetLock(tmp_path / "daemon.lock").acquire()


def test_a_daemon_that_does_not_leave_is_killed_and_that_is_said(tmp_path: Path) -> None:
    """A hung daemon supervises nobody: waiting for it for ever would help nobody either."""
    lock = FleetLock(tmp_path / "daemon.lock")
    with holder(tmp_path / "daemon.lock", "deaf") as process:
        (note,) = Predecessor(os.pidfd_open(process.pid)).relieve(lock, patience=0.05)
        assert process.wait() == -signal.SIGKILL
    assert note == "the previous daemon had not exited after 0.05 s and was killed"
    lock.release()


def test_somebody_who_was_quicker_is_left_in_charge(tmp_path: Path) -> None:
    """The one to be relieved has gone, and another one has the lock: that one is neither asked nor killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as gone:
        fd = os.pidfd_open(gone.pid)
        gone.kill()
        gone.wait()
    with holder(tmp_path / "daemon.lock") as other:
        with pytest.raises(LockHeld, match=f"pid {other.pid}"):
            Predecessor(fd).relieve(FleetLock(tmp_path / "daemon.lock"), patience=0.05)
        assert other.poll() is None


async def test_a_rehearsal_reads_what_the_daemon_has_written(tmp_path: Path) -> None:
    """Beside it, while it writes; what cannot be read is found out before anybody is asked to leave."""
    house = House(tmp_path)
    try:
        async with house.opened() as supervisor:
            fleet = await until_serving(supervisor)
            assert rehearse(house.paths) == fleet
    finally:
        house.tear_down()
    house.paths.journal.write_bytes(b"not a journal")
    with pytest.raises(HactlError):
        rehearse(house.paths)
