"""A run whose runner died: what became of the fleet is in the journal, and the run is filed as aborted. Pure."""

from collections.abc import Iterable

from hactl.core.events import OperationEnded
from hactl.core.operation import Outcome
from hactl.drill.canary import Losses, Written, classify
from hactl.drill.evidence import Evidence
from hactl.drill.report import DrillReport
from hactl.drill.runs import OpenRun
from hactl.drill.verdict import Verdict


def obituary(
    run: OpenRun, ended: OperationEnded | None, written: Iterable[Written], found: Iterable[int]
) -> DrillReport:
    """The report on a run that nobody can finish; `ended` is how the daemon ended its loan, None when it never began
    or nobody knows. `written` is its ledger, `found` the canaries that are in the journal."""
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
        evidence=Evidence(leftovers=left, losses=_losses(run, list(written), found)),
    )


def _losses(run: OpenRun, written: list[Written], found: Iterable[int]) -> tuple[Losses, ...]:
    """What became of the canaries. When the fault was, only the runner knew: the end of its ledger stands for it."""
    known = [canary.acknowledged for canary in written if canary.acknowledged is not None]
    if not known:
        return ()
    return (classify(written, found, max(known), run.definition.canary.rate, "journal"),)
