"""Cells in aligned columns, within the room there is. Pure; knows nothing of their content."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len

from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Meaning

Cells = Sequence[tuple[str, Meaning]]

_LEAST = 8
"""Cells of a column at least, however little room there is."""
_GAP = 2


def columns(
    rows: Sequence[Cells], room: int = 0, *, indent: int = 1, widest: int = 0, below: Sequence[Sequence[Line]] = ()
) -> Iterator[Line]:
    """Each column as wide as it has to be, `widest` at most; where that is more than `room` cells in all, the widest
    columns give way, and what is in them goes on in lines of its own. 0 is no limit. `below` are lines that follow each
    row as they are."""
    count = max(map(len, rows), default=0)
    widths = [max((cell_len(row[at][0]) for row in rows if at < len(row)), default=0) for at in range(count)]
    widths = [min(width, widest) if widest else width for width in widths]
    broken = bool(room) and indent + sum(widths) + _GAP * count > room
    while broken and indent + sum(widths) + _GAP * count > room and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    for row, more in zip_longest(rows, below, fillvalue=()):
        parts = [
            textwrap.wrap(text, width) if broken and width else [text]
            for (text, _), width in zip(row, widths, strict=False)
        ]
        for texts in zip_longest(*parts, fillvalue=""):
            shown = list(zip(texts, (meaning for _, meaning in row), widths, strict=False))
            while shown and not shown[-1][0]:
                shown.pop()  # nothing stands there: it is not worth a line of its own where the window is narrow
            padded = (
                Span(text=text + " " * max(0, w - cell_len(text)) + " " * _GAP, meaning=m) for text, m, w in shown
            )
            yield line(" " * indent, *padded)
        yield from more
