"""What a console shows as text files: its letters in one, how they look in another, so that a difference can be read.

The same letters stand there in every theme; a snapshot therefore has one file of text and one of looks for each theme.
A line of looks is its runs, each a letter of the legend and so many cells: `b9 a71`. With HACTL_WRITE_GOLDEN=1 the
files are written instead of compared.
"""

import difflib
import os
import re
import string
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from rich.segment import Segment
from rich.style import Style
from textual.app import App

_CLOCK = re.compile(r"(\d\d-\d\d )?\d\d:\d\d:\d\d")
_LETTERS = string.ascii_lowercase + string.ascii_uppercase
_ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse")


def screen_of(app: App[None]) -> list[list[Segment]]:
    """The cells of the terminal, line by line."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens, simplify=True)
    return [[segment for strip in line for segment in strip] for line in update.strips]


def letters(lines: Sequence[Sequence[Segment]]) -> str:
    """What stands there; times of day are those of whoever runs the tests."""
    rows = ("".join(segment.text for segment in line).rstrip() for line in lines)
    return "".join(f"{_CLOCK.sub(_blank_clock, row)}\n" for row in rows)


def looks(lines: Sequence[Sequence[Segment]]) -> str:
    """How it looks: a legend, and the runs of each line."""
    styles = [[(_named(segment.style), segment.cell_length) for segment in line] for line in lines]
    legend = dict(zip(sorted({name for line in styles for name, _ in line}), _LETTERS, strict=False))
    assert len(legend) <= len(_LETTERS), "more looks than letters"
    text = "".join(f"{letter} {name}\n" for name, letter in legend.items())
    for number, line in enumerate(styles):
        runs = (
            (legend[name], sum(length for _, length in run)) for name, run in groupby(line, key=lambda each: each[0])
        )
        text += f"{number:>2} " + " ".join(f"{letter}{length}" for letter, length in runs if length) + "\n"
    return text


def difference(path: Path, now: str) -> str:
    """What is not as in the file any more, as a person reads it; "" when all is. Writes the file when told to."""
    if os.environ.get("HACTL_WRITE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(now, encoding="utf-8")
        return ""
    if not path.exists():
        return f"{path} is missing: run this test with HACTL_WRITE_GOLDEN=1, look at the file, and keep it\n"
    kept = path.read_text(encoding="utf-8")
    name = f"{path.parent.name}/{path.name}"
    lines = difflib.unified_diff(kept.splitlines(), now.splitlines(), f"{name} kept", f"{name} now", lineterm="", n=1)
    return "\n".join(lines)


def _blank_clock(found: re.Match[str]) -> str:
    return re.sub(r"\d", "0", found[0])


def _named(style: Style | None) -> str:
    if style is None:
        return "none"
    colours = [
        "-" if colour is None else colour.get_truecolor().hex if colour.triplet else colour.name
        for colour in (style.color, style.bgcolor)
    ]
    return " ".join([*colours, *(each for each in _ATTRIBUTES if getattr(style, each))])
