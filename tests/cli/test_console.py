"""What decides how a console looks, before there is one."""

import pytest

from hactl.cli.console import choose_glyphs, choose_theme, possible, remembered_theme, settings_file, themes_home
from hactl.tui.meaning import ASCII, Glyphs
from hactl.tui.settings import Settings, SettingsFile
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


class TestRemembered:
    """The theme of the last time."""

    @pytest.fixture
    def settings(self):
        found = SettingsFile()
        found.settings = Settings(theme="light")
        return found

    def test_it_is_put_on_again(self, settings):
        assert remembered_theme(Themes(), "", settings).name == "light"
        assert settings.trouble is None

    def test_one_that_is_asked_for_comes_first(self, settings):
        assert remembered_theme(Themes(), "mono", settings).name == "mono"

    def test_no_color_comes_first_too(self, settings, monkeypatch):
        monkeypatch.setenv("NO_COLOR", "1")
        assert remembered_theme(Themes(), "", settings).name == "mono"

    def test_one_that_is_no_use_any_more_is_a_message_and_no_reason_not_to_open(self, settings, home):
        (home / "light.toml").write_text("nonsense")
        assert remembered_theme(Themes(home), "", settings).name == DEFAULT
        assert str(home / "light.toml") in settings.trouble.message

    @pytest.mark.parametrize("name", ["drak", "broken"])
    def test_one_that_is_asked_for_and_is_no_use_neither(self, settings, home, name):
        """An incident does not wait for a theme."""
        (home / "broken.toml").write_text("nonsense")
        assert remembered_theme(Themes(home), name, settings).name == DEFAULT
        assert name in settings.trouble.message

    def test_not_even_where_it_is_the_one_that_all_others_are_replaced_by(self, settings, home):
        """The one that comes with hactl is always of use."""
        settings.settings = Settings(theme=DEFAULT)
        (home / f"{DEFAULT}.toml").write_text("name = 'x'")
        assert remembered_theme(Themes(home), "", settings) == Themes().read(DEFAULT)
        assert str(home / f"{DEFAULT}.toml") in settings.trouble.message

    def test_it_is_kept_beside_the_fleets(self, monkeypatch, tmp_path):
        monkeypatch.setenv("HACTL_STATE_DIR", str(tmp_path))
        assert settings_file() == tmp_path / "console.toml"


@pytest.mark.parametrize(("encoding", "glyphs"), [("utf-8", Glyphs()), ("ascii", ASCII), ("latin-1", ASCII)])
def test_glyphs_are_those_that_the_terminal_has(encoding, glyphs):
    assert choose_glyphs(encoding) == glyphs


def test_without_a_terminal_there_is_no_console():
    assert not possible()
