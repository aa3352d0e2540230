"""With what a daemon is started again, and that nobody is struck whom nobody would start."""

import os
from pathlib import Path

import pytest

from hactl.processes.guarding import main


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """To whoever started it, who reads it as such."""
    arguments = ["--state", str(tmp_path), "--pid", str(os.getpid()), "--ticks", "1", "--act", "kill"]
    assert main(arguments) == 1
    out, _ = capfdbinary.readouterr()
    assert out.count(b"\n") == 1
    assert b"is gone" in out
