"""What the process of a burden does: as itself, with a pipe that a test holds."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.mounts import told

from hactl.processes.burden import LEAST_MEMORY, Lifetime, hold, main

SMALL = """
import json, os, subprocess, sys
disk = sys.argv[1]
free = lambda: os.statvfs(disk).f_bavail
before = free()
argv = [sys.executable, "-m", "hactl.processes.burden", "disk", "--directory", disk, "--seconds", "60"]
child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
taken = json.loads(child.stdout.readline())["bytes"]
full, names = free(), os.listdir(disk)
child.stdin.close()
child.wait()
told = {"free": before, "taken": taken, "full": full, "names": names, "after": free(), "code": child.returncode}
print(json.dumps(told))
"""


@pytest.fixture
def pipe() -> Iterator[int]:
    """The writing end of what this process takes for its standard input meanwhile."""
    reading, writing = os.pipe()
    before = os.dup(0)
    os.dup2(reading, 0)
    os.close(reading)
    yield writing
    os.dup2(before, 0)
    os.close(before)


def test_a_lifetime_ends_with_its_time_or_with_its_pipe(pipe: int) -> None:
    life = Lifetime(3600.0)
    assert not life.over()
    assert Lifetime(0.0).over()
    assert Lifetime(0.01).over(60.0), "it waits no longer than it lasts"
    os.close(pipe)
    assert life.over()


def test_its_time_counts_from_when_it_is_in_effect(pipe: int) -> None:
    """However long it took to take all that memory."""
    life = Lifetime(0.0, within=3600.0)
    assert not life.over()
    life.began()
    assert life.over()


def test_a_lifetime_ends_when_nothing_is_heard_for_a_lease(pipe: int) -> None:
    """Whoever holds the pipe may be stopped, and does not close it then."""
    life = Lifetime(3600.0, lease=0.2)
    os.write(pipe, b".")
    assert not life.over(60.0), "a sign of life"
    began = time.monotonic()
    assert life.over(60.0)
    assert time.monotonic() - began > 0.1


def test_others_are_left_enough_memory(pipe: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A machine that has little takes it back from us before it is needed: nothing is taken beyond that."""
    os.close(pipe)
    hold(1 << 30, Lifetime(5.0), available=lambda: LEAST_MEMORY)
    assert json.loads(capsys.readouterr().out) == {"bytes": 0}


def test_what_it_is_for_has_to_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["cpu"], ["water", "--seconds", "1"]):
        with pytest.raises(SystemExit) as exit_:
            main(wrong)
        assert exit_.value.code == 2
    assert "--seconds" in capsys.readouterr().err


def test_a_disk_is_full_to_the_last_byte_and_empty_again(tmp_path: Path) -> None:
    """On a small tmpfs of its own: nothing has a name there, and all of it is free when the process has ended."""
    said = told("-c", SMALL, tmp_path, disk=tmp_path, size="4m")
    assert (said["full"], said["names"], said["code"]) == (0, [], 0)
    assert said["after"] == said["free"]
    assert 3 << 20 < said["taken"] <= 4 << 20
