"""A report as it is read on a terminal: Markdown with its tables in columns and its headings seen. Pure; no more of
Markdown than reports have."""

import re
from collections.abc import Iterator

from hactl.tui.columns import columns
from hactl.tui.lines import Line, Span, line, wrapped
from hactl.tui.meaning import Meaning

_BAD = ("missed", "NO", "NOT CONFIRMED", "unmeasured")
"""Cells that somebody should look at."""
_MARKS = re.compile(r"\\([\\`\[\]!|])|\*\*|`")
"""What is not to be seen: a backslash before what would mean something without it, and what does mean something."""
_LOOKS = {
    "pass:": Meaning.SERVING,
    "fail:": Meaning.DOWN,
    "error:": Meaning.DOWN,
    "NOT CLEAN": Meaning.DOWN,
    "inconclusive:": Meaning.DEGRADED,
    "aborted:": Meaning.DEGRADED,
}
"""How it looks what nobody may overlook, by its beginning."""
_WIDEST = 60
"""Cells of a column at most: what is wider goes on beside the others, or nothing else would be seen."""


def markdown(text: str, room: int = 0) -> tuple[Line, ...]:
    """The lines of a report; `room` is how many cells they have, 0 for as many as they take."""
    return tuple(_lines(text.splitlines(), room))


def _lines(text: list[str], room: int) -> Iterator[Line]:
    table: list[list[str]] = []
    for raw in text:
        if raw.startswith("|"):
            table.append(_cells(raw))
            continue
        if table:
            yield from _table(table, room)
            table = []
        if raw.startswith("#"):
            yield line(Span(text=_plain(raw.lstrip("# ")), meaning=Meaning.TITLE))
        else:
            yield from _told(raw, room)
    if table:
        yield from _table(table, room)


def _told(raw: str, room: int) -> tuple[Line, ...]:
    """Text between tables."""
    text = _plain(raw)
    loud = next((meaning for begin, meaning in _LOOKS.items() if text.startswith(begin)), Meaning.TITLE)
    told = line(Span(text=text, meaning=loud if raw.startswith("**") else Meaning.TEXT))
    return wrapped(told, room, 2 if raw.startswith("* ") else 0) if room else (told,)


def _cells(raw: str) -> list[str]:
    """What stands between bars; a bar in a cell has a backslash before it."""
    return [_plain(cell.strip()).replace("\0", "|") for cell in raw.replace("\\|", "\0").strip().strip("|").split("|")]


def _plain(text: str) -> str:
    return _MARKS.sub(lambda found: found[1] or "", text).replace("&lt;", "<")


def _table(rows: list[list[str]], room: int) -> Iterator[Line]:
    shown = [row for row in rows if not all(set(cell) == {"-"} for cell in row)]
    meant = [[(cell, _meaning(cell, head=not number)) for cell in row] for number, row in enumerate(shown)]
    yield from columns(meant, room, indent=2, widest=_WIDEST)


def _meaning(cell: str, *, head: bool) -> Meaning:
    bad = any(cell == word or cell.startswith(f"{word}:") for word in _BAD)
    return Meaning.MUTED if head else Meaning.DOWN if bad else Meaning.TEXT
