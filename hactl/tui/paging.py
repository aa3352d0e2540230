"""Which screen is shown, what it is about, and which other screens have something new.

The screens themselves are `screens`, their digits are `bindings`.
"""

from abc import abstractmethod

from textual.app import App

from hactl.core.model import Fleet
from hactl.tui.activity import Activity, Sign
from hactl.tui.bindings import PAGES
from hactl.tui.help import help_lines
from hactl.tui.look import Look
from hactl.tui.picture import View
from hactl.tui.region_facts import members
from hactl.tui.screens.one import OneOf
from hactl.tui.screens.page import Page
from hactl.tui.screens.sheet import Sheet


class Paging(App[None]):
    """A console with several screens."""

    look: Look
    _activity: Activity
    _drawn: View
    _turning = ""
    """The screen that waits until a question is answered; "" for none."""

    @abstractmethod
    def _draw(self) -> None:
        """Show what is known."""

    @property
    def chosen(self) -> str:
        """The process that keys are about; "" where the screen has none."""
        return self.screen.chosen if isinstance(self.screen, Page) else ""

    def action_page(self, name: str) -> None:
        """Another screen; about the process that is chosen, where it is about one.

        Never in place of a question: then it waits for the answer.
        """
        if not isinstance(self.screen, Page):
            self._turning = name
            return
        self._turning = ""
        chosen, page = self.chosen, self.get_screen(name)
        if isinstance(page, OneOf) and (self._is_process(chosen) or (name == "node" and self._is_head(chosen))):
            page.turn_to(chosen)
        if self.screen is not page:
            self.switch_screen(name)
        self.call_after_refresh(self._draw)

    def turn(self) -> None:
        """Show the screen that has waited for an answer, once there is one."""
        if self._turning and isinstance(self.screen, Page):
            self.action_page(self._turning)

    def on_line_table_chosen(self) -> None:
        """Enter on a row goes in."""
        if self._is_process(self.chosen) or self._is_head(self.chosen):
            self.action_page("node")

    def action_help(self) -> None:
        """All keys, those of this screen first."""
        page = self.screen.NAME if isinstance(self.screen, Page) else ""
        self.push_screen(Sheet(self.look, title="Keys", lines=help_lines(page)))

    def signs(self, view: View, now: float) -> dict[str, Sign]:
        """Screens on which something has come since they were looked at, or nothing comes any more."""
        shown = next((each.NAME for each in reversed(self.screen_stack) if isinstance(each, Page)), "")
        progress = {name: self.get_screen(name, Page).progress(view) for name in PAGES}
        return self._activity.look(progress, shown, now)

    @property
    def _fleet(self) -> Fleet:
        """The one that is shown, of whatever moment: rows are of it."""
        return self._drawn.snapshot.fleet if self._drawn.snapshot is not None else Fleet()

    def _is_process(self, name: str) -> bool:
        return name in self._fleet.nodes

    def _is_head(self, key: str) -> bool:
        return bool(members(self._fleet, key))
