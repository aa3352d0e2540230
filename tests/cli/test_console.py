"""What decides how a console looks, before there is one."""

import pytest

from hactl.cli.console import choose_glyphs, choose_theme, possible
from hactl.core.errors import ConfigError
from hactl.tui.meaning import ASCII, Glyphs
from hactl.tui.theme import DEFAULT, shipped


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("NO_COLOR", raising=False)
    (tmp_path / "hactl" / "themes").mkdir(parents=True)
    return tmp_path / "hactl" / "themes"


def test_no_colour_is_wanted_or_it_is():
    assert choose_theme("").name == DEFAULT


def test_no_color_means_none(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert choose_theme("").name == "mono"
    assert choose_theme("light").name == "light"


def test_a_theme_of_ones_own_comes_before_those_that_come_along(home):
    text = shipped()["light"].read_text().replace('name = "light"', 'name = "mine"')
    (home / "mine.toml").write_text(text)
    (home / "dark.toml").write_text(text)
    assert choose_theme("mine").name == "mine"
    assert choose_theme("dark").name == "mine"


def test_an_unknown_theme_says_which_there_are(home):
    with pytest.raises(ConfigError, match="no theme 'drak'") as caught:
        choose_theme("drak")
    assert "dark" in caught.value.hint
    assert str(home) in caught.value.hint


@pytest.mark.parametrize(("encoding", "glyphs"), [("utf-8", Glyphs()), ("ascii", ASCII), ("latin-1", ASCII)])
def test_glyphs_are_those_that_the_terminal_has(encoding, glyphs):
    assert choose_glyphs(encoding) == glyphs


def test_without_a_terminal_there_is_no_console():
    assert not possible()
