"""The drills that come with hactl, and files of one's own."""

from pathlib import Path

import pytest

from hactl.core.errors import ConfigError
from hactl.core.value import replace
from hactl.drill import library
from hactl.drill.definition import Objectives


@pytest.mark.parametrize("name", library.names())
def test_a_built_in_drill_is_one(name: str) -> None:
    """Its file bears its name, it asks for something, and its comment says what happens."""
    drill = library.load(name)
    assert drill.name == name
    assert drill.objectives != Objectives()
    assert drill.objectives.rollback_clean
    assert library.text(name)[0].startswith("# ")


@pytest.mark.parametrize("name", library.names())
def test_a_built_in_drill_looks_at_a_fleet_for_long_enough_before_it_strikes(name: str) -> None:
    assert library.load(name).phases.baseline >= 15.0


@pytest.mark.parametrize(
    ("name", "failed", "back", "capacity"),
    [
        ("node-kill", 0, 0.5, 0.25),
        ("node-hang", 0, 0.5, 0.25),
        ("edge-kill", None, 0.4, 0.5),
        ("edge-hang", None, 0.4, 0.5),
        ("region-loss", 0, 1.0, 20.0),
    ],
)
def test_a_built_in_drill_asks_for_what_is_promised(
    name: str, failed: int | None, back: float, capacity: float
) -> None:
    """Of edges what is open is lost with them: there it is counted of clients that try again."""
    asked = library.load(name).objectives
    assert (asked.failed, asked.rto, asked.restore_capacity) == (failed, back, capacity)
    assert failed == 0 or asked.failed_with_retries == 0


def test_there_are_those_that_are_promised() -> None:
    processes = {"node-kill", "node-hang", "edge-kill", "edge-hang", "region-loss"}
    assert processes | {"node-slow", "region-brownout"} <= set(library.names())
    assert {"rolling-restart", "control-crash", "bad-config"} <= set(library.names())
    assert {"upstream-down", "traffic-surge", "partition"} <= set(library.names())


def test_a_file_of_ones_own_is_named_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(library.text("node-kill")[0].replace("node-kill", "mine"))
    assert library.load(str(path)).name == "mine"


def test_what_is_not_there_is_said_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        library.load("node-kil")
    assert 'did you mean "node-kill"?' in error.value.hint
    with pytest.raises(ConfigError, match="cannot be read: no such file"):
        library.load(str(tmp_path / "none.toml"))


def test_a_file_is_read_as_a_configuration_is(tmp_path: Path) -> None:
    """An endless one is not read to its end, what some editors put first does no harm, what is no text is told."""
    with pytest.raises(ConfigError, match=r"^/dev/zero: larger than 1MiB"):
        library.load("/dev/zero")
    mine = tmp_path / "mine.toml"
    mine.write_text(library.text("node-kill")[0], encoding="utf-8-sig")
    assert library.load(str(mine)).name == "node-kill"
    mine.write_bytes(b'name = "\xff"')
    with pytest.raises(ConfigError, match=r"mine\.toml:1:9: not UTF-8 text \(byte 0xff\)"):
        library.load(str(mine))


@pytest.mark.parametrize("name", library.names())
def test_what_is_set_stands_in_the_text_of_a_drill(name: str, tmp_path: Path) -> None:
    """It is the beginning of one's own, and means what the drill means with that set."""
    settings = ("objectives.rto=55s", "limits.max_faulted_share=1/3")
    mine = tmp_path / f"{name}.toml"
    mine.write_text(library.changed(name, settings))
    own = library.load(str(mine))
    assert (own.source, library.load(name).source) == (str(mine), "")
    assert replace(own, digest="", source="") == replace(library.load(name, settings), digest="")
