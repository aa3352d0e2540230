"""The runs of a fleet as a list: which drill, its outcome, and its key figures.

Reads each report once; reports do not change.
"""

from pathlib import Path

from hactl.core.errors import HactlError
from hactl.core.value import Value
from hactl.drill.report import DrillReport
from hactl.drill.runs import Run, runs
from hactl.drill.verdict import Verdict

MOST = 500
"""Runs that are listed, the newest ones."""


class Filed(Value):
    """One run."""

    run: str
    drill: str
    stands: str
    """A verdict, or "in progress", "abandoned", "unreadable"."""
    verdict: Verdict | None = None
    clean: bool = True
    began: float | None = None
    """Unix time; None where that cannot be read."""
    why: str = ""
    seed: int | None = None
    figures: dict[str, str] = {}
    """Objectives as measured, by name."""


class Shelf:
    """All runs of one fleet."""

    def __init__(self, root: Path) -> None:
        """`root` is where they are."""
        self._root = root
        self._known: dict[str, Filed] = {}

    def look(self) -> tuple[Filed, ...]:
        """The newest runs, newest first. Raises HactlError when there is no reading them at all."""
        found = runs(self._root)[-MOST:]
        self._known = {run.name: self._known[run.name] for run in found if run.name in self._known}
        return tuple(self._filed(run) for run in reversed(found))

    def _filed(self, run: Run) -> Filed:
        if run.name in self._known:
            return self._known[run.name]
        try:
            report = run.report()
            if report is not None:
                return self._known.setdefault(run.name, filed(report))
            opened = run.read()
        except HactlError as error:
            return Filed(run=run.name, drill=run.drill, stands="unreadable", why=error.message)
        return Filed(
            run=run.name,
            drill=run.drill,
            stands="in progress" if opened.alive else "abandoned",
            began=opened.identity.began,
            why=f"phase {opened.phase}" if opened.alive else "hactl drill recover",
            seed=opened.plan.seed if opened.plan is not None else None,
        )


def filed(report: DrillReport) -> Filed:
    """One that has its report."""
    return Filed(
        run=report.identity.run,
        drill=report.definition.name,
        stands=str(report.verdict),
        verdict=report.verdict,
        clean=report.clean,
        began=report.identity.began,
        why=report.why if report.clean else f"left behind: {'; '.join(report.evidence.leftovers)}",
        seed=report.plan.seed if report.plan is not None else None,
        figures={item.name: item.value for item in report.objectives},
    )
