"""`hactl chaos`: what it writes and what it refuses; what it chooses is the monkey's."""

import signal
import tomllib
from pathlib import Path

import pytest
from support.command import Home, finish, read_until

from hactl.cli.chaos import again

SEVEN = ("chaos", "--monkey", "--seed", "7", "--for", "2m", "--mean-gap", "20s")


def test_what_a_seed_chooses_is_shown_and_nothing_is_done(fleet: Home) -> None:
    """It is a drill file, and the same each time; what happens when is told beside it."""
    before = fleet.untouched()
    shown = fleet.run(*SEVEN, "--dry-run")
    assert shown.returncode == 0
    assert shown.stdout == fleet.ok(*SEVEN, "--dry-run")
    drill = tomllib.loads(shown.stdout)
    assert drill["name"] == "chaos-7"
    assert list(fleet.directory.glob("chaos-*")) == []
    head, *lines = shown.stderr.splitlines()
    assert head == f"chaos with seed 7: {len(drill['fault'])} faults; nothing was changed"
    for line, fault in zip(lines, drill["fault"], strict=True):
        assert line.split()[:3] == [f"{float(fault['at'].removesuffix('s')):.1f}", "s", fault["type"]]
    (fleet.directory / "mine.toml").write_text(shown.stdout)
    assert drill["fault"][0]["type"] in fleet.ok("drill", "plan", "./mine.toml")
    assert fleet.untouched() == before


def test_half_an_hour_of_chaos_is_allowed_by_default(fleet: Home) -> None:
    """As the example has it."""
    long = ("chaos", "--monkey", "--seed", "42", "--for", "30m", "--mean-gap", "2m", "--dry-run")
    assert fleet.json(*long)["may"] is True


def test_a_choice_is_narrowed_and_the_file_says_how(fleet: Home) -> None:
    """Burdens and the like only when named; and one document for machines."""
    narrow = (
        "--only",
        "pressure.cpu",
        "--only",
        "proxy.latency",
        "--only",
        "config.apply",
        "--without",
        "config.apply",
    )
    refused = fleet.run(*SEVEN, *narrow, "--dry-run")
    assert (refused.returncode, "--only config.apply contradicts --without" in refused.stderr) == (2, True)
    foretold = fleet.json(*SEVEN, *narrow[:4], "--dry-run")
    assert (foretold["seed"], foretold["may"], foretold["refused"]) == (7, True, "")
    strikes = [(strike["kind"], strike["at"]) for strike in foretold["plan"]["strikes"]]
    assert {kind for kind, _ in strikes} == {"pressure.cpu", "proxy.latency"}
    assert foretold["file"].splitlines()[0].endswith("--mean-gap 20s --only pressure.cpu --only proxy.latency")


def test_what_would_not_be_begun_now_says_so_in_a_dry_run(fleet: Home) -> None:
    """With the exit code of `hactl drill plan`; the file is there all the same."""
    (fleet.directory / "few.toml").write_text("[limits]\nmin_healthy_nodes = 3\n")
    fleet.ok("drain", "a-1", "--wait")
    try:
        shown = fleet.run(*SEVEN, "--within", "few.toml", "--dry-run")
    finally:
        fleet.ok("resume", "a-1", "--wait")
    assert shown.returncode == 5
    assert "it would be refused now: nodes left to serve: 2 (wanted >= 3)" in shown.stderr
    assert tomllib.loads(shown.stdout)["name"] == "chaos-7"


def test_how_many_faults_are_written_down_is_what_is_in_the_file(fleet: Home) -> None:
    """However they are written; this one is stopped as soon as that is said, and the build server is told of it."""
    chaos = fleet.start(*SEVEN, "--only", "load.surge", "-o", "surges.toml", "--junit", "chaos.xml")
    told = read_until(chaos, "written to")
    chaos.send_signal(signal.SIGINT)
    finish(chaos)
    count = len(tomllib.loads((fleet.directory / "surges.toml").read_text())["fault"])
    assert count > 0
    assert f"chaos: {count} faults, written to surges.toml; again: hactl drill run ./surges.toml" in told
    assert '<testsuite name="drill.chaos-7"' in (fleet.directory / "chaos.xml").read_text()


@pytest.mark.parametrize("content", [b"precious", b"\xff\xfe"], ids=["text", "no text"])
def test_a_file_that_is_there_is_not_written_over(fleet: Home, content: bytes) -> None:
    path = fleet.directory / "chaos-7.toml"
    path.write_bytes(content)
    done = fleet.run("chaos", "--monkey", "--seed", "7", "--for", "2m")
    assert done.returncode == 1
    assert "chaos-7.toml already exists with different content" in done.stderr
    assert path.read_bytes() == content
    path.unlink()


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ((), 2, "--monkey"),
        (("--monkey", "--for", "1s"), 2, "--for must be a duration from 8 s to 60 m"),
        (("--monkey", "--mean-gap", "10m"), 2, "--mean-gap must be"),
        (("--monkey", "--within", "none.toml"), 2, "none.toml: cannot be read: no such file"),
        (("--monkey", "--for", "1h"), 5, "safety.max_drill allows 3600 s"),
        (("--monkey", "--only", "disc.full"), 2, "no kind of fault 'disc.full'; did you mean \"disk.full\"?"),
        (("--monkey", "--only", "disk.full"), 5, "disk.full is not available here"),
        (
            ("--monkey", "--only", "upstream.down"),
            5,
            "upstream.down is not available here: no route leads to a service",
        ),
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
