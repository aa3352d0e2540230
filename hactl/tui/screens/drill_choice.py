"""The list of drills to choose from. Each row shows what the drill would do; nothing is started here."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from hactl.tui.drill_offer import COLUMNS, details
from hactl.tui.lines import Span, line
from hactl.tui.look import Look
from hactl.tui.meaning import Meaning
from hactl.tui.rows import Row
from hactl.tui.steady import SteadyScreen
from hactl.tui.widgets.line_table import LineTable
from hactl.tui.widgets.lines_view import LinesView

MARGIN = 12
"""Lines of the dialog and around it that are not rows."""


class DrillChoice(SteadyScreen, ModalScreen[str | None]):
    """Gives the name of the one that was chosen, or None."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,n", "leave", "leave", show=False)]

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._rows: tuple[Row, ...] = ()

    def compose(self) -> ComposeResult:
        """Title, rows, and what the keys do."""
        with Vertical(id="drills"):
            yield LinesView(self._look, id="title")
            yield LineTable(COLUMNS, self._look, id="table")
            yield LinesView(self._look, id="chosen")
            yield LinesView(self._look, id="answers")

    def on_mount(self) -> None:
        """There to be typed in at once; the rows come when they are known."""
        told = line(Span(text="Which drill?", meaning=Meaning.TITLE), "   checking what each would do here ...")
        self.query_one("#title", LinesView).show((told,))
        keys = line(
            Span(text="enter", meaning=Meaning.KEY),
            " asks for confirmation   ",
            Span(text="esc", meaning=Meaning.KEY),
            " none",
        )
        self.query_one("#answers", LinesView).show(((), keys))
        self._table.focus()
        self._fit()

    def withdraw(self) -> None:
        """There is nothing to choose from."""
        if self.app.screen is self:
            self.dismiss(None)

    def put(self, rows: tuple[Row, ...]) -> None:
        """What each would do is known; whoever has left is not told."""
        self._rows = rows
        if self.stands:
            self._fit()

    def on_resize(self) -> None:
        """Another height has room for more, or less."""
        self._fit()

    @property
    def _table(self) -> LineTable:
        return self.query_one(LineTable)

    def _fit(self) -> None:
        self._table.styles.height = max(2, min(len(self._rows) + 1, self.app.size.height - MARGIN))
        self._table.show(self._rows)
        if self._rows:
            told = "   what each would do to the fleet now"
            self.query_one("#title", LinesView).show((line(Span(text="Which drill?", meaning=Meaning.TITLE), told),))

    @on(LineTable.Pointed)
    def _pointed(self) -> None:
        """What the row has no room for, in a window that is not wide."""
        row = next((row for row in self._rows if row.key == self._table.cursor), None)
        self.query_one("#chosen", LinesView).show(
            ((), *(details(row, self._table.size.width) if row is not None else ()))
        )

    @on(LineTable.Chosen)
    def _chosen(self, event: LineTable.Chosen) -> None:
        event.stop()
        self.dismiss(event.key)

    def action_leave(self) -> None:
        """None."""
        self.dismiss(None)
