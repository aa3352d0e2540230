"""Which fleet a command is about, and that a broken file never locks an operator out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import Home, finish, read_until
from support.ports import free_port

from hactl.cli.choice import program


@pytest.fixture(scope="module")
def two() -> Iterator[Home]:
    """A home with two small fleets, `one` and `two`, that run."""
    with Home() as home:
        for name in ("one", "two"):
            directory = home.directory / name
            directory.mkdir()
            text = home.configure(name=name, edges=1, regions={"a": 1}).read_text()
            (directory / "hactl.toml").write_text(text.replace(str(home.port), str(free_port())))
            home.ok("up", cwd=directory)
        (home.directory / "hactl.toml").unlink()
        (home.directory / "one" / "deep" / "down").mkdir(parents=True)
        yield home


def chosen(home: Home, *args: str, cwd: Path, **more: str) -> str:
    """The fleet whose status is shown."""
    first = home.ok(*(args or ("status",)), cwd=cwd, **more).splitlines()[0]
    return first.removeprefix("fleet ").partition(":")[0]


def test_the_nearest_file_upward_decides(two: Home) -> None:
    assert chosen(two, cwd=two.directory / "one") == "one"
    assert chosen(two, cwd=two.directory / "one" / "deep" / "down") == "one"
    assert chosen(two, cwd=two.directory / "two") == "two"


def test_the_environment_goes_before_the_nearest_file(two: Home) -> None:
    assert chosen(two, cwd=two.directory / "one", HACTL_FLEET="two") == "two"


def test_the_option_goes_before_everything_wherever_it_stands(two: Home) -> None:
    where = two.directory / "one"
    assert chosen(two, "--fleet", "two", "status", cwd=where) == "two"
    assert chosen(two, "status", "--fleet", "two", cwd=where) == "two"
    assert chosen(two, "--fleet", "two", "status", cwd=two.directory, HACTL_FLEET="one") == "two"
    assert chosen(two, "--fleet", "two", cwd=where) == "two"


@pytest.mark.parametrize("by", ["--fleet", "HACTL_FLEET"])
@pytest.mark.parametrize(
    "verb",
    [
        ("down", "--dry-run"),
        ("up",),
        ("daemon", "restart", "--dry-run"),
        ("config", "apply", "--dry-run"),
        ("config", "diff"),
        ("config", "check"),
        ("config", "show"),
        ("config", "show", "--running"),
        ("config", "show", "--revision", "1"),
    ],
    ids="-".join,
)
def test_a_name_and_a_file_of_another_fleet_contradict_each_other(two: Home, verb: tuple[str, ...], by: str) -> None:
    """Neither goes before the other: the wrong fleet would be stopped."""
    file = two.directory / "one" / "hactl.toml"
    words = (*verb, "--config", str(file))
    done = two.run("--fleet", "two", *words) if by == "--fleet" else two.run(*words, HACTL_FLEET="two")
    assert (done.returncode, done.stdout) == (2, "")
    without = "leave out --fleet" if by == "--fleet" else "unset HACTL_FLEET"
    assert done.stderr == (
        f"hactl: {file}: describes fleet 'one', not 'two'\n  try: name the file of 'two' with --config, or {without}\n"
    )


@pytest.mark.parametrize("verb", ["apply", "diff", "check", "show"])
def test_the_file_that_happens_to_lie_here_is_not_that_of_a_fleet_named(two: Home, verb: str) -> None:
    """It is refused and not silently compared with, applied to, or shown for the other one."""
    done = two.run("--fleet", "two", "config", verb, cwd=two.directory / "one")
    assert (done.returncode, done.stdout) == (2, "")
    assert "one/hactl.toml: describes fleet 'one', not 'two'" in done.stderr


def test_a_name_and_the_file_of_the_same_fleet_agree(two: Home) -> None:
    words = ("down", "--dry-run", "--config", "one/hactl.toml")
    assert "would stop" in two.ok("--fleet", "one", *words, HACTL_FLEET="two")


def test_among_several_none_is_guessed(two: Home) -> None:
    """Without any hint the error names the fleets there are."""
    done = two.run("status", cwd=two.directory)
    assert done.returncode == 1
    assert done.stderr == "hactl: several fleets are running: one, two\n  try: name one: hactl --fleet NAME ...\n"


def test_the_only_running_fleet_needs_no_hint(fleet: Home) -> None:
    assert chosen(fleet, cwd=Path("/")) == "t"


@pytest.mark.parametrize(
    ("toml", "where", "environment", "bare"),
    [
        ('name = "prod"', "", "", True),
        ('name = "prod"', "deep/down", "", True),
        ('name = "prod"', "", "prod", True),
        ('name = "prod"', "", "staging", False),
        ('name = "staging"', "", "", False),
        ('name = "staging"', "", "prod", False),
        ('name = "prod"\nstate_dir = "/elsewhere"', "", "", False),
        ('name = "NO NAME"', "", "", False),
        (None, "", "", False),
        (None, "", "prod", False),
    ],
)
def test_a_command_to_copy_names_its_fleet_unless_the_file_there_does(
    toml: str | None, where: str, environment: str, bare: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a shell where a bare one would mean another fleet, now or later, or none."""
    (tmp_path / "deep" / "down").mkdir(parents=True)
    if toml is not None:
        (tmp_path / "hactl.toml").write_text(f"[fleet]\n{toml}\n")
    monkeypatch.chdir(tmp_path / where)
    monkeypatch.setenv("HACTL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HACTL_FLEET", environment)
    expected = ("hactl",) if bare else ("hactl", "--fleet", "prod")
    assert program("prod", tmp_path / "state" / "prod") == expected


def test_a_fleet_that_is_not_there_is_answered_with_those_that_are(two: Home) -> None:
    done = two.run("--fleet", "three", "status", cwd=two.directory)
    assert done.returncode == 6
    assert done.stderr == "hactl: no fleet 'three' on this machine\n  try: known: one, two\n"


@pytest.mark.parametrize("name", ["a/b", "../x", "", "A", "x" * 33, "a b"])
def test_what_is_no_name_is_no_path_either(fleet: Home, name: str) -> None:
    """A fleet's name becomes a directory: slashes must never get that far."""
    done = fleet.run("--fleet", name, "status")
    if name:
        assert done.returncode == 2
        assert "is not a valid fleet name" in done.stderr
        assert fleet.run("status", HACTL_FLEET=name).returncode == 2
    else:
        assert done.returncode == 0, "an empty variable is no choice"


def test_nothing_to_choose_from(home: Home) -> None:
    done = home.run("status")
    assert done.returncode == 6
    assert done.stderr.startswith("hactl: no hactl.toml in this directory or above, and no fleet is running\n")


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"[[[",
        b"nonsense = 1\n",
        b"\xff\xfe not UTF-8 \n",
        b"[edge]\nlisten = 12\n",
        b'[[service]]\nname = "other"\nstate_dir = "elsewhere"\n = broken\n',
    ],
    ids=["whole", "syntax", "key", "encoding", "type", "other-names"],
)
def test_a_broken_file_does_not_lock_anybody_out(fleet: Home, damage: bytes) -> None:
    """Name and state directory are all that matters to a fleet that runs; `up` refuses the file and touches nothing."""
    path = fleet.directory / "hactl.toml"
    good = path.read_bytes()
    before = fleet.untouched()
    path.write_bytes(good + b"\n" + damage)
    try:
        assert chosen(fleet, cwd=fleet.directory) == "t"
        assert "would stop: edge-1" in fleet.ok("down", "--dry-run")
        fleet.ok("kill", "a-1", "--dry-run")
        up = fleet.run("up")
        assert up.returncode == (2 if damage else 0)
        assert fleet.untouched() == before
    finally:
        path.write_bytes(good)


def test_fleets_lists_what_runs_and_what_has_only_state(two: Home) -> None:
    listed = {fleet["name"]: fleet["verdict"] for fleet in two.json("fleets")["fleets"]}
    assert listed == {"one": "ok", "two": "ok"}
    lines = two.ok("fleets").splitlines()
    assert lines[0].split() == ["NAME", "IS", "WHY", "STATE", "DIRECTORY"]
    assert [line.split()[:2] for line in lines[1:]] == [["one", "ok"], ["two", "ok"]]


def test_fleets_without_any_says_how_to_begin(home: Home) -> None:
    done = home.run("fleets")
    assert (done.returncode, done.stdout) == (0, "")
    assert "hactl init" in done.stderr


def test_what_cannot_be_looked_into_is_no_fleet(home: Home) -> None:
    """One odd entry in the state home does not lock anybody out of the rest."""
    home.state.mkdir()
    (home.state / "odd").symlink_to("/" + "x" * 300)
    for verb in ("fleets", "status"):
        said = home.run(verb).stderr
        assert "hactl init" in said
        assert "Traceback" not in said


def test_a_state_directory_elsewhere_is_found_by_name(home: Home) -> None:
    """`fleet.state_dir` moves everything, and `--fleet NAME` still finds it."""
    text = home.configure(edges=1, regions={"a": 1}).read_text()
    (home.directory / "hactl.toml").write_text(
        text.replace("[fleet]", f'[fleet]\nstate_dir = "{home.directory / "e"}"')
    )
    home.ok("up")
    assert (home.directory / "e" / "journal.db").exists()
    assert chosen(home, "--fleet", "t", "status", cwd=Path("/")) == "t"
    assert home.json("fleets")["fleets"][0]["state"] == str(home.directory / "e")
    home.ok("--fleet", "t", "down", cwd=Path("/"))


def test_a_state_directory_that_is_set_later_does_not_leave_the_name_with_the_old_one(home: Home) -> None:
    """`--fleet NAME` would say "down" of a fleet that serves: whoever types `up` is told, and what to do about it."""
    path = home.configure(edges=1, regions={"a": 1})
    home.ok("up")
    other = home.directory / "other"
    other.mkdir()
    moved = path.read_text().replace("[fleet]", f'[fleet]\nstate_dir = "{home.directory / "e"}"')
    (other / "hactl.toml").write_text(moved.replace(str(home.port), str(free_port())))
    said = (
        f"hactl: {other}/hactl.toml: --fleet t means a fleet in {home.state}/t, not this one in {home.directory}/e\n"
        "  try: {}\n"
    )
    done = home.run("up", cwd=other)
    assert done.returncode == 2
    assert done.stderr == said.format(
        "give one of them another fleet.name, or stop that one: cd / && hactl --fleet t down"
    )
    home.ok("--fleet", "t", "down", cwd=Path("/"))
    done = home.run("up", cwd=other)
    assert done.returncode == 2
    unneeded = said.format("if that is not needed any more: cd / && hactl --fleet t purge; else change fleet.name")
    assert done.stderr == unneeded
    assert not (home.directory / "e").exists()

    process = home.start("up", "--foreground", "--config", str(other / "hactl.toml"))
    assert read_until(process, "in charge").startswith(unneeded), "a machine that comes up has its gateway"
    home.ok("down", cwd=other)
    assert finish(process)[0] == 0

    home.ok("--fleet", "t", "purge", "--confirm", "t", cwd=Path("/"))
    home.ok("up", cwd=other)
    assert chosen(home, "--fleet", "t", "status", cwd=Path("/")) == "t"
    home.ok("--fleet", "t", "down", cwd=Path("/"))
