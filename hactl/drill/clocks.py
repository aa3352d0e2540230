"""The clocks of a drill, and the status of its hypotheses and stop conditions, read off its course. Pure.

Each clock bears the rule by which it starts and stops: without that a figure means nothing.
"""

from enum import StrEnum

from hactl.core.value import Value, replace
from hactl.drill.course import Course, suffering
from hactl.drill.definition import AbortRule, Hypothesis, Probe
from hactl.drill.load_plan import Progress
from hactl.drill.phases import Phase
from hactl.drill.quantity import seconds
from hactl.drill.report import DrillReport
from hactl.drill.steady import holds
from hactl.drill.verdict import CONCLUSIVE, Status
from hactl.drill.watching import available

LATELY = 5.0
"""Seconds over which the present value of a hypothesis is taken."""
SILENT = 1.0
"""Seconds without an acknowledged canary from which on that is bad news."""
_UNMEASURED = "not measured"


class Mark(StrEnum):
    """How a figure stands."""

    WAITING = "waiting"
    """It has not begun."""
    RUNNING = "running"
    """It goes on to grow."""
    SO_FAR = "so far"
    """It stands still, and may yet go on."""
    MEASURED = "measured"
    """It is over, and nothing was asked of it."""
    MET = "met"
    MISSED = "missed"
    UNMEASURED = "unmeasured"
    VOID = "void"
    """It was measured in a run that has shown nothing."""


class Clock(Value):
    """A time that is measured, and the rule by which it is."""

    name: str
    rule: str
    """When it starts, and when it stops."""
    mark: Mark
    shown: str = "-"
    limit: str = ""
    """"" where the drill asks for nothing."""
    over: bool = False
    """It is beyond its limit already."""


class Condition(Value):
    """A hypothesis or a stop condition, and how it stands now."""

    text: str
    value: str
    ok: bool | None
    """None while nothing is known."""


def rto(course: Course, now: float) -> Clock:
    """How long clients were not served as they should be."""
    settle = course.definition.phases.settle
    rule = f"from the fault to the reply after which none fails for {settle:g} s"
    wanted = course.definition.objectives.rto
    clock = Clock(name="RTO", rule=rule, mark=Mark.WAITING, limit="" if wanted is None else f"<= {seconds(wanted)}")
    if course.report is not None:
        return _judged(clock, course.report, "rto", _rto_measured(course.report))
    seen = suffering(course)
    if seen is None:
        return clock
    lasted = max(0.0, now - seen.fault) if seen.failing else seen.lasted
    over = wanted is not None and lasted > wanted
    return replace(clock, shown=seconds(lasted), mark=Mark.RUNNING if seen.failing else Mark.SO_FAR, over=over)


def _rto_measured(report: DrillReport) -> str:
    rto = report.outage.rto if report.outage is not None else None
    return _UNMEASURED if rto is None else seconds(rto)


def rpo(course: Course, now: float) -> Clock:
    """What was lost, or could be by now."""
    wanted = course.definition.objectives.rpo_records
    clock = Clock(
        name="RPO",
        rule="acknowledged records that are missing when all are read back",
        mark=Mark.WAITING,
        limit="" if wanted is None else f"<= {wanted} lost",
    )
    if course.report is not None:
        seen = course.report.evidence
        acknowledged = sum(loss.acknowledged for loss in seen.losses)
        told = _UNMEASURED if seen.lost is None else f"{seen.lost} of {acknowledged} lost"
        return _judged(clock, course.report, "rpo_records", told)
    if course.newest is None:
        return clock
    since = max(0.0, now - course.newest)
    kept = course.times.restored is None and course.going and course.phase is not Phase.REPORT
    told = f"{course.acknowledged} acknowledged" + (f", last {since:.1f} s ago" if kept and since > SILENT else "")
    return replace(clock, shown=told, mark=Mark.RUNNING if kept and since > SILENT else Mark.SO_FAR)


def _judged(clock: Clock, report: DrillReport, name: str, measured: str) -> Clock:
    """As the report has it; what the drill did not ask for is neither met nor missed."""
    item = next((each for each in report.objectives if each.name == name), None)
    if item is None:
        known = Mark.MEASURED if report.verdict in CONCLUSIVE else Mark.VOID
        return replace(clock, shown=measured, mark=known if measured != _UNMEASURED else Mark.UNMEASURED)
    measured = item.value if measured == _UNMEASURED else measured
    marks = {Status.MET: Mark.MET, Status.MISSED: Mark.MISSED, Status.UNMEASURED: Mark.UNMEASURED}
    mark = marks[item.status]
    if report.verdict not in CONCLUSIVE and mark is not Mark.UNMEASURED:
        mark = Mark.VOID
    return replace(clock, shown=measured, limit=clock.limit or item.limit, mark=mark)


def conditions(course: Course) -> tuple[Condition, ...]:
    """The hypotheses of the drill and what stops it, with what is true of them now."""
    said = [one.progress for one in course.asked]
    return (
        *(_hypothesis(rule, said) for rule in course.definition.hypotheses),
        *(_stop(rule, said) for rule in course.definition.limits.abort_when),
    )


def _hypothesis(rule: Hypothesis, said: list[Progress]) -> Condition:
    least, most = rule.least, rule.most
    value: float | None
    if rule.probe is Probe.AVAILABILITY:
        value = available(said[-1], said, LATELY) if said else None
        shown = "" if value is None else _percent(value)
        limits = [f">= {_percent(least)}"] if least is not None else []
        limits += [f"<= {_percent(most)}"] if most is not None else []
        text = f"availability {' and '.join(limits)}"
    else:
        p99 = said[-1].p99_ms if said else None
        value = None if p99 is None else p99 / 1000
        shown = "" if value is None else seconds(value)
        text = f"p99 <= {seconds(most)}" if most is not None else "p99"
    return Condition(text=text, value=shown, ok=None if value is None else holds(rule, value))


def _stop(rule: AbortRule, said: list[Progress]) -> Condition:
    value = available(said[-1], said, rule.window) if said else None
    return Condition(
        text=f"stops when {rule.probe} < {_percent(rule.below)} of {rule.window:g} s, for {rule.lasting:g} s",
        value="" if value is None else _percent(value),
        ok=None if value is None else value >= rule.below,
    )


def _percent(part: float) -> str:
    """A part (0..1) as it is read: 99.9 %, and no more of it than was measured."""
    return f"{part * 100:.4g} %"
