"""How a daemon was started, as the kernel tells: what its successor needs, and whether there would be one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.polling import wait_until
from support.processes import waiting

from hactl.core.errors import HactlError
from hactl.supervisor.origin import in_background, started_with, surroundings


def test_a_daemon_in_the_background_is_started_again_as_it_was() -> None:
    """The same file, the same place, the same environment: what it may need of those nobody else knows."""
    with waiting("--config", "/etc/hactl.toml", "--last-good", "--ready-fd", "3") as child:
        start = started_with(child.pid)
    assert (start.config, start.last_good, start.kept) == (Path("/etc/hactl.toml"), True, False)
    assert start.directory == Path.cwd()
    assert start.environment is not None
    assert start.environment["PATH"] == os.environ["PATH"]


def test_one_that_a_service_manager_keeps_is_started_by_that() -> None:
    with waiting(environment={"NOTIFY_SOCKET": "/run/systemd/notify"}) as child:
        assert started_with(child.pid).kept


def test_one_that_nobody_would_start_is_left_alone() -> None:
    with waiting() as child, pytest.raises(HactlError, match="it is not known what would start it again"):
        started_with(child.pid)


def test_a_successor_lives_where_its_predecessor_lived(tmp_path: Path) -> None:
    """Relative commands in hactl.toml, and PATH, mean to it what they meant before."""
    place = tmp_path / "place"
    place.mkdir()
    argv = [sys.executable, "-S", "-c", "input()", "--ready-fd"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, cwd=place, env={"WHERE": "here=there"}) as process:
        try:
            wait_until(lambda: in_background(process.pid))  # the last microseconds of exec
            assert surroundings(process.pid) == (place, {"WHERE": "here=there"})
            place.rmdir()
            directory, _ = surroundings(process.pid)
            assert directory is None, "a place that is gone is not gone back to"
        finally:
            process.kill()
    assert not in_background(process.pid)
    assert surroundings(process.pid) == (None, None)
    assert not in_background(os.getpid()), "whoever is not started by `launch` is in the foreground"
