"""What every program that is started here has in common."""

import os
import signal
from pathlib import Path

import pytest

from hactl.core.errors import HactlError
from hactl.supervisor.programs import TO_DEFAULT, find, minimal_environment


def test_an_environment_has_a_path_and_little_else() -> None:
    """Nothing that whoever started us has lying about."""
    given = minimal_environment("USER")
    assert given["PATH"]
    assert set(given) <= {"PATH", "HOME", "LANG", "TZ", "USER"}
    assert all(os.environ[name] == value for name, value in given.items() if name in os.environ)


def test_what_cannot_be_found_or_run_is_said(tmp_path: Path) -> None:
    program = tmp_path / "gw"
    with pytest.raises(HactlError, match=f"there is no program '{program}'"):
        find(str(program), "")
    program.write_text("#!/bin/sh\n")
    program.chmod(0o644)
    with pytest.raises(HactlError, match="is not executable") as error:
        find(str(program), "")
    assert error.value.hint == f"chmod +x {program}"
    program.chmod(0o755)
    assert find("gw", str(tmp_path)) == find(str(program), "") == str(program)


def test_signals_are_as_a_program_expects_them() -> None:
    assert signal.SIGINT in TO_DEFAULT
    assert not TO_DEFAULT & {signal.SIGKILL, signal.SIGSTOP}
