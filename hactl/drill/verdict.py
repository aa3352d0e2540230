"""The five verdicts of a drill, and the objectives and checks that lead to one. Pure.

A missing measurement is inconclusive and never a pass. So is a run that proves nothing: its faults were not confirmed,
its fleet was not well before, its load generator was late. A rollback that is not clean is told apart from all of them.
"""

from enum import StrEnum

from hactl.core.value import Value
from hactl.drill.gate import Check
from hactl.drill.quantity import Unit


class Verdict(StrEnum):
    """What a drill has shown."""

    PASS = "pass"
    FAIL = "fail"
    """An objective was missed."""
    INCONCLUSIVE = "inconclusive"
    """It has shown nothing."""
    ABORTED = "aborted"
    """It was stopped: by a person, a safety rule, or the daemon."""
    ERROR = "error"
    """The drill itself broke."""


CONCLUSIVE = (Verdict.PASS, Verdict.FAIL)
"""Verdicts of runs that have shown something: only these are counted in medians, and only their misses are failures."""


GIVEN_UP = "stop condition"
"""How the reason begins why a run was stopped: its clients suffered more than the drill is worth."""


class Status(StrEnum):
    """What became of one objective."""

    MET = "met"
    MISSED = "missed"
    UNMEASURED = "unmeasured"


class Judged(Value):
    """One objective."""

    name: str
    limit: str
    value: str
    """As measured, with its unit; "not measured" when it was not."""
    margin: float | None
    """What was left, as a part of the limit: 0.5 is half of it, below 0 is missed. None without a number."""
    status: Status
    measured: float | None = None
    """The number in `value`; None when there is none."""
    unit: Unit = Unit.COUNT
    """What `measured` counts in."""
    more_is_better: bool = False
    """The limit is the least that is wanted, and not the most."""
    cause: str = ""
    """When it was missed: what most likely did it, and which knob to look at."""


class Conclusion(Value):
    """A verdict and the sentence that goes with it."""

    verdict: Verdict
    why: str


def conclude(
    judged: tuple[Judged, ...],
    validity: tuple[Check, ...],
    *,
    stopped: str = "",
    pointless: str = "",
    error: str = "",
) -> Conclusion:
    """The verdict on a run; `stopped` says why it did not run to its end, `pointless` why it would have shown
    nothing, `error` what broke in it."""
    if error:
        return Conclusion(verdict=Verdict.ERROR, why=error)
    if stopped:
        return Conclusion(verdict=Verdict.ABORTED, why=stopped)
    if pointless:
        return Conclusion(verdict=Verdict.INCONCLUSIVE, why=pointless)
    invalid = [f"{check.name}: {check.value} ({check.limit})" for check in validity if not check.ok]
    if invalid:
        return Conclusion(verdict=Verdict.INCONCLUSIVE, why="; ".join(invalid))
    missed = [item for item in judged if item.status is Status.MISSED]
    if missed:
        told = "; ".join(f"{item.name} {item.value}, wanted {item.limit}" for item in missed)
        return Conclusion(verdict=Verdict.FAIL, why=told)
    unmeasured = [item.name for item in judged if item.status is Status.UNMEASURED]
    if unmeasured:
        return Conclusion(verdict=Verdict.INCONCLUSIVE, why=f"not measured: {', '.join(unmeasured)}")
    if not judged:
        return Conclusion(verdict=Verdict.INCONCLUSIVE, why="the drill has no objective")
    return Conclusion(verdict=Verdict.PASS, why=f"all {len(judged)} objectives met")
