"""The report on one run, as a value: JSON is the source, and everything else is made from it. Pure.

What is first in it is whether it means anything. No figure in it is made up from others in a way it does not say.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from hactl.core.drill_events import DrillKept
from hactl.core.events import OperationMoved, Record
from hactl.core.telling import tell
from hactl.core.value import Value, replace
from hactl.drill.advice import explained
from hactl.drill.definition import Definition
from hactl.drill.evidence import Evidence
from hactl.drill.gate import Check
from hactl.drill.judging import Windows, objectives, p99, validity
from hactl.drill.measure import Report, judge
from hactl.drill.phases import Phase
from hactl.drill.plan import DrillPlan
from hactl.drill.records import Row
from hactl.drill.recovery_time import Outage, last_reached
from hactl.drill.retries import Retried
from hactl.drill.surging import Borne
from hactl.drill.verdict import Judged, Verdict, conclude

VERSION = 1
"""Of the shape of a report."""


class Identity(Value):
    """Which run this was."""

    run: str
    """Its name, unique in its fleet."""
    fleet: str
    by: str
    """The user and the machine, such as alice@laptop."""
    host: str
    version: str
    """Of hactl."""
    began: float
    """Unix time."""
    revision: int
    """Of the fleet's configuration."""
    operation: str = ""
    """The drill's, in the fleet's journal; "" when the fleet was never borrowed."""
    via: str = ""
    """What they ran it from, as in the journal: a terminal, a console, a schedule; "" where that is not known."""

    @property
    def who(self) -> str:
        """Who ran it, and from what, in words."""
        by = self.by or "an operator"
        name = by if "@" in by else f"{by} on {self.host}"
        return f"{name} ({self.via})" if self.via else name


class Spent(Value):
    """One phase that was gone through; seconds since the run began."""

    phase: Phase
    begin: float
    end: float


class Line(Value):
    """Something that happened; seconds from the fault, or from the beginning when there was none."""

    at: float
    text: str


class Second(Value):
    """What clients saw in one second."""

    at: int
    """Seconds from the fault."""
    due: int
    good: int
    bad: int
    p99_ms: float
    shares: dict[str, int] = {}
    """Good answers by node."""


class DrillReport(Value):
    """Everything there is to say about one run; as JSON, a contract."""

    verdict: Verdict
    why: str
    clean: bool
    """Nothing was left behind; a rollback that is not clean is worse than any verdict."""
    identity: Identity
    definition: Definition
    plan: DrillPlan | None = None
    version: int = VERSION
    interrupted: bool = False
    """Somebody pressed Ctrl-C."""
    gate: tuple[Check, ...] = ()
    validity: tuple[Check, ...] = ()
    objectives: tuple[Judged, ...] = ()
    evidence: Evidence = Evidence()
    outage: Outage | None = None
    """Of the fault after which clients had to wait longest; None without one."""
    before: Report = Report()
    """What clients saw before the fault."""
    whole: Report = Report()
    retried: Retried | None = None
    """Clients that ask once and those that try again, side by side; None where none did."""
    borne: Borne | None = None
    """What all clients saw while a surge lasted; None without one."""
    others: Report = Report()
    """What clients of other routes saw from the fault to the failback; of no requests where there were none."""
    during: Report = Report()
    """What clients saw of requests due between the fault and the failback."""
    failures: dict[str, int] = {}
    """Requests that failed from the fault on, by class."""
    phases: tuple[Spent, ...] = ()
    timeline: tuple[Line, ...] = ()
    series: tuple[Second, ...] = ()
    files: dict[str, str] = {}
    """SHA-256 of the files that it was made from, by name."""


class Ending(Value):
    """How a run came to its end."""

    stopped: str = ""
    """Why it was not to go on."""
    pointless: str = ""
    """Why it would have shown nothing."""
    error: str = ""
    interrupted: bool = False


def write(
    *,
    identity: Identity,
    drill: Definition,
    plan: DrillPlan | None,
    gate: tuple[Check, ...],
    evidence: Evidence,
    rows: Sequence[Row],
    more: Sequence[Sequence[Row]] = (),
    phases: tuple[Spent, ...],
    timeline: tuple[Line, ...],
    ending: Ending,
) -> DrillReport:
    """The report on a run that is over, judged. `rows` are of the clients that are judged, `more` are the
    other streams, in the order in which `filing` has them."""
    evidence = _with_last_reached(evidence, plan, rows)
    windows = Windows(drill, evidence, rows, *more)
    checks = validity(drill, plan, evidence, windows) if plan is not None and rows else ()
    judged = objectives(drill, plan, evidence, windows) if plan is not None and rows else ()
    judged = explained(judged, windows, evidence.edges)
    conclusion = conclude(judged, checks, stopped=ending.stopped, pointless=ending.pointless, error=ending.error)
    fault, struck = evidence.times.fault, windows.struck
    return DrillReport(
        verdict=conclusion.verdict,
        why=conclusion.why,
        clean=not evidence.leftovers,
        interrupted=ending.interrupted,
        identity=identity,
        definition=drill,
        plan=plan,
        gate=gate,
        validity=checks,
        objectives=judged,
        evidence=evidence,
        outage=windows.outage,
        before=windows.before,
        whole=windows.whole,
        retried=windows.side_by_side,
        borne=None if plan is None else windows.borne(plan),
        others=judge(windows.hit(windows.others)),
        during=Report() if struck is None else judge(windows.rows, struck, windows.failback),
        failures=dict(windows.failures.most_common()),
        phases=phases,
        timeline=timeline,
        series=_series(windows.rows, windows.began if fault is None else fault),
    )


def lines(records: Iterable[Record], zero: float) -> tuple[Line, ...]:
    """What the journal says happened, `zero` being monotonic seconds; not every sign of life, nor every step."""
    told = (record for record in records if not isinstance(record.event, DrillKept | OperationMoved))
    return tuple(Line(at=record.mono - zero, text=tell(record.event)) for record in told)


def _with_last_reached(evidence: Evidence, plan: DrillPlan | None, rows: Sequence[Row]) -> Evidence:
    times = evidence.times
    if plan is None or not plan.at_once or times.fault is None:
        return evidence
    until = times.returned or times.failback or math.inf
    reached = last_reached(rows, plan.at_once, times.fault, until)
    return replace(evidence, times=replace(times, last_reached=reached))


def _series(rows: Sequence[Row], zero: float) -> tuple[Second, ...]:
    seconds: dict[int, list[Row]] = {}
    for row in rows:
        seconds.setdefault(int((row.intended - zero) // 1), []).append(row)
    return tuple(
        Second(
            at=at,
            due=len(due),
            good=sum(row.ok for row in due),
            bad=sum(not row.ok for row in due),
            p99_ms=1000 * (p99(due) or 0.0),
            shares=dict(sorted(Counter(row.node for row in due if row.ok and row.node).items())),
        )
        for at, due in sorted(seconds.items())
    )
