"""Screen 2: one process in full, with the last lines of its log."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from hactl.tui.lines import cut, plain
from hactl.tui.node_facts import facts
from hactl.tui.picture import View
from hactl.tui.screens.page import Page
from hactl.tui.widgets.lines_view import LinesView


class NodePage(Page):
    """Whatever is known of it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "back", show=False)]
    KEYS = (
        ("esc", "back"), ("l", "logs"), ("K", "kill"), ("T", "stop"), ("R", "restart"), ("D", "drain"),
        ("W", "weight"), ("Z", "freeze"), ("u", "undo"), ("^p", "all"), ("?", "help"), ("q", "quit"),
    )  # fmt: skip
    node = ""
    """Which one."""

    def body(self) -> Iterable[Widget]:
        """It scrolls where there is too little room."""
        yield VerticalScroll(LinesView(self.look, id="facts"), id="scroll")

    @property
    def chosen(self) -> str:
        """See Page."""
        return self.node

    @property
    def copied(self) -> str:
        """All of it."""
        return "\n".join(plain(each) for each in self.query_one("#facts", LinesView).lines)

    def draw_body(self, view: View, *, now: float, stale: bool) -> None:  # noqa: ARG002
        """See Page."""
        width = self.size.width - 2
        shown = facts(view, self.node, self.glyphs, width)
        self.query_one("#facts").styles.height = len(shown)
        self.lines("#facts", tuple(cut(each, width) for each in shown))

    def take_keys(self) -> None:
        """See Page."""
        self.query_one("#scroll").focus()

    async def action_back(self) -> None:
        """To the fleet."""
        await self.app.run_action("page('fleet')")
