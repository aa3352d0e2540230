"""Objectives that are measured by something else: by this run's own baseline, and by an error budget.

Pure; from numbers to a judgement. Which requests they are about is `judging`.
"""

from hactl.drill.definition import BudgetShare
from hactl.drill.quantity import Unit, shown
from hactl.drill.verdict import Judged, Status


def ratio(name: str, limit: float, now: float | None, before: float | None) -> Judged:
    """How many times as long (seconds) as in the baseline something took; None for what was not measured."""
    wanted = f"<= {shown(limit, Unit.RATIO)} the baseline"
    if now is None or not before:
        return Judged(name=name, limit=wanted, value="not measured", margin=None, status=Status.UNMEASURED)
    measured = now / before
    return Judged(
        name=name,
        limit=wanted,
        value=f"{shown(measured, Unit.RATIO)} ({now * 1000:.1f} ms, was {before * 1000:.1f} ms)",
        margin=(limit - measured) / limit,
        status=Status.MET if measured <= limit else Status.MISSED,
        measured=measured,
        unit=Unit.RATIO,
    )


def burned(bad: int, rate: float, slo: float, window: float) -> float:
    """The part of an error budget that `bad` requests are, were there `rate` of them a second all the time."""
    return bad / ((1 - slo) * rate * window)


def budget(asked: BudgetShare, bad: int | None, rate: float) -> Judged:
    """Whether no more of an error budget was burned than allowed; `bad` is None when nobody asked anything."""
    of = f"of the budget of {asked.slo * 100:g} % in {asked.window / 86400:g} d, at this rate"
    wanted = f"<= {shown(asked.most, Unit.PART)} {of}"
    if bad is None:
        return Judged(name="budget_share", limit=wanted, value="not measured", margin=None, status=Status.UNMEASURED)
    measured = burned(bad, rate, asked.slo, asked.window)
    return Judged(
        name="budget_share",
        limit=wanted,
        value=shown(measured, Unit.PART),
        margin=(asked.most - measured) / asked.most if asked.most else None,
        status=Status.MET if measured <= asked.most else Status.MISSED,
        measured=measured,
        unit=Unit.PART,
    )
