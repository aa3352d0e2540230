"""What decides how a console looks, before there is one."""

import pytest

from hactl.cli.console import choose_glyphs, choose_theme, possible, themes_home
from hactl.tui.meaning import ASCII, Glyphs
from hactl.tui.theme import DEFAULT
from hactl.tui.themes import Themes


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("NO_COLOR", raising=False)
    (tmp_path / "hactl" / "themes").mkdir(parents=True)
    return tmp_path / "hactl" / "themes"


def test_no_colour_is_wanted_or_it_is():
    assert choose_theme(Themes(), "").name == DEFAULT


def test_no_color_means_none(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert choose_theme(Themes(), "").name == "mono"
    assert choose_theme(Themes(), "light").name == "light"


def test_a_users_own_themes_are_in_the_configuration_home(home):
    assert themes_home() == home


@pytest.mark.parametrize(("encoding", "glyphs"), [("utf-8", Glyphs()), ("ascii", ASCII), ("latin-1", ASCII)])
def test_glyphs_are_those_that_the_terminal_has(encoding, glyphs):
    assert choose_glyphs(encoding) == glyphs


def test_without_a_terminal_there_is_no_console():
    assert not possible()
