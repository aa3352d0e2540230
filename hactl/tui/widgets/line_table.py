"""A table of live rows, drawn line by line: only lines that changed are drawn again.

Not a DataTable: there one changed cell draws every visible row anew. The cursor is a key, not a place: it stays with
its row when rows are sorted, filtered or come and go; a row that has gone hands it to its neighbour.
"""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from hactl.core.value import replace
from hactl.tui.look import Look
from hactl.tui.meaning import Meaning
from hactl.tui.rows import Arrangement, Column, Row, arranged, fitted, padded
from hactl.tui.steady import SteadyLines

_GUTTER = 2
"""Cells for the cursor and the mark, which show without any colour."""


class LineTable(SteadyLines, ScrollView, can_focus=True):
    """Rows under a head line that stays."""

    DEFAULT_CSS = "LineTable { overflow-x: hidden; }"  # a bar to scroll sideways would lie over the last row
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home,g", "edge(-1)", "first", show=False),
        Binding("end,G", "edge(1)", "last", show=False),
        Binding("left", "sort_by(-1)", "sort left", show=False),
        Binding("right", "sort_by(1)", "sort right", show=False),
        Binding("o", "reverse", "reverse order", show=False),
        Binding("space", "mark", "mark", show=False),
        Binding("ctrl+backslash", "unmark", "clear marks", show=False),
        Binding("enter", "choose", "open", show=False),
    ]

    class Chosen(Message):
        """Enter was pressed on a row."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Pointed(Message):
        """The cursor is on another row, or on none any more."""

    def __init__(self, columns: tuple[Column, ...], look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._columns = columns
        self._look = look
        self._all: tuple[Row, ...] = ()
        self._shown: tuple[Row, ...] = ()
        self._layout: tuple[tuple[int, int], ...] = ()
        self._drawn: dict[str, tuple[Row, Strip]] = {}
        self._stale = False
        self._room = 0
        """Lines there were for rows when they were arranged last."""
        self.arrangement = Arrangement()
        self.cursor = ""
        """Key of the row under the cursor; "" without rows."""
        self.marks: frozenset[str] = frozenset()
        """Keys of marked rows; a row that goes takes its mark with it."""

    def on_mount(self) -> None:
        """Another theme draws everything anew."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._forget())

    # -- what is shown

    @property
    def shown(self) -> tuple[Row, ...]:
        """The rows as they stand, top to bottom."""
        return self._shown

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, those that are filtered out as well."""
        return self._all

    def show(self, rows: tuple[Row, ...], *, stale: bool = False) -> None:
        """Show these rows; draws what has changed and nothing else. `stale`: they are old, and look it."""
        if stale is not self._stale:
            self._stale = stale
            self._forget()
        self._all = rows
        keys = {row.key for row in rows}
        self.marks &= keys
        self._drawn = {key: drawn for key, drawn in self._drawn.items() if key in keys}
        self._arrange()

    def rearrange(self, arrangement: Arrangement) -> None:
        """Order and filter by something else."""
        if arrangement != self.arrangement:
            self.arrangement = arrangement
            self._arrange()
            self._reveal(self._place())
            self.refresh(Region(0, 0, self.size.width, 1))

    def _arrange(self) -> None:
        before, place, top = self._shown, self._place(), self.scroll_offset.y
        seen = top <= place < top + max(1, self._room)
        self._room = self.size.height - 1
        self._shown = arranged(self._all, self.arrangement)
        keys = [row.key for row in self._shown]
        if self.cursor not in keys:
            self._point_at(keys[min(place, len(keys) - 1)] if keys else "")
        bar = self.styles.scrollbar_size_vertical if len(self._shown) + 1 > self.size.height else 0
        layout = fitted(self._columns, self._all, max(1, self.size.width - _GUTTER - bar))
        if layout != self._layout:
            self._layout = layout
            self._forget()
        self.virtual_size = Size(self.size.width, len(self._shown) + 1)
        if seen:  # it stays so; a wheel that led away from it is not turned back
            self._reveal(self._place())
        top = self.scroll_offset.y
        for at in range(top, min(top + self.size.height, max(len(before), len(self._shown)))):
            if before[at : at + 1] != self._shown[at : at + 1]:
                self._redraw(at)

    def _place(self) -> int:
        return next((at for at, row in enumerate(self._shown) if row.key == self.cursor), 0)

    # -- drawing

    def _forget(self) -> None:
        self._drawn.clear()
        self.refresh()

    def _redraw(self, at: int) -> None:
        y = at + 1 - self.scroll_offset.y
        if 1 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def on_resize(self) -> None:
        """Another width has room for other columns."""
        self._layout = ()
        self._arrange()

    def notify_style_update(self) -> None:
        """The style sheet has changed."""
        super().notify_style_update()
        self._drawn.clear()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.size.width
        base = self.rich_style
        if y == 0:
            return self._head().adjust_cell_length(width).apply_style(base)
        at = y - 1 + self.scroll_offset.y
        if at >= len(self._shown):
            return Strip.blank(width, base)
        row = self._shown[at]
        strip = self._body(row)
        sign = "▸" if row.key == self.cursor else " "
        mark = "*" if row.key in self.marks else " "
        line = Strip([Segment(sign + mark, self._look.style(Meaning.MARK)), *strip]).adjust_cell_length(width)
        if row.key == self.cursor:
            line = line.apply_style(self._look.style(Meaning.CURSOR))
        return line.apply_style(base)

    def _body(self, row: Row) -> Strip:
        drawn = self._drawn.get(row.key)
        if drawn is not None and drawn[0] == row:
            return drawn[1]
        segments = []
        for at, width in self._layout:
            cell, column = row.cells[at], self._columns[at]
            meaning = Meaning.STALE if self._stale else cell.meaning
            style = self._look.style(meaning) + (Style(bold=True) if row.head else Style())
            segments.append(Segment(padded(cell.text, width, right=column.right) + " ", style))
        strip = Strip(segments)
        self._drawn[row.key] = (row, strip)
        return strip

    def _head(self) -> Strip:
        segments = [Segment(" " * _GUTTER)]
        for at, width in self._layout:
            column, arrow = self._columns[at], ""
            if at == self.arrangement.sort:
                arrow = "▼" if self.arrangement.reverse else "▲"
            meaning = Meaning.TITLE if arrow else Meaning.MUTED
            title = padded(column.title + arrow, width, right=column.right)
            segments.append(Segment(title + " ", self._look.style(meaning)))
        return Strip(segments)

    # -- keys

    def _point_at(self, key: str) -> None:
        if key == self.cursor:
            return
        places = {row.key: at for at, row in enumerate(self._shown)}
        for changed in (self.cursor, key):
            if changed in places:
                self._redraw(places[changed])
        self.cursor = key
        self.post_message(self.Pointed())
        if key in places:
            self._reveal(places[key])

    def _reveal(self, at: int) -> None:
        top, room = self.scroll_offset.y, max(1, self.size.height - 1)
        if at < top:
            self.scroll_to(y=at, animate=False, force=True)  # also where the bar is still to come
        elif at >= top + room:
            self.scroll_to(y=at - room + 1, animate=False, force=True)

    def action_move(self, by: int) -> None:
        """Up or down by so many rows."""
        if self._shown:
            place = min(max(0, self._place() + by), len(self._shown) - 1)
            self._point_at(self._shown[place].key)

    def action_page(self, by: int) -> None:
        """Up or down by a screen."""
        self.action_move(by * max(1, self.size.height - 2))

    def action_edge(self, end: int) -> None:
        """To the first or the last row."""
        self.action_move(end * len(self._shown))

    def action_sort_by(self, by: int) -> None:
        """Sort by the next column that is shown; beyond the last one rows come as they are."""
        order: list[int | None] = [None, *(at for at, _ in self._layout)]
        now = order.index(self.arrangement.sort) if self.arrangement.sort in order else 0
        self.rearrange(replace(self.arrangement, sort=order[(now + by) % len(order)]))

    def action_reverse(self) -> None:
        """The other way round."""
        self.rearrange(replace(self.arrangement, reverse=not self.arrangement.reverse))

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark; on to the next."""
        if self.cursor:
            self.marks ^= {self.cursor}
            self._redraw(self._place())
            self.action_move(1)

    def action_unmark(self) -> None:
        """Take every mark."""
        self.marks = frozenset()
        self.refresh()

    def action_choose(self) -> None:
        """Go into the row under the cursor."""
        if self.cursor:
            self.post_message(self.Chosen(self.cursor))
