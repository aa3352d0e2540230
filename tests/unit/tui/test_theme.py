"""Themes: those that come with hactl can be read by everybody, and a broken one is a message."""

import re
import shutil
from pathlib import Path

import pytest
from support.contrast import contrast

from hactl.core.errors import ConfigError
from hactl.tui.meaning import Meaning
from hactl.tui.theme import DEFAULT, read, shipped

ENOUGH = 4.5
"""WCAG 2.1 AA for text."""
STATES = (Meaning.SERVING, Meaning.DEGRADED, Meaning.DOWN, Meaning.DRAINING, Meaning.STARTING, Meaning.STOPPED)


@pytest.mark.parametrize("name", shipped())
def test_every_theme_that_comes_along_is_whole_and_named_after_its_file(name):
    theme = read(shipped()[name])
    assert theme.name == name
    assert set(theme.styles) == set(Meaning)


def coloured() -> list[tuple[str, Meaning]]:
    themes = [read(path) for path in shipped().values()]
    return [(theme.name, meaning) for theme in themes if theme.surface.background for meaning in Meaning]


@pytest.mark.parametrize(("name", "meaning"), coloured())
def test_every_text_stands_out(name, meaning):
    """From the background, from panels, and from the row under the cursor."""
    theme = read(shipped()[name])
    color = theme.style(meaning).color
    if color is None:
        assert meaning is Meaning.CURSOR
        return
    under = [theme.surface.background, theme.surface.panel, theme.style(Meaning.CURSOR).bgcolor.triplet.hex]
    least = 7.0 if name == "high-contrast" and meaning in STATES else ENOUGH
    assert min(contrast(color.triplet.hex, each) for each in under) >= least


def test_contrast_is_what_the_standard_says():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(shutil.copy(shipped()[DEFAULT], tmp_path / "mine.toml"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('serving = "#6cb6ff"', 'serving = "#6cb6"', "looks.serving"),
        ('serving = "#6cb6ff"', "", "looks.serving is missing"),
        ('serving = "#6cb6ff"', 'serving = "#6cb6ff"\nservign = "red"', "looks.servign: no such meaning"),
        ('panel = "#161d26"', 'panel = "nonsense"', "surface.panel"),
        ("dark = true", 'dark = "yes"', "dark"),
        ('name = "dark"', "name = ", "mine.toml"),
    ],
)
def test_a_broken_one_says_what_and_where(file, old, new, said):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        read(file)
    assert str(file) in caught.value.message
    assert caught.value.hint


def test_one_that_is_not_there_says_so(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        read(tmp_path / "none.toml")
