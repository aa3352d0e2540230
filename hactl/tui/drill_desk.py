"""What the console knows of drills, read from the disk beside what it draws: the run that goes on, and all runs.

Nobody waits for a disk: it is read by a thread, one reading at a time. Draws nothing, and changes nothing.
"""

import asyncio
from pathlib import Path

from hactl.core.errors import HactlError
from hactl.drill.course import Course
from hactl.drill.history import Filed, Shelf
from hactl.drill.markdown import render
from hactl.drill.onlooking import Onlooker
from hactl.drill.runs import Run


class DrillDesk:
    """Of one fleet."""

    def __init__(self, root: Path | None) -> None:
        """`root` is where its runs are; None for a fleet whose disk is not ours to read."""
        self.course: Course | None = None
        """The newest run; None before the first, or when it cannot be read."""
        self.runs: tuple[Filed, ...] = ()
        """Newest first."""
        self.trouble = ""
        """Why there is no reading them; "" when there is."""
        self.root = root
        self._onlooker = Onlooker(root) if root is not None else None
        self._shelf = Shelf(root) if root is not None else None
        self._busy = False

    async def look_on(self) -> None:
        """Read how the newest run stands."""
        if self._onlooker is None or self._busy:
            return
        self._busy = True
        try:
            self.course = await asyncio.to_thread(self._onlooker.look)
            self.trouble = ""
        except HactlError as error:
            self.trouble = str(error)
        finally:
            self._busy = False

    async def list_runs(self) -> None:
        """Read which runs there are."""
        if self._shelf is None:
            return
        try:
            self.runs = await asyncio.to_thread(self._shelf.look)
        except HactlError as error:
            self.trouble = str(error)

    async def report(self, run: str) -> str:
        """The report on a run, as Markdown. Raises HactlError when there is none, or no reading it."""
        if self.root is None:
            raise HactlError("reports lie where the fleet is: this console is not there")
        found = Run(self.root / run)
        report = await asyncio.to_thread(found.report)
        if report is None:
            raise HactlError(f"run '{run}' has no report yet", "5 shows how far it has come")
        return render(report)
