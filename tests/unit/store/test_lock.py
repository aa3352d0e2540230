import os
import select
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from support import lock_holder

from hactl.core.errors import HactlError
from hactl.store.lock import BOOT_ID, FleetLock, LockHeld


@pytest.fixture
def path(tmp_path):
    return tmp_path / "daemon.lock"


@contextmanager
def holder(path, *arguments):
    """A process that holds the lock, and what it said when it had it; killed at the end."""
    command = [sys.executable, lock_holder.__file__, str(path), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_a_lock_names_its_holder(path):
    """Somebody who looks into the file finds the pid and the boot it belongs to, and only the owner may look."""
    with FleetLock(path):
        assert path.read_text().split("\n") == [str(os.getpid()), BOOT_ID.read_text().strip(), ""]
        assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == ""


def test_a_second_daemon_is_refused(path):
    """While one daemon runs, another is told which one has the fleet; the first does not notice."""
    with holder(path) as (process, said):
        assert said == "alone"
        for _ in range(2):
            with pytest.raises(HactlError) as caught:
                FleetLock(path).acquire()
            assert caught.value.message == f"a daemon already runs for this fleet (pid {process.pid})"
            assert caught.value.hint
        assert process.poll() is None
        assert path.read_text().startswith(f"{process.pid}\n")


def test_kill_dash_nine_frees_the_lock(path):
    """A killed daemon leaves no stale lock: the next one starts at once, without anybody tidying up."""
    with holder(path) as (process, _):
        process.kill()
        process.wait()
        with FleetLock(path):
            assert path.read_text().startswith(f"{os.getpid()}\n")


def test_a_child_does_not_keep_the_lock(path):
    """The processes a daemon started outlive its kill; the lock does not."""
    with holder(path, "child") as (process, child):
        watched = os.pidfd_open(int(child))
        try:
            process.kill()
            process.wait()
            with FleetLock(path):
                ended, _, _ = select.select([watched], [], [], 0)
                assert not ended, "the child should still be alive"
            process.stdin.close()  # the child waits for this
            select.select([watched], [], [])
        finally:
            os.close(watched)


def test_a_lock_can_be_taken_again(path):
    """Given back, by the end of the block or by a failure inside it, the lock is free; giving back twice is fine."""
    lock = FleetLock(path)
    with pytest.raises(ZeroDivisionError), lock:
        1 / 0  # noqa: B018
    with lock, pytest.raises(HactlError, match=f"pid {os.getpid()}"), FleetLock(path):
        pass
    lock.release()
    with FleetLock(path):
        pass


def test_a_long_old_signature_is_replaced(path):
    """What an earlier holder wrote never shows through."""
    path.write_text("99999999\n" + "x" * 500)
    with FleetLock(path):
        assert path.read_text().split("\n")[0] == str(os.getpid())
        assert "x" not in path.read_text()


@pytest.mark.parametrize("obstacle", ["directory", "link", "missing"])
def test_a_lock_that_cannot_be_made(path, tmp_path, obstacle):
    """A path that cannot be a lock file is an error that names it; a planted link is not followed."""
    target = tmp_path / "elsewhere"
    if obstacle == "directory":
        path.mkdir()
    elif obstacle == "link":
        path.symlink_to(target)
    else:
        path = path / "below"
    with pytest.raises(HactlError, match=f"cannot lock '{path}'"):
        FleetLock(path).acquire()
    assert not target.exists()


def test_a_lock_whose_file_was_taken_away_is_not_held(path):
    """A purge removes the file while it holds it: who waited at the old one must not run beside the holder of a new."""
    first = FleetLock(path)
    first.acquire()
    late = FleetLock(path)
    path.unlink()
    with FleetLock(path), pytest.raises(HactlError, match="a daemon already runs"):
        late.acquire()
    late.acquire()
    assert path.read_text().startswith(f"{os.getpid()}\n")
    late.release()
    first.release()


def test_who_waits_for_the_lock_has_it_when_its_holder_ends(path):
    """However it ends; whoever has the lock already is not asked to take it again."""
    with holder(path) as (process, _):
        lock = FleetLock(path)
        with ThreadPoolExecutor() as threads:
            waiting = threads.submit(lock.acquire, 20.0)
            process.kill()
            waiting.result()
        with lock:
            assert path.read_text().startswith(f"{os.getpid()}\n")
        assert path.read_text() == ""


def test_patience_has_an_end(path):
    """Then the answer is the same as at once."""
    with holder(path), pytest.raises(LockHeld, match="a daemon already runs"):
        FleetLock(path).acquire(patience=0.05)
