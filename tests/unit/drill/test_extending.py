"""A drill that extends another one: what it says wins, what it leaves out comes from there."""

from pathlib import Path

import pytest

from hactl.core.errors import ConfigError
from hactl.drill.definition import FaultKind
from hactl.drill.extending import merged
from hactl.drill.library import load


def written(directory: Path, name: str, text: str) -> str:
    path = directory / name
    path.write_text(text)
    return str(path)


def test_tables_are_merged_and_lists_are_replaced() -> None:
    base = {"a": {"x": 1, "y": 2}, "fault": [1, 2], "t": 1}
    assert merged(base, {"a": {"y": 3}, "fault": [4], "t": {"z": 1}}) == {
        "a": {"x": 1, "y": 3},
        "fault": [4],
        "t": {"z": 1},
    }
    assert base == {"a": {"x": 1, "y": 2}, "fault": [1, 2], "t": 1}


def test_a_variant_says_only_what_is_different(tmp_path: Path) -> None:
    """Of a built-in drill; it has a name of its own, and a digest that knows both texts."""
    path = written(
        tmp_path, "mine.toml", 'schema = 1\nextends = "node-kill"\nname = "mine"\n[objectives]\nrto = "2s"\n'
    )
    mine, base = load(path), load("node-kill")
    assert (mine.name, mine.objectives.rto) == ("mine", 2.0)
    assert (mine.title, mine.faults, mine.phases) == (base.title, base.faults, base.phases)
    assert mine.objectives.detect == base.objectives.detect
    assert mine.digest != base.digest
    assert load(path, ("objectives.rto=3s",)).objectives.rto == 3.0


def test_variants_of_variants_are_found_beside_their_file(tmp_path: Path) -> None:
    """Wherever the command is typed; faults of the nearest one count."""
    written(tmp_path, "base.toml", 'schema = 1\nextends = "node-kill"\nname = "base"\n[load]\nrate = 300\n')
    freeze = '[[fault]]\ntype = "process.freeze"\ntarget = { nodes = 1 }\n'
    path = written(tmp_path, "mine.toml", f'extends = "base.toml"\nname = "mine"\n{freeze}')
    mine = load(path)
    assert (mine.load.rate, [fault.kind for fault in mine.faults]) == (300.0, [FaultKind.FREEZE])
    before = mine.digest
    written(tmp_path, "base.toml", 'schema = 1\nextends = "node-kill"\nname = "base"\n[load]\nrate = 400\n')
    assert load(path).digest != before, "a drill is another one when what it extends has changed"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('schema = 1\nextends = "node-kill"\n', "name is missing"),
        ('name = "a"\nextends = 3\n', "extends: wants the name of a drill, found 3"),
        ('name = "a"\nextends = "node-kil"\n', "no drill 'node-kil'"),
        ('name = "a"\nextends = "mine.toml"\n', "mine.toml extends "),
        ('name = "a"\nextends = "./none.toml"\n', "none.toml: cannot be read: no such file"),
    ],
    ids=["nameless", "number", "unknown", "circle", "missing"],
)
def test_what_cannot_be_extended_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        load(written(tmp_path, "mine.toml", text))
    assert "\n" not in error.value.message
