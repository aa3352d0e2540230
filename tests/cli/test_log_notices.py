"""What `hactl logs` says beside the lines: that there are more, and where; that a daemon writes somewhere else."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.command import Home, finish
from support.polling import wait_until

from hactl.cli.log_notices import written_elsewhere
from hactl.supervisor.logs import PAGE


@contextmanager
def writing_to(stderr: int) -> Iterator[int]:
    """The pid of a process whose errors go there."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=stderr) as process:
        yield process.pid
        process.communicate()


def test_where_a_daemon_writes_that_does_not_write_its_log(tmp_path: Path) -> None:
    log, other = tmp_path / "daemon.log", tmp_path / "other.log"
    with log.open("ab") as ours, other.open("ab") as theirs:
        with writing_to(ours.fileno()) as pid:
            assert written_elsewhere(pid, log) == ""
        with writing_to(theirs.fileno()) as pid:
            assert written_elsewhere(pid, log).endswith(f"does not write this log, but to {other}")
            log.unlink()
            assert written_elsewhere(pid, log).endswith(str(other))
        with writing_to(subprocess.PIPE) as pid:
            assert f"journalctl _PID={pid}" in written_elsewhere(pid, log)
        assert written_elsewhere(pid, log) == "", "nobody knows"


def test_the_log_of_a_daemon_in_the_foreground_is_not_just_empty(home: Home) -> None:
    home.configure(edges=1, regions={"a": 1})
    daemon = home.start("up", "--foreground")
    try:
        wait_until(lambda: home.run("wait", "--timeout", "1s").returncode == 0, patience=60.0)
        done = home.run("logs", "daemon")
        assert (done.returncode, done.stdout) == (0, "")
        assert f"the daemon (pid {home.snapshot().pulse.pid}) runs in the foreground" in done.stderr
        assert home.run("logs", "a-1").stderr == ""
    finally:
        home.run("down")
        finish(daemon)


@pytest.mark.parametrize("rotated", [False, True], ids=["long", "rotated"])
def test_fewer_lines_than_asked_for_are_not_taken_for_all(fleet: Home, *, rotated: bool) -> None:
    """A page of a log is of limited size, and begins afresh when the log was rotated."""
    log = fleet.paths.node_log("b-2")
    old = log.with_name(f"{log.name}.1")
    size = log.stat().st_size
    assert fleet.run("logs", "b-2", "-n", "10000").stderr == ""
    try:
        if rotated:
            old.write_text("old\n")
        else:
            with log.open("a") as file:
                file.write(f"{'x' * 1023}\n" * (PAGE // 1024 + 1))
        done = fleet.run("logs", "b-2", "-n", "10000")
        shown = len(done.stdout.splitlines())
        assert f"only the last {shown} line" in done.stderr
        assert done.stderr.endswith(f"can be shown; earlier ones: {old if rotated else log}\n")
        assert rotated or fleet.run("logs", "b-2", "-n", "100").stderr == ""
    finally:
        old.unlink(missing_ok=True)
        os.truncate(log, size)
