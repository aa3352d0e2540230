"""What the console knows about drills, read from disk apart from drawing: the run in progress, and all runs.

Nobody waits for a disk: it is read by a thread, one reading at a time. Draws nothing, and changes nothing.
"""

import asyncio
from pathlib import Path

from hactl.core.errors import HactlError
from hactl.drill import library
from hactl.drill.board import Entry, board
from hactl.drill.comparing import Comparison, compare, side
from hactl.drill.course import Course
from hactl.drill.history import Filed, Shelf
from hactl.drill.markdown import render
from hactl.drill.onlooking import Onlooker
from hactl.drill.runs import Run, filed

_ELSEWHERE = "reports are kept on the fleet's machine, and this console runs elsewhere"


class DrillDesk:
    """Of one fleet."""

    def __init__(self, root: Path | None) -> None:
        """`root` is where its runs are; None for a fleet whose disk is not ours to read."""
        self.course: Course | None = None
        """The newest run; None before the first, or when it cannot be read."""
        self.runs: tuple[Filed, ...] = ()
        """Newest first."""
        self.board: tuple[Entry, ...] = ()
        """How each drill stands."""
        self.trouble = ""
        """Why there is no reading the newest run; "" when there is."""
        self.listing_trouble = ""
        """Why there is no telling which runs there are, or how the drills stand; "" when there is."""
        self.starting = ""
        """The command of a run that was started here and is not on the disk yet; "" for none."""
        self.root = root
        self._onlooker = Onlooker(root) if root is not None else None
        self._shelf = Shelf(root) if root is not None else None
        self._looking = self._judging = False
        self._judged: tuple[str, ...] = ()
        """The runs that the board was made of: those that had their reports."""

    async def look_on(self) -> None:
        """Read how the newest run stands."""
        if self._onlooker is None or self._looking:
            return
        self._looking = True
        try:
            self.course = await asyncio.to_thread(self._onlooker.look)
            self.trouble = ""
        except HactlError as error:
            self.trouble = str(error)
        finally:
            self._looking = False

    async def list_runs(self) -> None:
        """Read which runs there are. Raises HactlError when there is no reading them."""
        if self._shelf is not None:
            self.runs = await asyncio.to_thread(self._shelf.look)

    async def judge(self, wall: float) -> None:
        """List the runs, and judge the drills by them when there are other reports than before; `wall` is Unix time."""
        if self.root is None or self._judging:
            return
        self._judging = True
        try:
            await self.list_runs()
            reported = tuple(run.run for run in self.runs if run.verdict is not None)
            if not self.board or reported != self._judged:
                self.board = await asyncio.to_thread(_judged, self.root, wall)
                self._judged = reported
            self.listing_trouble = ""
        except HactlError as error:
            self.listing_trouble = str(error)
        finally:
            self._judging = False

    async def compare(self, a: str, b: str) -> Comparison:
        """Two runs side by side. Raises HactlError when one of them has shown nothing that can be compared."""
        if self.root is None:
            raise HactlError(_ELSEWHERE)
        return await asyncio.to_thread(_compared, self.root, a, b)

    async def report(self, run: str) -> str:
        """The report on a run, as Markdown. Raises HactlError when there is none, or no reading it."""
        if self.root is None:
            raise HactlError(_ELSEWHERE)
        return await asyncio.to_thread(_reported, Run(self.root / run))


def _judged(root: Path, wall: float) -> tuple[Entry, ...]:
    reports, _ = filed(root)  # what cannot be read stands in the list of runs
    return board((library.load(name) for name in library.names()), reports, wall)


def _reported(run: Run) -> str:
    report = run.report()
    if report is None:
        raise HactlError(f"run '{run.name}' has no report yet", "it is written at the end of the run")
    return render(report, run.earlier(report.definition))


def _compared(root: Path, a: str, b: str) -> Comparison:
    reports, _ = filed(root)
    return compare(side(a, reports), side(b, reports))
