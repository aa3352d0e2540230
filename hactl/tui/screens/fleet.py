"""Screen 1: the fleet. The verdict, the numbers, one table of everything that runs, what is under way and what was."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Input

from hactl.core.value import replace
from hactl.tui.lines import Line, Span, cut, line
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.picture import Picture
from hactl.tui.render import COLUMNS, fleet_rows
from hactl.tui.summary import STALE, happened, header, operations, tile_line, tiles
from hactl.tui.theme import Theme
from hactl.tui.widgets.line_table import LineTable
from hactl.tui.widgets.lines_view import LinesView

_KEYS = (
    ("/", "filter"), ("K", "kill"), ("T", "stop"), ("R", "restart"), ("D", "drain"), ("Z", "freeze"),
    ("?", "help"), ("q", "quit"),
)  # fmt: skip


class FleetScreen(Screen[None]):
    """Draws the picture it is given; knows no daemon."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", show=False),
        Binding("escape", "clear", "clear the filter", show=False),
    ]

    def __init__(self, theme: Theme, glyphs: Glyphs) -> None:
        super().__init__()
        self._look = theme
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield LinesView(self._look, id="header")
        yield LinesView(self._look, id="tiles")
        yield LineTable(COLUMNS, self._look, id="table")
        yield Input(placeholder="filter, ! inverts", id="filter")
        with Vertical(id="below"):
            yield LinesView(self._look, id="operations")
            yield LinesView(self._look, id="events")
        yield LinesView(self._look, id="keys")

    def on_mount(self) -> None:
        """The table has the keys."""
        self.query_one("#filter").display = False
        self.query_one(LineTable).focus()

    @property
    def table(self) -> LineTable:
        """The rows."""
        return self.query_one(LineTable)

    def draw(self, picture: Picture, *, now: float, wall: float) -> None:
        """Show `picture`; what has not changed is not drawn again."""
        width = self.size.width
        above = header(picture, now=now, wall=wall, width=width, glyphs=self._glyphs)
        self._lines("#header", (above,))
        self._lines("#tiles", (cut(tile_line(tiles(picture)), width),))
        stale = bool(picture.trouble) or now - picture.heard > STALE
        self.table.show(fleet_rows(picture, self._glyphs), stale=stale and picture.snapshot is not None)
        under_way = operations(picture.snapshot) if picture.snapshot is not None else ()
        view = self.query_one("#operations", LinesView)
        view.styles.height = len(under_way)
        view.show(tuple(cut(each, width) for each in under_way))
        room = self.query_one("#events", LinesView).size.height
        newest = list(picture.records)[-room:] if room else []
        self._lines("#events", tuple(cut(happened(record), width) for record in reversed(newest)))
        self._lines("#keys", (cut(self._footer(picture), width),))

    def _footer(self, picture: Picture) -> Line:
        parts: list[str | Span] = [" "]
        if picture.trouble:
            return line(Span(text=f" {picture.trouble}; trying again", meaning=Meaning.DOWN))
        for key, what in _KEYS:
            parts += [Span(text=key, meaning=Meaning.KEY), f" {what}  "]
        chosen = self.table.arrangement
        if chosen.filter:
            shown = sum(not row.head for row in self.table.shown)
            parts += [Span(text=f"/{chosen.filter}: {shown} shown, esc clears", meaning=Meaning.DEGRADED)]
        return line(*parts)

    def _lines(self, which: str, lines: tuple[Line, ...]) -> None:
        self.query_one(which, LinesView).show(lines)

    def action_filter(self) -> None:
        """Type a filter."""
        box = self.query_one("#filter", Input)
        box.display = True
        box.value = self.table.arrangement.filter
        box.focus()

    def action_clear(self) -> None:
        """Back to all rows."""
        self._filtered("")
        self._back()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self._filtered(event.value)

    def on_input_submitted(self) -> None:
        """Keep the filter, and give the keys back to the table."""
        self._back()

    def _filtered(self, text: str) -> None:
        self.table.rearrange(replace(self.table.arrangement, filter=text))

    def _back(self) -> None:
        self.query_one("#filter").display = False
        self.table.focus()
