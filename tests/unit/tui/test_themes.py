"""The themes there are: a user's own before those that come along, and what tells that one was edited."""

import os
from pathlib import Path

import pytest

from hactl.core.errors import ConfigError
from hactl.tui.theme import shipped
from hactl.tui.themes import Themes


def mine(tmp_path: Path, name: str, like: str = "light") -> Path:
    path = tmp_path / f"{name}.toml"
    path.write_text(shipped()[like].read_text())
    return path


def test_a_theme_of_ones_own_comes_before_those_that_come_along(tmp_path):
    mine(tmp_path, "dark")
    themes = Themes(tmp_path)
    assert not themes.read("dark").dark
    assert Themes().read("dark").dark


def test_a_theme_is_called_as_its_file(tmp_path):
    mine(tmp_path, "evening")
    assert Themes(tmp_path).read("evening").name == "evening"
    assert set(Themes(tmp_path).known()) == {*shipped(), "evening"}


@pytest.mark.parametrize("name", ["drak", "../dark", ""])
def test_an_unknown_theme_says_which_there_are_and_where_ones_own_go(tmp_path, name):
    with pytest.raises(ConfigError, match="no theme") as caught:
        Themes(tmp_path).read(name)
    assert "dark" in caught.value.hint
    assert str(tmp_path) in caught.value.hint


def test_an_edited_a_replaced_and_a_covered_file_have_other_stamps(tmp_path):
    themes = Themes(tmp_path)
    stamps = [themes.stamp("dark")]
    path = mine(tmp_path, "dark")
    stamps.append(themes.stamp("dark"))
    path.write_text(path.read_text() + "# edited\n")
    stamps.append(themes.stamp("dark"))
    other = tmp_path / "other"
    other.write_text(path.read_text())
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.rename(path)
    stamps.append(themes.stamp("dark"))
    assert len(set(stamps)) == 4
    assert themes.stamp("dark") == stamps[-1]


def test_a_theme_that_is_not_there_has_none(tmp_path):
    assert Themes(tmp_path).stamp("evening") is None
