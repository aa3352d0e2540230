"""Screen 1: the fleet. Key figures, one table of everything that runs, operations in progress and recent events."""

from collections.abc import Collection, Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input

from hactl.core.model import Fleet
from hactl.core.talk import Snapshot
from hactl.core.value import replace
from hactl.tui.happenings import happened, noteworthy
from hactl.tui.layout import ROOMY, SIDE, heights
from hactl.tui.lines import Line, Span, cut, line, wrapped
from hactl.tui.meaning import ASCII, Meaning
from hactl.tui.node_facts import facts, history
from hactl.tui.picture import View
from hactl.tui.plot import ASCII_FILLINGS, FILLINGS, lanes, spread_over_time
from hactl.tui.region_facts import INDENT, members
from hactl.tui.render import COLUMNS, EDGES, fleet_rows
from hactl.tui.rows import as_text
from hactl.tui.screens.page import Page
from hactl.tui.summary import Tile, carries, headroom_tile, nothing, operations, tile_boxes, tile_line, tiles
from hactl.tui.widgets.line_table import LineTable
from hactl.tui.widgets.lines_view import LinesView
from hactl.tui.widgets.typing_line import TypingLine

ROOM_EACH = 5.0
"""Seconds after which the headroom is computed anew from what is carried. When the fleet changes, or traffic begins or
ends, that is done at once."""


def title(widget: Widget, text: str) -> None:
    """Name a part in the line above it."""
    if widget.border_title != text:
        widget.border_title = text


class FleetPage(Page):
    """Everything at a glance."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", show=False, priority=True),
        Binding("escape", "clear", "clear the filter", show=False),
        Binding("z", "bad", "only bad rows", show=False),
        Binding("v", "plot", "traffic of regions or of nodes", show=False),
    ]
    NAME = "fleet"
    KEYS = (
        ("enter", "node"), ("/", "filter"), ("K", "kill"), ("T", "stop"), ("R", "restart"), ("D", "drain"),
        ("W", "weight"), ("^p", "all"), ("S", "scale"), ("F", "failover"), ("Z", "freeze"), ("M", "pause"),
        ("z", "bad"), ("l", "logs"), ("u", "undo"), ("?", "help"), ("q", "quit"),
    )  # fmt: skip
    _rows_of: tuple[Snapshot | None, bool] = (None, False)
    """What the rows were made of, and whether they look old: of the same they are not made again."""
    _room_of: tuple[Fleet | None, float, bool, Tile | None] = (None, 0.0, False, None)
    """Of which fleet the headroom was computed, when, whether it had traffic, and what it was."""
    nodes_apart = False
    """The plot shows the nodes of the group under the cursor, not the regions."""

    def body(self) -> Iterable[Widget]:
        """Numbers, rows, and below them what happens."""
        yield LinesView(self.look, id="tiles")
        yield Horizontal(
            Vertical(
                Horizontal(LineTable(COLUMNS, self.look, id="table"), LinesView(self.look, id="empty"), id="middle"),
                TypingLine(self._entered, self.action_clear, placeholder="filter, ! inverts", id="filter"),
                LinesView(self.look, id="plot"),
                Vertical(LinesView(self.look, id="operations"), LinesView(self.look, id="events"), id="below"),
                id="main",
            ),
            LinesView(self.look, id="side"),
            id="columns",
        )

    def on_mount(self) -> None:
        """The table has the keys."""
        title(self.query_one("#below"), "what happens · 3: all of it")
        self._back()

    def take_keys(self) -> None:
        """See Page."""
        box = self.query_one("#filter")
        self.set_focus(box if box.display else self.table)

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
        """See Page: of rows that are shown. A filter that hides a mark keeps it, and keys do not strike unseen."""
        return self.table.marks & {row.key for row in self.table.shown}

    @property
    def copied(self) -> str:
        """The marked rows, or the one under the cursor, in plain facts."""
        wanted = self.marks or {self.chosen}
        return "\n".join(as_text(COLUMNS, row) for row in self.table.rows if row.key in wanted)

    def draw_body(self, view: View, *, now: float, stale: bool) -> None:  # noqa: ARG002
        """See Page."""
        width = self.size.width
        roomy = width >= ROOMY[0] and self.size.height >= ROOMY[1]
        self.set_class(roomy, "roomy")
        self.set_class(roomy and width >= SIDE, "wide")
        if view.snapshot is not self._rows_of[0] or stale is not self._rows_of[1]:
            self._rows_of = (view.snapshot, stale)
            self.table.show(fleet_rows(view, self.glyphs), stale=stale)
        shown = tiles(view, self.glyphs, self._headroom(view))
        self.lines("#tiles", tile_boxes(shown, width, self.glyphs) if roomy else (cut(tile_line(shown), width),))
        under_way = operations(view.snapshot, self.glyphs) if view.snapshot is not None else ()
        if self._share_out(len(under_way), roomy=roomy):
            self.call_after_refresh(self._draw_rest, view)
        room = self.query_one("#operations", LinesView).size.width or width
        self.lines("#operations", tuple(cut(each, room) for each in under_way))
        self._draw_empty(view)
        self._draw_rest(view)

    def _headroom(self, view: View) -> Tile | None:
        """As it was computed lately, as long as the fleet is the same."""
        snapshot = view.snapshot
        if snapshot is None:
            return None
        fleet, at, carried, tile = self._room_of
        busy = carries(snapshot)
        if snapshot.fleet is not fleet or busy is not carried or not 0 <= snapshot.at - at < ROOM_EACH:
            tile = headroom_tile(snapshot)
            self._room_of = (snapshot.fleet, snapshot.at, busy, tile)
        return tile

    def _draw_rest(self, view: View) -> None:
        """What depends on how much room the table has left."""
        self._draw_side(view)
        self._draw_plot(view)
        self._draw_events(view)

    def _share_out(self, operations: int, *, roomy: bool) -> bool:
        """Give each part its lines; True when they are others than before."""
        above = 1 + (3 if roomy else 1)
        typing = self.query_one("#filter").display or self.prompt.display
        room = self.size.height - above - 1 - typing
        given = heights(room, rows=len(self.table.shown), operations=operations, roomy=roomy)
        changed = False
        for which, lines in (
            ("#middle", given.table),
            ("#plot", given.plot),
            ("#operations", given.operations),
            ("#below", given.below),
        ):
            widget = self.query_one(which)
            if widget.styles.height is None or widget.styles.height.value != lines:
                widget.styles.height = lines
                changed = True
        return changed

    def _draw_empty(self, view: View) -> None:
        """Why there are no rows, and what to try."""
        empty = self.query_one("#empty", LinesView)
        empty.display = not self.table.shown
        self.table.display = bool(self.table.shown)
        if empty.display:
            empty.show(nothing(view, self.table.arrangement))

    def _draw_side(self, view: View) -> None:
        side = self.query_one("#side", LinesView)
        if self.has_class("wide"):
            room = side.size.width
            chosen = self.table.cursor
            fleet = view.snapshot.fleet if view.snapshot is not None else Fleet()
            known = chosen in fleet.nodes or members(fleet, chosen)
            shown: tuple[Line, ...] = ()
            if known:
                broken = (
                    part for each in facts(view, chosen, self.glyphs, room) for part in wrapped(each, room, INDENT)
                )
                shown = (*broken, (), *(cut(each, room) for each in history(view, chosen)))
            side.show(shown[: side.size.height])

    def _draw_plot(self, view: View) -> None:
        plot = self.query_one("#plot", LinesView)
        if not self.has_class("roomy"):
            return
        width, height = plot.size
        if self.nodes_apart and view.snapshot is not None:
            fleet, group = view.snapshot.fleet, self._group()
            names = [node.name for node in fleet.edges if group == EDGES] or [
                node.name for node in fleet.gateways if group in ("", node.region)
            ]
            title(plot, f"share of {group or 'all'} by node, a column a second · v: by region")
            plot.show(lanes(names, view.rates, width, height, bars=self.glyphs.bars))
            return
        fillings = FILLINGS if self.glyphs.serving != ASCII.serving else ASCII_FILLINGS
        title(plot, "share of the traffic by region, a column a second · v: by node")
        plot.show(spread_over_time(view.spread, width, height, fillings=fillings))

    def _group(self) -> str:
        """What the row under the cursor belongs to: a region, or the edges."""
        return next((row.group for row in self.table.shown if row.key == self.table.cursor), "")

    def _draw_events(self, view: View) -> None:
        width, room = self.query_one("#events", LinesView).size
        newest = noteworthy(reversed(view.records), room) if room else []
        self.lines("#events", tuple(cut(happened(record), width) for record in newest))

    def foot(self) -> Line:
        """What hides rows, as long as something does, and how many rows are marked."""
        chosen, marked = self.table.arrangement, len(self.marks)
        unseen = len(self.table.marks) - marked
        told = [f"{marked} marked"] if marked else []
        told += [f"{unseen} marked out of sight"] if unseen else []
        shown = sum(not row.head for row in self.table.shown)
        hiding = [*(["only bad"] if chosen.bad else []), *([f"/{chosen.filter}"] if chosen.filter else [])]
        parts = [f"{' '.join(hiding)} {shown} shown, esc clears  "] if hiding else []
        parts += [f"{', '.join(told)}, ctrl+\\ clears  "] if told else []
        return line(*(Span(text=part, meaning=Meaning.DEGRADED) for part in parts))

    def action_filter(self) -> None:
        """Type a filter."""
        box = self.query_one("#filter", Input)
        box.display = True
        box.value = self.table.arrangement.filter
        self.set_focus(box)  # at once: what is typed next is meant for it

    def action_clear(self) -> None:
        """Back to all rows."""
        self.table.rearrange(replace(self.table.arrangement, filter="", bad=False))
        self._back()

    def action_bad(self) -> None:
        """Only rows that somebody should look at, or all again."""
        self.table.rearrange(replace(self.table.arrangement, bad=not self.table.arrangement.bad))

    def action_plot(self) -> None:
        """The traffic of the nodes of a group, or of the regions."""
        self.nodes_apart = not self.nodes_apart

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        if event.input.display:  # what is said later is said of a filter that has been entered, or left
            self._filtered(event.value)

    def _entered(self, text: str) -> None:
        """Keep the filter, and give the keys back to the table."""
        self._filtered(text)
        self._back()

    def _filtered(self, text: str) -> None:
        self.table.rearrange(replace(self.table.arrangement, filter=text))

    def _back(self) -> None:
        self.query_one("#filter").display = False
        self.take_keys()
