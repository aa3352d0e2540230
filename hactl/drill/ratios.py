"""Objectives measured relative to something else: this run's own baseline, or an error budget.

Pure; from numbers to a judgement. Which requests they are about is `judging`.
"""

from hactl.drill.definition import BudgetShare
from hactl.drill.judged import at_most, unmeasured
from hactl.drill.quantity import Unit, shown
from hactl.drill.verdict import Judged


def ratio(name: str, limit: float, now: float | None, before: float | None) -> Judged:
    """How many times as long (seconds) as in the baseline something took; None for what was not measured."""
    wanted = f"<= {shown(limit, Unit.RATIO)} the baseline"
    if now is None or not before:
        return unmeasured(name, wanted)
    measured = now / before
    value = f"{shown(measured, Unit.RATIO)} ({now * 1000:.1f} ms, was {before * 1000:.1f} ms)"
    return at_most(name, limit, measured, Unit.RATIO, wanted=wanted, value=value)


def burned(bad: int, rate: float, slo: float, window: float) -> float:
    """The part of an error budget that `bad` requests are, were there `rate` of them a second all the time."""
    return bad / ((1 - slo) * rate * window)


def budget(asked: BudgetShare, bad: int | None, rate: float) -> Judged:
    """Whether no more of an error budget was burned than allowed; `bad` is None when nobody asked anything."""
    of = f"of the budget of {asked.slo * 100:g} % in {asked.window / 86400:g} d, at this rate"
    wanted = f"<= {shown(asked.most, Unit.PART)} {of}"
    measured = None if bad is None else burned(bad, rate, asked.slo, asked.window)
    return at_most("budget_share", asked.most, measured, Unit.PART, wanted=wanted, value=shown(measured, Unit.PART))
