"""`hactl chaos`: what it writes and what it refuses; what it chooses is the monkey's."""

import tomllib
from pathlib import Path

import pytest
from support.command import Home

from hactl.cli.chaos import again


def test_what_a_seed_chooses_is_shown_and_nothing_is_done(fleet: Home) -> None:
    """It is a drill file, and the same each time."""
    before = fleet.untouched()
    args = ("chaos", "--monkey", "--seed", "7", "--for", "2m", "--mean-gap", "20s")
    shown = fleet.ok(*args, "--dry-run")
    assert shown == fleet.ok(*args, "--dry-run")
    assert tomllib.loads(shown)["name"] == "chaos-7"
    assert list(fleet.directory.glob("chaos-*")) == []
    (fleet.directory / "mine.toml").write_text(shown)
    assert "process." in fleet.ok("drill", "plan", "./mine.toml")
    assert fleet.untouched() == before


@pytest.mark.parametrize("content", [b"precious", b"\xff\xfe"], ids=["text", "no text"])
def test_a_file_that_is_there_is_not_written_over(fleet: Home, content: bytes) -> None:
    path = fleet.directory / "chaos-7.toml"
    path.write_bytes(content)
    done = fleet.run("chaos", "--monkey", "--seed", "7", "--for", "2m")
    assert done.returncode == 1
    assert "chaos-7.toml is there already, and says something else" in done.stderr
    assert path.read_bytes() == content
    path.unlink()


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ((), 2, "--monkey"),
        (("--monkey", "--for", "1s"), 2, "--for wants a duration from 8 s to 60 m"),
        (("--monkey", "--mean-gap", "10m"), 2, "--mean-gap wants"),
        (("--monkey", "--within", "none.toml"), 2, "none.toml: cannot be read: no such file"),
        (("--monkey", "--for", "1h"), 5, "safety.max_drill allows 600 s"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(fleet: Home, args: tuple[str, ...], code: int, said: str) -> None:
    done = fleet.run("chaos", *args)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


@pytest.mark.parametrize(
    ("path", "name"), [("chaos-7.toml", "./chaos-7.toml"), ("../mine", "./../mine"), ("/tmp/a.toml", "/tmp/a.toml")]
)
def test_what_is_said_to_run_a_file_again_names_that_file(path: str, name: str) -> None:
    assert again(Path(path)) == f"hactl drill run {name}"
