"""Watching a drill, whoever runs it: the newest run of a fleet, read from its files as they grow.

Reads only; it takes its time, as disks do. What is seen is a `Course`.
"""

from contextlib import suppress
from pathlib import Path

from hactl.core.value import replace
from hactl.drill.canary import Written, read_line
from hactl.drill.course import Course, grown
from hactl.drill.progress import Tail, steps
from hactl.drill.runs import Run, runs


class Onlooker:
    """Whoever looks on."""

    def __init__(self, root: Path) -> None:
        """`root` is where the runs of the fleet are."""
        self._root = root
        self._run: Run | None = None
        self._course: Course | None = None
        self._progress = self._ledger = Tail(root)

    def look(self) -> Course | None:
        """How the newest run stands by now; None when no drill was run. Raises HactlError when it cannot be read."""
        found = runs(self._root)
        if not found:
            self._run = self._course = None
            return None
        run = found[-1]
        if self._run is None or run.directory != self._run.directory:
            self._run, self._course = run, None
            self._progress, self._ledger = Tail(run.progress), Tail(run.ledger)
        if self._course is None or self._course.report is None:
            self._course = self._read(run, self._course)
        return self._course

    def _read(self, run: Run, known: Course | None) -> Course:
        report = run.report()  # first: what a run says of itself is whole when its report is there
        opened = run.read()
        course = known or Course(run=run.name, definition=opened.definition, began=opened.identity.began)
        course = replace(
            course,
            plan=opened.plan,
            operation=opened.identity.operation,
            alive=report is None and opened.alive,
            ending=opened.ending,
            report=report,
        )
        return grown(course, steps(self._progress.lines()), _written(self._ledger.lines()))


def _written(lines: list[bytes]) -> list[Written]:
    """The canaries in these lines; a line that is none says nothing here, the verdict is not made of it."""
    found = []
    for line in lines:
        with suppress(ValueError):
            if (written := read_line(line.decode())) is not None:
                found.append(written)
    return found
