"""With what a daemon is started again, and that nobody is struck whom nobody would start."""

import os
from pathlib import Path

import pytest
from support.processes import waiting

from hactl.core.errors import HactlError
from hactl.processes.guarding import main, started_with


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


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """To whoever started it, who reads it as such."""
    arguments = ["--state", str(tmp_path), "--pid", str(os.getpid()), "--ticks", "1", "--act", "kill"]
    assert main(arguments) == 1
    out, _ = capfdbinary.readouterr()
    assert out.count(b"\n") == 1
    assert b"is gone" in out
