"""A run whose runner died: its outcome is read from the journal, and the run is filed as aborted. Pure."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from hactl.core.events import OperationBegan, OperationEnded, Record
from hactl.core.operation import Operation, Outcome, Verb
from hactl.drill.canary import Found, Losses, Written
from hactl.drill.definition import CanaryStore
from hactl.drill.evidence import Evidence, Times
from hactl.drill.loan import by_drill
from hactl.drill.progress import Step, Timed
from hactl.drill.report import DrillReport, lines
from hactl.drill.runs import OpenRun
from hactl.drill.stores import judged
from hactl.drill.verdict import Verdict

_NOTHING: Mapping[CanaryStore, Iterable[Found]] = {}


def obituary(
    run: OpenRun,
    ended: OperationEnded | None,
    written: Iterable[Written],
    records: Sequence[Record] = (),
    said: Iterable[Step] = (),
    found: Mapping[CanaryStore, Iterable[Found]] = _NOTHING,
) -> DrillReport:
    """The report on a run that nobody can finish; `ended` is how the daemon ended its loan, None when it never began
    or nobody knows. `written` is its ledger, `records` what the journal has of its time, `said` what it told of itself,
    `found` what stores have by now."""
    why = f"its runner (pid {run.pid}) died in phase {run.phase}"
    if run.ending.stopped:
        why = f"{run.ending.stopped}; {why}"
    left: tuple[str, ...] = ()
    if ended is not None:
        why = f"{why}; the daemon: {ended.sentence}"
        left = (ended.sentence,) if ended.outcome is Outcome.FAILED else ()
    elif run.identity.operation:
        left = (f"how {run.identity.operation} ended is not in the journal",)
    timed = [step for step in said if isinstance(step, Timed)][-1:] or [Timed(times=Times())]
    times, zero = timed[0].times, next((record.mono for record in records), 0.0)
    losses = _losses(run, list(written), found, times.fault)
    return DrillReport(
        verdict=Verdict.ABORTED,
        why=why,
        clean=not left,
        interrupted=run.ending.interrupted,
        identity=run.identity,
        definition=run.definition,
        plan=run.plan,
        gate=run.gate,
        evidence=Evidence(times=times, proofs=timed[0].proofs, by_hand=timed[0].by_hand, leftovers=left, losses=losses),
        timeline=lines(records, times.fault or zero),
    )


def unmarked(run: OpenRun, records: Iterable[Record], others: Container[str]) -> str:
    """The operation that lent the fleet to a run which was killed before it had noted that, in `records` of what began
    since the run did; "" when none did. `others` are operations of other runs."""
    for record in records:
        match record.event:
            case OperationBegan(operation=Operation(verb=Verb.DRILL, id=operation, by=by)):
                if by.endswith(by_drill(run.definition.name)) and operation not in others:
                    return operation
            case _:
                pass
    return ""


def lifetime(records: Iterable[Record], operation: str) -> Iterator[Record]:
    """Those of `records` until an operation ended; all of them when it has not."""
    for record in records:
        yield record
        if isinstance(record.event, OperationEnded) and record.event.id == operation:
            return


def _losses(
    run: OpenRun, written: list[Written], found: Mapping[CanaryStore, Iterable[Found]], fault: float | None
) -> tuple[Losses, ...]:
    """What became of the canaries. Where the runner has not told when the fault was, the end of its ledger stands for
    it."""
    known = [canary.acknowledged for canary in written if canary.acknowledged is not None]
    return judged(run.definition.canary, written, found, fault or max(known)) if known else ()
