"""Theme files: meanings and their looks, as TOML. Read and judged here, before anything is drawn with them.

Not a set of colours for widgets: what a widget shows has a `Meaning`, and a theme says how meanings look.
"""

import re
import tomllib
from pathlib import Path

import msgspec
from rich.errors import StyleSyntaxError
from rich.style import Style

from hactl.core.errors import ConfigError, os_reason
from hactl.core.value import Value
from hactl.paths import themes
from hactl.tui.meaning import Meaning

DEFAULT = "dark"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class Surface(Value, forbid_unknown_fields=True):
    """Colours that have no text in them, as #rrggbb; "" for the terminal's own."""

    background: str = ""
    panel: str = ""
    border: str = ""


class ThemeFile(Value, forbid_unknown_fields=True):
    """A theme as it stands in its file."""

    name: str
    dark: bool
    surface: Surface = Surface()
    looks: dict[str, str] = {}
    """Meaning → a style such as "bold #rrggbb" or "reverse"."""


class Theme(Value):
    """A theme that can be drawn with: every meaning has a style."""

    name: str
    dark: bool
    surface: Surface
    styles: dict[Meaning, Style]

    def style(self, meaning: Meaning) -> Style:
        """How `meaning` looks."""
        return self.styles[meaning]


def read(path: Path) -> Theme:
    """The theme in a file. Raises ConfigError, naming file, key and cause, when it cannot be drawn with."""
    try:
        file = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), ThemeFile)
    except OSError as error:
        raise ConfigError(f"{path}: {os_reason(error)}", "choose another theme") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path}: {error}", "compare it with one of the built-in themes") from error
    return judged(file, path)


def judged(file: ThemeFile, path: Path) -> Theme:
    """The theme that `file` describes. Raises ConfigError for looks that do not exist or are missing."""
    known = {meaning.value for meaning in Meaning}
    for name in file.looks:
        if name not in known:
            raise ConfigError(f"{path}: looks.{name}: no such meaning", f"known: {', '.join(sorted(known))}")
    styles = {}
    for meaning in Meaning:
        if (text := file.looks.get(meaning)) is None:
            raise ConfigError(f"{path}: looks.{meaning} is missing", "every meaning needs a look; it may be empty")
        try:
            styles[meaning] = Style.parse(text)
        except StyleSyntaxError as error:
            raise ConfigError(f"{path}: looks.{meaning}: {error}", 'a style such as "bold #ff5f5f"') from error
    for name in ("background", "panel", "border"):
        value: str = getattr(file.surface, name)
        if value and not _COLOUR.fullmatch(value):
            raise ConfigError(f"{path}: surface.{name}: '{value}' is not a valid colour", 'a colour such as "#10141a"')
    return Theme(name=file.name, dark=file.dark, surface=file.surface, styles=styles)


def shipped() -> dict[str, Path]:
    """The themes that hactl brings, by name."""
    return {path.stem: path for path in sorted(themes().glob("*.toml"))}
