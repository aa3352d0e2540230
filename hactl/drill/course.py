"""The course of a run, as it looks from outside while it goes on and afterwards: phases, clocks, clients. Pure.

Made from what a run says of itself (`progress`), its ledger of canaries, and in the end its report. What it shows while
the drill goes on is provisional, and says so by its clocks; what was measured is the report's.
"""

from collections.abc import Iterable
from enum import StrEnum

from hactl.core.value import Value, replace
from hactl.drill.canary import Written
from hactl.drill.definition import AbortRule, Definition, Hypothesis, Probe
from hactl.drill.evidence import ByHand, Times
from hactl.drill.faults import Proof
from hactl.drill.load_plan import Progress
from hactl.drill.phases import Phase
from hactl.drill.plan import DrillPlan
from hactl.drill.progress import Asked, Entered, Step, Timed, Told
from hactl.drill.quantity import seconds
from hactl.drill.report import DrillReport
from hactl.drill.verdict import Status
from hactl.drill.watching import available

FRESH = 1.2
"""Seconds before the last word of the load in which a failed request means that clients are not served: it speaks once
a second."""
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
    MET = "met"
    MISSED = "missed"
    UNMEASURED = "unmeasured"


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


class Bar(Value):
    """A phase, or a part of the way back to normal; monotonic seconds."""

    name: str
    begin: float
    end: float | None
    """None while it goes on."""
    said: str = ""


class Served(Value):
    """What clients saw between two moments; monotonic seconds."""

    begin: float
    end: float
    good: int
    bad: int


class Course(Value):
    """One run."""

    run: str
    definition: Definition
    plan: DrillPlan | None = None
    operation: str = ""
    """Of the drill, in the journal; "" before the fleet was borrowed."""
    began: float = 0.0
    """Unix time."""
    entered: tuple[Entered, ...] = ()
    told: tuple[Told, ...] = ()
    asked: tuple[Asked, ...] = ()
    timed: Timed = Timed(times=Times())
    acknowledged: int = 0
    """Canaries."""
    newest: float | None = None
    """When the last of them was acknowledged."""
    alive: bool = True
    """Its runner runs."""
    report: DrillReport | None = None

    @property
    def phase(self) -> Phase:
        """Where it stands."""
        return self.entered[-1].phase if self.entered else Phase.PLAN

    @property
    def times(self) -> Times:
        """When each thing happened, as far as that is known."""
        return self.report.evidence.times if self.report is not None else self.timed.times

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """Whom the faults have struck."""
        return self.report.evidence.proofs if self.report is not None else self.timed.proofs

    @property
    def by_hand(self) -> tuple[ByHand, ...]:
        """What people have done in it."""
        return self.report.evidence.by_hand if self.report is not None else self.timed.by_hand

    @property
    def going(self) -> bool:
        """It goes on."""
        return self.report is None and self.alive


def grown(course: Course, steps: Iterable[Step], written: Iterable[Written] = ()) -> Course:
    """The course with what has been said since, and the canaries that have been written."""
    entered, told, asked, timed = list(course.entered), list(course.told), list(course.asked), course.timed
    for step in steps:
        match step:
            case Entered():
                entered.append(step)
            case Told():
                told.append(step)
            case Asked():
                asked.append(step)
            case Timed():
                timed = step
    kept = [canary.acknowledged for canary in written if canary.acknowledged is not None]
    return replace(
        course,
        entered=tuple(entered),
        told=tuple(told),
        asked=tuple(asked),
        timed=timed,
        acknowledged=course.acknowledged + len(kept),
        newest=kept[-1] if kept else course.newest,
    )


def rto(course: Course, now: float) -> Clock:
    """How long clients were not served as they should be."""
    settle = course.definition.phases.settle
    rule = f"from the fault in effect to the reply after which none fails for {settle:g} s"
    wanted = course.definition.objectives.rto
    clock = Clock(name="RTO", rule=rule, mark=Mark.WAITING, limit="" if wanted is None else f"<= {seconds(wanted)}")
    fault = course.times.fault
    if course.report is not None:
        return _judged(clock, course.report, "rto", _rto_measured(course.report))
    if fault is None:
        return clock
    bad, failing = _suffering(course, fault)
    lasted = max(0.0, now - fault) if failing else 0.0 if bad is None else bad - fault
    over = wanted is not None and lasted > wanted
    return replace(clock, shown=seconds(lasted), mark=Mark.RUNNING if failing else Mark.SO_FAR, over=over)


def _suffering(course: Course, fault: float) -> tuple[float | None, bool]:
    """When the last request was due that failed between the fault and the failback, and whether they go on to fail."""
    before = course.times.failback
    heard = [one for one in course.asked if before is None or one.at <= before]
    bad = heard[-1].progress.last_failed if heard else None
    if bad is None or bad < fault:
        return None, False
    return bad, course.going and before is None and heard[-1].at - bad <= FRESH


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
        losses = course.report.evidence.losses
        lost = sum(loss.lost_count + loss.duplicates for loss in losses)
        told = f"{lost} of {sum(loss.acknowledged for loss in losses)} lost" if losses else _UNMEASURED
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
        return replace(clock, shown=measured, mark=Mark.SO_FAR if measured != _UNMEASURED else Mark.UNMEASURED)
    measured = item.value if measured == _UNMEASURED else measured
    marks = {Status.MET: Mark.MET, Status.MISSED: Mark.MISSED, Status.UNMEASURED: Mark.UNMEASURED}
    return replace(clock, shown=measured, limit=clock.limit or item.limit, mark=marks[item.status])


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
        shown = "" if value is None else percent(value)
        limits = [f">= {percent(least)}"] if least is not None else []
        limits += [f"<= {percent(most)}"] if most is not None else []
        text = f"availability {' and '.join(limits)}"
    else:
        p99 = said[-1].p99_ms if said else None
        value = None if p99 is None else p99 / 1000
        shown = "" if value is None else seconds(value)
        text = f"p99 <= {seconds(most)}" if most is not None else "p99"
    ok = None if value is None else (least is None or value >= least) and (most is None or value <= most)
    return Condition(text=text, value=shown, ok=ok)


def _stop(rule: AbortRule, said: list[Progress]) -> Condition:
    value = available(said[-1], said, rule.window) if said else None
    return Condition(
        text=f"stops when {rule.probe} < {percent(rule.below)} of {rule.window:g} s, for {rule.lasting:g} s",
        value="" if value is None else percent(value),
        ok=None if value is None else value >= rule.below,
    )


def served(course: Course) -> tuple[Served, ...]:
    """Second by second how many requests were answered and how many failed: as the load says, at last as measured."""
    report, fault = course.report, course.times.fault
    if report is not None and fault is not None and report.series:
        return tuple(
            Served(begin=fault + one.at, end=fault + one.at + 1.0, good=one.good, bad=one.bad) for one in report.series
        )
    found = []
    before, since = Progress(t=0.0, sent=0, failed=0), 0.0
    for one in course.asked:
        now = one.progress
        bad = now.failed - before.failed
        begin = since or one.at - now.t
        found.append(Served(begin=begin, end=one.at, good=max(0, now.sent - before.sent - bad), bad=bad))
        before, since = now, one.at
    return tuple(found)


def bars(course: Course) -> tuple[Bar, ...]:
    """Everything that takes time in a drill, in the order of a run; what has not begun is not there."""
    begun = {one.phase: one.at for one in reversed(course.entered)}
    ends = {one.phase: after.at for one, after in zip(course.entered, course.entered[1:], strict=False)}
    times = course.times
    found: list[Bar] = []

    def phase(name: str, which: Phase, said: str = "") -> None:
        if which in begun:
            end = ends.get(which) or (None if course.going else last(course))
            found.append(Bar(name=name, begin=begun[which], end=end, said=said))

    def part(name: str, begin: float | None, end: float | None, said: str) -> None:
        if begin is not None and (end is not None or course.going):
            found.append(Bar(name=name, begin=begin, end=end, said=said))

    phase("baseline", Phase.BASELINE)
    if times.fault is not None:
        struck = ", ".join(str(strike) for strike in course.plan.strikes) if course.plan is not None else ""
        found.append(Bar(name="inject", begin=times.fault, end=times.fault, said=struck))
        part("detect", times.fault, times.detected, "seen by the daemon")
        part("reroute", times.fault, times.rerouted, "proved by every edge")
        if (back := _back(course)) is not None:
            found.append(back)
        held = course.plan is not None and bool(course.plan.keeps_down)
        part("capacity", times.failback if held else times.fault, times.capacity, "everything serves again")
    for step in course.by_hand:
        part("by hand", step.asked, step.done, step.step)
    phase("observe", Phase.OBSERVE)
    phase("settle", Phase.SETTLE)
    phase("failback", Phase.FAILBACK)
    phase("verify", Phase.VERIFY)
    return tuple(found)


def last(course: Course) -> float:
    """The last moment that anything is known of."""
    moments = [one.at for one in course.entered[-1:]]
    moments += [one.at for one in course.told[-1:]] + [one.at for one in course.asked[-1:]]
    return max(moments, default=0.0)


def _back(course: Course) -> Bar | None:
    """How long clients were not served, if the report says so or they are not yet."""
    report, fault = course.report, course.times.fault
    if fault is None:
        return None
    if report is not None:
        back = report.outage.back if report.outage is not None else None
        if back is None:
            return None
        said = "clients served for good" if back > fault else "no client noticed"
        return Bar(name="recover", begin=fault, end=back, said=said)
    bad, failing = _suffering(course, fault)
    end = None if failing else fault if bad is None else bad
    said = "clients fail" if failing else "no client has noticed" if bad is None else "clients served so far"
    return Bar(name="recover", begin=fault, end=end, said=said)


def percent(part: float) -> str:
    """A part (0..1) as it is read: 99.9 %, and no more of it than was measured."""
    return f"{part * 100:.4g} %"
