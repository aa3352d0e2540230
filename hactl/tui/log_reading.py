"""Brings a screen of logs the next page of what its process says, one request at a time."""

from hactl.control.controller import Controller
from hactl.core.errors import HactlError
from hactl.tui.screens.reading import LogsPage


class LogReading:
    """Reads on; whoever asks while a page is on its way is not answered twice."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._busy = False

    async def read_on(self, page: LogsPage) -> None:
        """Add to `page` what has been written since; what goes wrong is said there."""
        if self._busy or not page.node:
            return
        self._busy = True
        try:
            page.take(await self._controller.log(page.node, page.after))
        except HactlError as error:
            page.trouble = error.message
        finally:
            self._busy = False
