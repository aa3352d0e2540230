"""Screen 6: every run with its outcome, and measured recoveries from losses outside drills."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from hactl.tui.drill_board import board_lines
from hactl.tui.drill_desk import DrillDesk
from hactl.tui.drill_history import COLUMNS, rows
from hactl.tui.drilling import reports
from hactl.tui.lines import Line, Span, line, wrapped
from hactl.tui.look import Look
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.notices import warn
from hactl.tui.picture import View
from hactl.tui.screens.drills import INDENT
from hactl.tui.screens.page import Page
from hactl.tui.shell import spelt
from hactl.tui.spelling import PROGRAM
from hactl.tui.widgets.line_table import LineTable
from hactl.tui.widgets.lines_view import LinesView
from hactl.tui.widgets.prompt import Prompt

MOST = 200
"""Lines about losses, which scroll."""
BELOW = 8
"""Lines kept for what stands below the runs."""


class ReportsPage(Page):
    """All that was measured."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "compare", "compare two runs", show=False),
        Binding("b", "board", "the board, the runs", show=False),
    ]
    NAME = "reports"
    KEYS = (
        ("enter", "report"), ("space", "mark"), ("c", "compare"), ("b", "board"), ("X", "run a drill"),
        ("5", "the drill"), ("esc", "back"), (":", "command"), ("?", "help"), ("q", "quit"),
    )  # fmt: skip
    _whole = False
    """What stands below the runs has the whole screen."""

    def __init__(
        self,
        look: Look,
        glyphs: Glyphs,
        prompt: Callable[[], Prompt],
        *,
        desk: DrillDesk,
        wall: Callable[[], float],
        program: Sequence[str] = PROGRAM,
    ) -> None:
        """`desk` is what is known of drills; `wall` and `program` as for the screen of drills."""
        super().__init__(look, glyphs, prompt)
        self._desk, self._wall = desk, wall
        self._program = program

    def body(self) -> Iterable[Widget]:
        """Runs, and below them everything else."""
        yield LineTable(COLUMNS, self.look, id="runs")
        yield VerticalScroll(LinesView(self.look, id="text"), id="scroll")

    def take_keys(self) -> None:
        """See Page."""
        self.set_focus(self.table if self.table.display else self.query_one("#scroll"))

    @property
    def table(self) -> LineTable:
        """The runs."""
        return self.query_one(LineTable)

    def draw_body(self, view: View, *, now: float, stale: bool) -> None:  # noqa: ARG002
        """See Page."""
        table, runs, width = self.table, self._desk.runs, self.size.width
        had, table.display = table.display, bool(runs) and not self._whole
        table.styles.height = min(len(runs) + 1, max(3, self.size.height - 2 - BELOW))
        wall = self._wall()
        table.show(rows(runs, wall))
        if table.display is not had:
            self.take_keys()
        wrong = self._desk.listing_trouble
        trouble = (line(Span(text=f" {wrong}", meaning=Meaning.DOWN)),) if wrong else ()
        losses = reports(view, MOST)
        gap: tuple[Line, ...] = ((),) if runs else ()
        told = (*gap, *trouble, *board_lines(self._desk.board, wall, width - 2), (), *losses)
        shown = tuple(part for each in told for part in wrapped(each, width - 2, INDENT))
        self.query_one("#text").styles.height = len(shown)
        self.lines("#text", shown)

    async def action_board(self) -> None:
        """What stands below the runs on the whole screen, or the runs again."""
        self._whole = not self._whole
        await self.app.run_action(f"page('{self.NAME}')")

    async def action_compare(self) -> None:
        """The two that are marked, side by side; the earlier one first."""
        marked = sorted(self.table.marks)
        if len(marked) == 2:
            await self.app.run_action(f"compare({marked[0]!r}, {marked[1]!r})")
        else:
            have = "1 is" if len(marked) == 1 else f"{len(marked)} are"
            warn(self.app, f"two runs are compared, {have} marked: space marks one")

    @property
    def copied(self) -> str:
        """The command that shows the report again."""
        return spelt(("drill", "report", self.table.cursor), self._program) if self.table.cursor else ""

    @on(LineTable.Chosen)
    async def _open(self, event: LineTable.Chosen) -> None:
        """The report on a run."""
        event.stop()
        await self.app.run_action(f"report({event.key!r})")
