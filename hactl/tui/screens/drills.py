"""Screens 5 and 6: drills, and what was measured. Until a drill was run the first says how to get one."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from hactl.tui.drilling import how_to_drill, reports
from hactl.tui.lines import Line, wrapped
from hactl.tui.look import Look
from hactl.tui.meaning import Glyphs
from hactl.tui.picture import View
from hactl.tui.screens.page import Page
from hactl.tui.widgets.lines_view import LinesView
from hactl.tui.widgets.prompt import Prompt

INDENT = 4
"""Cells that the rest of a line begins further in, where it has to be broken."""


class _TextPage(Page):
    """Lines that scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "back", show=False)]
    KEYS = (("esc", "back"), ("1-6", "screens"), (":", "command"), ("?", "help"), ("q", "quit"))

    def __init__(self, look: Look, glyphs: Glyphs, prompt: Callable[[], Prompt], *, verbs: Collection[str]) -> None:
        """`verbs` are those of this hactl."""
        super().__init__(look, glyphs, prompt)
        self.verbs = verbs

    def body(self) -> Iterable[Widget]:
        """Nothing else."""
        yield VerticalScroll(LinesView(self.look, id="text"), id="scroll")

    def take_keys(self) -> None:
        """See Page."""
        self.query_one("#scroll").focus()

    def draw_body(self, view: View, *, now: float, stale: bool) -> None:  # noqa: ARG002
        """See Page."""
        shown = tuple(part for each in self.text(view) for part in wrapped(each, self.size.width - 2, INDENT))
        self.query_one("#text").styles.height = len(shown)
        self.lines("#text", shown)

    @abstractmethod
    def text(self, view: View) -> tuple[Line, ...]:
        """What stands there."""

    async def action_back(self) -> None:
        """To the fleet."""
        await self.app.run_action("page('fleet')")


class DrillsPage(_TextPage):
    """How to get a drill."""

    NAME = "drills"

    def text(self, view: View) -> tuple[Line, ...]:  # noqa: ARG002
        """See _TextPage."""
        return how_to_drill(self.verbs)


class ReportsPage(_TextPage):
    """What losses took, as measured."""

    NAME = "reports"
    MOST = 200
    """Lines, which scroll."""

    def text(self, view: View) -> tuple[Line, ...]:
        """See _TextPage."""
        return reports(view, self.verbs, self.MOST)
