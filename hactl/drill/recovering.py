"""A run whose runner died: what became of the fleet is in the journal, and the run is filed as aborted. Pure."""

from hactl.core.events import OperationEnded
from hactl.core.operation import Outcome
from hactl.drill.evidence import Evidence
from hactl.drill.report import DrillReport
from hactl.drill.runs import OpenRun
from hactl.drill.verdict import Verdict


def obituary(run: OpenRun, ended: OperationEnded | None) -> DrillReport:
    """The report on a run that nobody can finish; `ended` is how the daemon ended its loan, None when it never began
    or nobody knows."""
    why = f"its runner (pid {run.pid}) died in the phase {run.phase}"
    left: tuple[str, ...] = ()
    if ended is not None:
        why = f"{why}; the daemon: {ended.sentence}"
        left = (ended.sentence,) if ended.outcome is Outcome.FAILED else ()
    elif run.identity.operation:
        left = (f"how {run.identity.operation} ended is not in the journal",)
    return DrillReport(
        verdict=Verdict.ABORTED,
        why=why,
        clean=not left,
        identity=run.identity,
        definition=run.definition,
        plan=run.plan,
        evidence=Evidence(leftovers=left),
    )
