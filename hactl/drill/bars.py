"""What takes time in a drill, and what clients saw meanwhile, as spans between moments. Pure; drawn elsewhere."""

from hactl.core.value import Value
from hactl.drill.course import Course, last, suffering
from hactl.drill.evidence import capacity_due, seen_from
from hactl.drill.load_plan import Progress
from hactl.drill.phases import Phase
from hactl.drill.progress import HEAL

INJECT = "inject"
"""What the mark of a fault is called: it is done at a moment, and takes no time."""


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

    def part(name: str, begin: float | None, end: float | None, said: str, before: str = "") -> None:
        if begin is not None and (end is not None or course.going):
            found.append(Bar(name=name, begin=begin, end=end, said=said if end is not None else before or said))

    phase("baseline", Phase.BASELINE)
    if times.fault is not None:
        found += _injected(course)
        struck = course.plan is not None and bool(course.plan.nodes)
        if struck or times.detected is not None:
            part("detect", seen_from(times), times.detected, "seen by the daemon", "not seen by the daemon yet")
        edges_only = all(fault.target.edges is not None for fault in course.definition.faults)  # nobody leaves an edge
        if (struck and not edges_only) or times.rerouted is not None:
            part("reroute", times.fault, times.rerouted, "proved by every edge", "not proved by every edge yet")
        if (back := _back(course)) is not None:
            found.append(back)
        due = capacity_due(times, course.plan)
        part("capacity", due, times.capacity, "everything serves again", "not everything serves yet")
    for step in course.by_hand:
        part("by hand", step.asked, step.done, step.step)
    found += _healed(course)
    phase("observe", Phase.OBSERVE)
    phase("settle", Phase.SETTLE)
    phase("failback", Phase.FAILBACK)
    phase("verify", Phase.VERIFY)
    return tuple(found)


def _injected(course: Course) -> list[Bar]:
    """The moments at which faults took effect."""
    strikes = course.plan.strikes if course.plan is not None else ()
    struck = zip(course.times.struck, strikes, strict=False)  # those to come have no moment yet
    return [Bar(name=INJECT, begin=at, end=at, said=str(strike)) for at, strike in struck]


def _healed(course: Course) -> list[Bar]:
    """The moments at which the run has said that it took one back."""
    said = [(one.at, one.text.removeprefix(f"{HEAL}: ")) for one in course.told if one.text.startswith(f"{HEAL}: ")]
    return [Bar(name=HEAL, begin=at, end=at, said=text) for at, text in said]


def _back(course: Course) -> Bar | None:
    """How long clients were not served, if the report says so or they are not yet."""
    report, seen = course.report, suffering(course)
    if seen is None:
        return None
    if report is not None:
        if report.outage is None or report.outage.back is None:
            return None
        fault, back = report.outage.fault, report.outage.back
        said = "clients served for good" if back > fault else "no client noticed"
        return Bar(name="recover", begin=fault, end=back, said=said)
    end = None if seen.failing else seen.fault if seen.bad is None else seen.bad
    said = "clients fail" if seen.failing else "no client has noticed" if seen.bad is None else "clients served so far"
    return Bar(name="recover", begin=seen.fault, end=end, said=said)
