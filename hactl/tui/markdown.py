"""A report as it is read on a terminal: Markdown with its tables in columns and its headings seen. Pure; no more of
Markdown than reports have."""

import re
from collections.abc import Iterator

from rich.cells import cell_len

from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Meaning

_BAD = ("missed", "NO", "NOT CONFIRMED", "unmeasured")
"""Cells that somebody should look at."""
_MARKS = re.compile(r"\\([\\`\[\]!|])|\*\*|`")
"""What is not to be seen: a backslash before what would mean something without it, and what does mean something."""
_WIDEST = 60
"""Cells of a column at most: what is wider goes on beside the others, or nothing else would be seen."""


def markdown(text: str) -> tuple[Line, ...]:
    """The lines of a report."""
    return tuple(_lines(text.splitlines()))


def _lines(text: list[str]) -> Iterator[Line]:
    table: list[list[str]] = []
    for raw in text:
        if raw.startswith("|"):
            table.append(_cells(raw))
            continue
        if table:
            yield from _table(table)
            table = []
        if raw.startswith("#"):
            yield line(Span(text=_plain(raw.lstrip("# ")), meaning=Meaning.TITLE))
        else:
            yield line(_plain(raw))
    if table:
        yield from _table(table)


def _cells(raw: str) -> list[str]:
    """What stands between bars; a bar in a cell has a backslash before it."""
    return [_plain(cell.strip()).replace("\0", "|") for cell in raw.replace("\\|", "\0").strip().strip("|").split("|")]


def _plain(text: str) -> str:
    return _MARKS.sub(lambda found: found[1] or "", text).replace("&lt;", "<")


def _table(rows: list[list[str]]) -> Iterator[Line]:
    shown = [row for row in rows if not all(set(cell) == {"-"} for cell in row)]
    columns = max(len(row) for row in shown)
    widths = [
        min(_WIDEST, max((cell_len(row[at]) for row in shown if at < len(row)), default=0)) for at in range(columns)
    ]
    for number, row in enumerate(shown):
        parts: list[str | Span] = ["  "]
        for at, cell in enumerate(row):
            bad = any(cell == word or cell.startswith(f"{word}:") for word in _BAD)
            meaning = Meaning.MUTED if not number else Meaning.DOWN if bad else Meaning.TEXT
            parts.append(Span(text=cell + " " * max(0, widths[at] - cell_len(cell)) + "  ", meaning=meaning))
        yield line(*parts)
