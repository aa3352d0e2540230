"""Feeds a screen that follows a log with what its process writes, one request at a time."""

from textual.app import App

from hactl.control.controller import Controller
from hactl.tui.screens.page import Page
from hactl.tui.tail import Tail


class LogReading:
    """Reads on; whoever asks while something is on its way is not answered twice."""

    def __init__(self, host: App[None], controller: Controller) -> None:
        self._host = host
        self._controller = controller
        self._busy = False

    def look(self, page: Page) -> None:
        """Give `page` what has been written since, if it follows a log; what goes wrong stands in its `tail`."""
        if page.tail is not None and not self._busy:
            self._busy = True
            self._host.run_worker(self._read_on(page, page.tail), group="log", exit_on_error=False)

    async def _read_on(self, page: Page, tail: Tail) -> None:
        try:
            if (lines := await tail.read(self._controller)) is not None:
                page.take(lines)
        finally:
            self._busy = False
