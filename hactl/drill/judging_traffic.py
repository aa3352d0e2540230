"""Where requests went that faults had to do with, judged: to routes beside, again and again, all at once, or to others.

Pure; a part of `judging`.
"""

import math
from collections.abc import Iterator, Sequence

from hactl.drill.arrivals import FIRST, herd
from hactl.drill.definition import Objectives
from hactl.drill.evidence import Evidence, Times
from hactl.drill.judged import amplified, at_least, at_most, timed, unmeasured
from hactl.drill.plan import DrillPlan
from hactl.drill.quantity import Unit, shown
from hactl.drill.records import Row
from hactl.drill.shifting import MOST, shifted
from hactl.drill.verdict import Judged


def traffic_objectives(
    asked: Objectives, plan: DrillPlan, evidence: Evidence, rows: Sequence[Row], others: Sequence[Row]
) -> Iterator[Judged]:
    """What is asked of it. `rows` are of the clients that are judged, `others` of those of other routes that were under
    way or due from the fault to the failback."""
    if asked.others_availability is not None:
        yield _others(asked.others_availability, others)
    if asked.amplification is not None:
        yield amplified(asked.amplification, evidence.amplification)
    if asked.herd is not None:
        yield _herd(asked.herd, plan, evidence)
    if asked.shifted is not None:
        yield _shifted(asked.shifted, plan, evidence.times, rows)


def returns(plan: DrillPlan, times: Times) -> tuple[float, ...]:
    """When services were there again that had been struck (monotonic seconds), before the failback."""
    ends = zip(plan.strikes, times.lifted, strict=False)
    return tuple(end for strike, end in ends if strike.services and end is not None)


def _others(least: float, others: Sequence[Row]) -> Judged:
    limit = f">= {least * 100:g} %"
    if not others:
        return unmeasured("others_availability", limit)
    value = sum(row.ok for row in others) / len(others)
    told = f"{shown(value, Unit.PART)} of {len(others)}"
    return at_least("others_availability", least, value, wanted=limit, value=told)


def _herd(most: float, plan: DrillPlan, evidence: Evidence) -> Judged:
    times = evidence.times
    measured = herd(evidence.arrivals, times.struck, returns(plan, times), times.failback or math.inf)
    value = "" if measured is None else f"{measured:.2f} x in the first {FIRST:g} s"
    return at_most("herd", most, measured, Unit.RATIO, wanted=f"<= {most:g} x", value=value)


def _shifted(limit: float, plan: DrillPlan, times: Times, rows: Sequence[Row]) -> Judged:
    if times.fault is None or times.failback is None:
        return timed("shifted", limit, None)
    took, gone = shifted(rows, frozenset(plan.at_once), times.fault, times.failback)
    told = "" if gone is None else f"not {MOST * 100:g} % of its share, {gone * 100:.0f} % in the end"
    return timed("shifted", limit, took, told)
