"""The keys that change something, and those that find, copy and undo. What they lead to is decided in `asking`.

Lower case reads, upper case writes. No key that writes has priority over a line that is being typed in, and none does
anything where one could not see what it does.
"""

from abc import abstractmethod
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from hactl.tui.asking import Asking
from hactl.tui.keys import WRITES
from hactl.tui.notices import copy, warn
from hactl.tui.offering import Offering
from hactl.tui.picture import View
from hactl.tui.screens.page import TOO_SMALL, Page, fits


class Acting(App[None]):
    """A console that changes what it shows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"change('{key}')", what, show=False) for key, what in WRITES.items()),
        Binding("ctrl+k", "change('K')", "kill", show=False),
        Binding("u", "undo", "undo", show=False),
        Binding("y", "copy", "copy", show=False),
        Binding("ctrl+p", "palette", "everything", show=False, priority=True),
    ]

    _asking: Asking
    _offering: Offering
    _drawn: View
    """What was shown last: what has come since then has been seen by nobody."""

    @abstractmethod
    def _view(self) -> View:
        """What is to be shown next."""

    def _page(self) -> Page | None:
        """The screen that a change is about; None, and why is said, where one would not see what one does."""
        if not fits(self.size):
            warn(self, TOO_SMALL)
            return None
        return self.screen if isinstance(self.screen, Page) else None

    def action_change(self, key: str) -> None:
        """An upper-case key on what is chosen."""
        if (page := self._page()) is not None:
            self._asking.press(key, self._view(), self._drawn, page.chosen, page.marks)

    def action_undo(self) -> None:
        """Take the last mild change back."""
        if self._page() is not None:
            self._asking.undo(self._view())

    def action_copy(self) -> None:
        """What is chosen, to the clipboard of the terminal."""
        if isinstance(self.screen, Page):
            copy(self, self.screen.copied)

    async def action_palette(self) -> None:
        """Everything that can be done from here. It comes first, so that what follows quickly is typed there."""
        if isinstance(self.screen, Page) and (page := self._page()) is not None:
            await self._offering.open(page, self._view())

    def action_help_quit(self) -> None:
        """Ctrl-C: a habit, and no wish to leave."""
        warn(self, "q or ctrl+q leaves; the fleet keeps running")
