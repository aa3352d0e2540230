"""The course of a run, as seen from outside while it is in progress and afterwards. Pure.

Made from what a run says of itself (`progress`), its ledger of canaries, and in the end its report. What is read off it
stands in `clocks` and `bars`; while the drill goes on that is provisional, and what was measured is the report's.
"""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import assert_never

from hactl.core.value import Value, replace
from hactl.drill.canary import Written
from hactl.drill.definition import CanaryStore, Definition
from hactl.drill.evidence import ByHand, Times
from hactl.drill.faults import Proof
from hactl.drill.phases import Phase
from hactl.drill.plan import DrillPlan
from hactl.drill.progress import Asked, Entered, Step, Timed, Told
from hactl.drill.report import DrillReport, Ending

FRESH = 1.2
"""Seconds before the last word of the load in which a failed request means that clients are not served: it speaks once
a second."""


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
    ending: Ending = Ending()
    """Why it goes on no more, once something has come up."""
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


class Suffered(Value):
    """What clients have suffered from one fault so far; monotonic seconds."""

    fault: float
    """When it took effect."""
    bad: float | None
    """When the last request was due that failed; None while none has."""
    failing: bool
    """They go on to fail."""

    @property
    def lasted(self) -> float:
        """Seconds from the fault to the last failure."""
        return 0.0 if self.bad is None else self.bad - self.fault


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
            case _:
                assert_never(step)
    signs = (canary for canary in written if canary.store is CanaryStore.JOURNAL)
    kept = [canary.acknowledged for canary in signs if canary.acknowledged is not None]
    return replace(
        course,
        entered=tuple(entered),
        told=tuple(told),
        asked=tuple(asked),
        timed=timed,
        acknowledged=course.acknowledged + len(kept),
        newest=kept[-1] if kept else course.newest,
    )


def suffering(course: Course) -> Suffered | None:
    """What clients suffer from the fault of which they fail now, or else from the one that they have suffered from
    longest; None before the first. As in a report, what fails after another fault is that one's."""
    times = course.times
    if times.fault is None:
        return None
    heard = [one for one in course.asked if times.failback is None or one.at <= times.failback]
    failed = tuple(dict.fromkeys(bad for one in heard if (bad := one.progress.last_failed) is not None))
    goes_on = failed and course.going and times.failback is None and heard[-1].at - failed[-1] <= FRESH
    found = []
    for fault, another in pairwise((*(times.struck or (times.fault,)), math.inf)):
        bad = max((one for one in failed if fault <= one < another), default=None)
        found.append(Suffered(fault=fault, bad=bad, failing=bool(goes_on) and bad == failed[-1]))
    return max(found, key=lambda one: (one.failing, one.lasted))


def last(course: Course) -> float:
    """The last moment that anything is known of."""
    moments = [one.at for one in course.entered[-1:]]
    moments += [one.at for one in course.told[-1:]] + [one.at for one in course.asked[-1:]]
    return max(moments, default=0.0)
