"""Opens the list of all available actions, and performs the selected one.

What stands in the list is `palette`, how it is drawn is `screens.palette`.
"""

from collections.abc import Callable, Sequence

from textual.app import App

from hactl.tui import keys, palette
from hactl.tui.asking import Asking
from hactl.tui.bindings import PAGES
from hactl.tui.look import Look
from hactl.tui.notices import warn
from hactl.tui.palette import Entry
from hactl.tui.picture import View
from hactl.tui.screens.page import Page
from hactl.tui.screens.palette import Palette


class Offering:
    """One list for all screens."""

    def __init__(
        self,
        host: App[None],
        asking: Asking,
        look: Look,
        *,
        verbs: Sequence[str],
        themes: Callable[[], Sequence[str]],
    ) -> None:
        """`verbs` are those of the command line, `themes` gives those there are."""
        self._host = host
        self._asking = asking
        self._look = look
        self._verbs = verbs
        self._themes = themes

    async def open(self, page: Page, view: View) -> None:
        """About what is chosen on `page`, as it is in `view`; returns once it can be typed in."""
        if view.snapshot is None:
            warn(self._host, keys.forbidden(view))
            return
        meant = keys.rows(view.snapshot.fleet, page.chosen, page.marks)
        known = palette.entries(view, meant, pages=PAGES, verbs=self._verbs, themes=self._themes())
        await self._host.push_screen(Palette(self._look, known), self._chosen)

    def _chosen(self, entry: Entry | None) -> None:
        if entry is None:
            return
        if entry.why_not:
            warn(self._host, entry.why_not)
        elif entry.action is not None:
            self._asking.begin(entry.action)
        else:
            self._host.call_later(self._host.run_action, entry.run)
