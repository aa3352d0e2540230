"""Screen 1: the fleet. The numbers, one table of everything that runs, what is under way and what was."""

from collections.abc import Collection, Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input

from hactl.core.value import replace
from hactl.tui.lines import Line, Span, cut, line
from hactl.tui.meaning import ASCII, Meaning
from hactl.tui.node_facts import facts
from hactl.tui.picture import View
from hactl.tui.plot import ASCII_FILLINGS, FILLINGS, spread_over_time
from hactl.tui.render import COLUMNS, fleet_rows
from hactl.tui.rows import as_text
from hactl.tui.screens.page import Page
from hactl.tui.summary import happened, operations, tile_boxes, tile_line, tiles
from hactl.tui.widgets.line_table import LineTable
from hactl.tui.widgets.lines_view import LinesView

ROOMY = (110, 36)
"""Columns and lines from which numbers get boxes, and the traffic a plot."""
SIDE = 150
"""Columns from which the row under the cursor is told in full beside the table."""


class FleetPage(Page):
    """Everything at a glance."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", show=False, priority=True),
        Binding("escape", "clear", "clear the filter", show=False),
    ]
    KEYS = (
        ("enter", "node"), ("/", "filter"), ("K", "kill"), ("T", "stop"), ("R", "restart"), ("D", "drain"),
        ("W", "weight"), ("^p", "all"), ("S", "scale"), ("F", "failover"), ("Z", "freeze"), ("M", "pause"),
        ("l", "logs"), ("u", "undo"), ("?", "help"), ("q", "quit"),
    )  # fmt: skip

    def body(self) -> Iterable[Widget]:
        """Numbers, rows, and below them what happens."""
        yield LinesView(self.look, id="tiles")
        yield Horizontal(
            LineTable(COLUMNS, self.look, id="table"),
            LinesView(self.look, id="side"),
            id="middle",
        )
        yield Input(placeholder="filter, ! inverts", select_on_focus=False, id="filter")
        yield LinesView(self.look, id="plot")
        yield Vertical(LinesView(self.look, id="operations"), LinesView(self.look, id="events"), id="below")

    def on_mount(self) -> None:
        """The table has the keys."""
        self._back()

    def take_keys(self) -> None:
        """See Page."""
        self.table.focus()

    @property
    def table(self) -> LineTable:
        """The rows."""
        return self.query_one(LineTable)

    @property
    def chosen(self) -> str:
        """See Page."""
        return self.table.cursor

    @property
    def marks(self) -> Collection[str]:
        """See Page."""
        return self.table.marks

    @property
    def copied(self) -> str:
        """The marked rows, or the one under the cursor, with tabs between the columns."""
        wanted = self.marks or {self.chosen}
        return "\n".join(as_text(row) for row in self.table.rows if row.key in wanted)

    def draw_body(self, view: View, *, now: float, stale: bool) -> None:  # noqa: ARG002
        """See Page."""
        width = self.size.width
        self._draw_tiles(view, width)
        self.table.show(fleet_rows(view, self.glyphs), stale=stale)
        self._draw_side(view)
        plot = self.query_one("#plot", LinesView)
        fillings = FILLINGS if self.glyphs.serving != ASCII.serving else ASCII_FILLINGS
        plot.show(spread_over_time(view.spread, plot.size.width, plot.size.height, fillings=fillings))
        under_way = operations(view.snapshot) if view.snapshot is not None else ()
        self.query_one("#operations").styles.height = len(under_way)
        self.lines("#operations", tuple(cut(each, width) for each in under_way))
        room = self.query_one("#events", LinesView).size.height
        newest = list(view.records)[-room:] if room else []
        self.lines("#events", tuple(cut(happened(record), width) for record in reversed(newest)))

    def _draw_tiles(self, view: View, width: int) -> None:
        roomy = width >= ROOMY[0] and self.size.height >= ROOMY[1]
        self.set_class(roomy, "roomy")
        self.set_class(roomy and width >= SIDE, "wide")
        shown = tiles(view)
        self.lines("#tiles", tile_boxes(shown, width) if roomy else (cut(tile_line(shown), width),))

    def _draw_side(self, view: View) -> None:
        side = self.query_one("#side", LinesView)
        if self.has_class("wide"):
            room = side.size.width
            shown = facts(view, self.table.cursor, self.glyphs, room) if "[" not in self.table.cursor else ()
            side.show(tuple(cut(each, room) for each in shown[: side.size.height]))

    def foot(self) -> Line:
        """The filter, as long as there is one, and how many rows are marked."""
        chosen, marked = self.table.arrangement.filter, len(self.marks)
        shown = sum(not row.head for row in self.table.shown)
        parts = [f"/{chosen} {shown} shown, esc clears  "] if chosen else []
        parts += [f"{marked} marked, ctrl+\\ clears  "] if marked else []
        return line(*(Span(text=part, meaning=Meaning.DEGRADED) for part in parts))

    def action_filter(self) -> None:
        """Type a filter."""
        box = self.query_one("#filter", Input)
        box.display = True
        box.value = self.table.arrangement.filter
        self.set_focus(box)  # at once: what is typed next is meant for it

    def action_clear(self) -> None:
        """Back to all rows."""
        self._filtered("")
        self._back()

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        self._filtered(event.value)

    @on(Input.Submitted, "#filter")
    def _entered(self) -> None:
        """Keep the filter, and give the keys back to the table."""
        self._back()

    def _filtered(self, text: str) -> None:
        self.table.rearrange(replace(self.table.arrangement, filter=text))

    def _back(self) -> None:
        self.query_one("#filter").display = False
        self.take_keys()
