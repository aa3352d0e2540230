"""Brings a screen that follows a log what its process has written, one request at a time."""

from hactl.control.controller import Controller
from hactl.tui.screens.page import Page


class LogReading:
    """Reads on; whoever asks while something is on its way is not answered twice."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._busy = False

    def due(self, page: Page) -> bool:
        """Whether `page` follows a log, and nothing is on its way."""
        return page.tail is not None and not self._busy

    async def read_on(self, page: Page) -> None:
        """Give `page` what has been written since; what goes wrong stands in its `tail`."""
        if self._busy or page.tail is None:
            return
        self._busy = True
        try:
            page.take(await page.tail.read(self._controller))
        finally:
            self._busy = False
