"""Brings a screen that follows a log what has been written since, one request at a time. Not where it reads: `tail`."""

from hactl.control.controller import Controller
from hactl.tui.screens.page import Page


class LogReading:
    """Reads on; whoever asks while an answer is on its way is not answered twice."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._busy = False

    async def read_on(self, page: Page) -> None:
        """Add to `page` what has come; a screen that follows no log is left alone."""
        if self._busy or page.tail is None:
            return
        self._busy = True
        try:
            page.take(await page.tail.read(self._controller))
        finally:
            self._busy = False
