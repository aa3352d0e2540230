"""What a console remembers survives it, and what is damaged is as good as nothing, and said."""

import stat
from pathlib import Path

import pytest

from hactl.core.errors import HactlError
from hactl.tui.settings import Settings, SettingsFile, load, save

SOME = Settings(theme="light", sort="REQ/S", reverse=True)


@pytest.mark.parametrize("settings", [SOME, Settings(), Settings(sort="P99")])
def test_what_is_kept_is_there_again(tmp_path: Path, settings: Settings):
    file = tmp_path / "new" / "console.toml"
    save(file, settings)
    assert load(file) == settings
    assert [each.name for each in file.parent.iterdir()] == ["console.toml"]


def test_a_first_time_has_nothing_to_complain_of(tmp_path: Path):
    found = SettingsFile(tmp_path / "console.toml")
    assert found.settings == Settings()
    assert found.trouble is None


@pytest.mark.parametrize("text", ["theme = ", "theme = 7", "reverse = 'yes'", "\xff\xfe"])
def test_a_damaged_file_is_named_and_costs_the_settings_only(tmp_path: Path, text: str):
    file = tmp_path / "console.toml"
    file.write_text(text, encoding="latin-1")
    found = SettingsFile(file)
    assert found.settings == Settings()
    assert found.trouble is not None
    assert str(file) in found.trouble.message
    found.keep(SOME)
    assert load(file) == SOME


def test_settings_of_a_newer_console_are_left_out(tmp_path: Path):
    file = tmp_path / "console.toml"
    file.write_text('theme = "dark"\nsomething = "else"\n')
    assert load(file) == Settings(theme="dark")


def test_what_is_as_before_is_not_written(tmp_path: Path):
    file = tmp_path / "console.toml"
    found = SettingsFile(file)
    found.keep(Settings())
    assert not file.exists()


def test_without_a_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    found = SettingsFile()
    found.keep(SOME)
    assert found.settings == SOME
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_it_is_an_error_and_the_old_file_stays(tmp_path: Path):
    """In the place of the directory there is a file."""
    (tmp_path / "home").write_text("")
    with pytest.raises(HactlError, match="cannot write"):
        SettingsFile(tmp_path / "home" / "console.toml").keep(SOME)


def test_a_file_that_cannot_be_replaced_leaves_nothing_beside_it(tmp_path: Path):
    file = tmp_path / "console.toml"
    file.mkdir()
    with pytest.raises(HactlError, match="cannot write"):
        save(file, SOME)
    assert [each.name for each in tmp_path.iterdir()] == ["console.toml"]


def test_others_cannot_look_into_the_directory_it_makes(tmp_path: Path):
    save(tmp_path / "new" / "console.toml", SOME)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
