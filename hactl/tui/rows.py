"""Rows of a live table as values: cells, order, filter, and which columns a width has room for. Pure; draws nothing.

The widget that draws them is `widgets.line_table`; what stands in them comes from `render`.
"""

from rich.cells import cell_len, set_cell_size

from hactl.core.plain import one_line
from hactl.core.value import Value
from hactl.tui.lines import passes
from hactl.tui.meaning import Meaning

_ARROW = 1
"""Cells of a title for the sign that rows are sorted by it: columns must not move when they are."""


class Cell(Value):
    """A piece of text, what it means, and what it is sorted by."""

    text: str = ""
    meaning: Meaning = Meaning.TEXT
    order: float | str = ""
    """Numbers sort as numbers, and before words; "" sorts as the text."""


class Column(Value):
    """One column."""

    title: str
    right: bool = False
    """Numbers stand to the right."""
    keep: int = 0
    """Where room is short, columns with a smaller number go first."""
    stretch: bool = False
    """It takes what is left; at most one does."""
    least: int = 0
    """Cells it needs to be worth showing."""


class Row(Value):
    """One line, known by its key wherever it stands."""

    key: str
    cells: tuple[Cell, ...]
    group: str = ""
    """Rows are sorted within their group; groups stay in the order they come in."""
    head: bool = False
    """It names its group: it stays first, and goes when nothing of its group is left."""
    bad: bool = False
    """Somebody should look at it."""


class Arrangement(Value):
    """What the reader has chosen."""

    sort: int | None = None
    """Index of the column; None for the order rows come in."""
    reverse: bool = False
    filter: str = ""
    """A part of any cell, whatever its case; with "!" in front rows that have it are left out."""
    bad: bool = False
    """Only rows that somebody should look at."""

    def takes(self, row: Row) -> bool:
        """Whether a row that is no head is shown."""
        return (row.bad or not self.bad) and self.passes(row)

    def passes(self, row: Row) -> bool:
        """Whether the filter takes it."""
        return not self.filter or passes(_text(row), self.filter)


def arranged(rows: tuple[Row, ...], chosen: Arrangement) -> tuple[Row, ...]:
    """The rows to show, in order."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    shown: list[Row] = []
    for members in groups.values():
        heads = [row for row in members if row.head]
        others = [row for row in members if not row.head and chosen.takes(row)]
        if chosen.sort is not None:
            others.sort(key=lambda row: _order(row.cells[chosen.sort or 0]), reverse=chosen.reverse)
        named = [head for head in heads if others or (not chosen.bad and chosen.passes(head))]
        shown += [*named, *others]
    return tuple(shown)


def as_text(columns: tuple[Column, ...], row: Row) -> str:
    """The row for people elsewhere: what is known, each with its name, and nothing that is drawn."""
    known = [
        f"{column.title.lower()} {one_line(cell.text).strip()}"
        for column, cell in zip(columns, row.cells, strict=True)
        if cell.text.strip() not in ("", "-") and cell.meaning is not Meaning.GRAPH
    ]
    return ", ".join(known)


def _text(row: Row) -> str:
    return "\n".join(cell.text for cell in row.cells)


def _order(cell: Cell) -> tuple[int, float, str]:
    if isinstance(cell.order, float | int):
        return (0, float(cell.order), "")
    return (1, 0.0, (cell.order or cell.text).casefold())


def fitted(columns: tuple[Column, ...], rows: tuple[Row, ...], width: int) -> tuple[tuple[int, int], ...]:
    """Which columns to show within `width` cells, each with its own width; one cell stands between two columns."""
    titles = [cell_len(column.title) + _ARROW for column in columns]
    wanted = [
        max(column.least, titles[at], *(cell_len(row.cells[at].text) for row in rows), 0)
        for at, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))

    def needed(at: int) -> int:
        column = columns[at]
        return min(wanted[at], max(column.least, titles[at])) if column.stretch else wanted[at]

    while sum(needed(at) for at in shown) + len(shown) - 1 > width and len(shown) > 1:
        shown.remove(min(shown, key=lambda at: (columns[at].keep, -at)))
    left = width - sum(needed(at) for at in shown) - (len(shown) - 1)
    return tuple((at, needed(at) + (max(0, left) if columns[at].stretch else 0)) for at in shown)


def padded(text: str, width: int, *, right: bool) -> str:
    """`text` in exactly `width` cells and without anything that drives a terminal; what is too long ends in a mark."""
    text = one_line(text)
    long = cell_len(text) - width
    if long > 0:
        return set_cell_size(text, max(0, width - 1)) + "…" if width else ""
    return " " * -long + text if right else text + " " * -long
