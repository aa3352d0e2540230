"""Programs that can be found, and everything that is wrong with those that cannot be run."""

from pathlib import Path

import pytest

from hactl.core.errors import HactlError
from hactl.engines.program import find


def script(path: Path, first: str = "#!/bin/sh", mode: int = 0o755) -> Path:
    path.write_bytes(first.encode() + b"\necho\n")
    path.chmod(mode)
    return path


def refusal(given: str, directory: Path, path: str = "") -> str:
    with pytest.raises(HactlError) as caught:
        find(given, str(directory), path)
    return str(caught.value)


def test_a_path_starts_at_the_directory_and_a_name_where_path_leads(tmp_path: Path, monkeypatch):
    """Where the caller happens to be does not matter."""
    program = script(tmp_path / "gw")
    monkeypatch.chdir("/")
    assert find("./gw", str(tmp_path)) == str(program)
    assert find(str(program), "/") == str(program)
    assert find("gw", "/", str(tmp_path)) == str(program)


@pytest.mark.parametrize("first", ["#!/bin/sh", "#! /bin/sh -e", "#!\t/bin/sh", "echo", "", "#!"])
def test_an_interpreter_that_is_there_is_no_trouble(tmp_path: Path, first: str):
    """Neither is a file that names none: whether it can be run is the kernel's word."""
    assert find("./gw", str(script(tmp_path / "gw", first).parent))


def test_a_missing_program_is_said_to_be_missing(tmp_path: Path):
    """With where it was looked for, and what was probably meant."""
    assert refusal("./gw", tmp_path) == (
        f"there is no program '{tmp_path}/gw' (relative paths start at {tmp_path}, where hactl.toml is)"
    )
    assert refusal("/no/gw", tmp_path) == "there is no program '/no/gw'"
    assert refusal("gw", tmp_path, "/nowhere") == (
        "there is no program 'gw' on PATH (give its full path, or install it in a directory on PATH)"
    )
    script(tmp_path / "gw")
    assert refusal("gw", tmp_path, "/nowhere").endswith("(there is one beside hactl.toml: write './gw')")


def test_what_cannot_be_run_says_why(tmp_path: Path):
    """A file without the right to be run, a directory, a script whose interpreter is missing or ends with a CR."""
    program = script(tmp_path / "gw", mode=0o644)
    assert refusal("./gw", tmp_path) == f"the program '{program}' is not executable (chmod +x {program})"
    (tmp_path / "dir").mkdir()
    assert refusal("./dir", tmp_path).startswith("the program './dir' is a directory")
    script(program, "#!/usr/bin/pyhton3 -u")
    assert refusal("./gw", tmp_path) == (
        f"the interpreter '/usr/bin/pyhton3' of '{program}' cannot be run (correct the first line of {program})"
    )
    script(program, "#!/bin/sh\r")
    assert "'/bin/sh\\r'" in refusal("./gw", tmp_path)
    assert "line ends of Windows" in refusal("./gw", tmp_path)
