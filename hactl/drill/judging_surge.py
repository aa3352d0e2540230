"""How a surge was handled, judged: goodput, refusals, and how soon all was well again. Pure; a part of `judging`."""

from collections.abc import Iterator, Sequence

from hactl.drill.burden import Surge
from hactl.drill.definition import Objectives
from hactl.drill.gate import Check
from hactl.drill.judged import at_least, back, timed, unmeasured
from hactl.drill.plan import DrillPlan
from hactl.drill.quantity import seconds
from hactl.drill.records import Row
from hactl.drill.recovery_time import settling
from hactl.drill.surging import Borne, recovered
from hactl.drill.verdict import Judged, Status

SURGED = 0.95
"""Part of a surge that has really to be sent."""


def as_strong_as_meant(plan: DrillPlan, seen: Borne | None) -> Iterator[Check]:
    """A surge is what is done to the fleet, not what it is measured by: it has to be as strong as was meant."""
    surges = [strike.burden for strike in plan.strikes if isinstance(strike.burden, Surge) and strike.burden.factor > 1]
    if not surges or (len(surges) > 1 and seen is not None):
        return  # several overlap as they like
    wanted = plan.load.rate * (surges[0].factor - 1)
    yield Check(
        name="surge as strong as intended",
        value="none of its requests are known" if seen is None else f"{seen.sent:.0f} more requests/s",
        limit=f">= {SURGED * wanted:.0f}",
        ok=seen is not None and seen.sent >= SURGED * wanted,
    )


def surge_objectives(asked: Objectives, seen: Borne | None) -> Iterator[Judged]:
    """What is asked of a fleet while a surge lasts."""
    if asked.goodput is not None:
        limit = f">= {asked.goodput * 100:g} %"
        yield unmeasured("goodput", limit) if seen is None else _goodput(asked.goodput, limit, seen)
    if asked.refused_p99 is None:
        return
    if seen is not None and seen.refused_p99 is None:
        limit = f"<= {seconds(asked.refused_p99)}"
        yield Judged(name="refused_p99", limit=limit, value="nothing was refused", margin=None, status=Status.MET)
    else:
        yield timed("refused_p99", asked.refused_p99, None if seen is None else seen.refused_p99)


def recovery(limit: float, rows: Sequence[Row], over: float | None, settle: float, failback: float) -> Judged:
    """How soon `rows` were well for good after a fault that was over before the failback; `settle` is seconds."""
    if over is None or over >= failback or not any(over <= row.intended < failback for row in rows):
        return unmeasured("recovered", f"<= {seconds(limit)}")
    return back("recovered", limit, [recovered(rows, over, settling(settle, over, failback), failback)])


def _goodput(least: float, limit: str, seen: Borne) -> Judged:
    of = "declared capacity" if seen.declared else "demand"
    value = f"{seen.goodput * 100:.2f} % of {seen.wanted:.0f} {of} in {seen.end - seen.begin:.1f} s"
    return at_least("goodput", least, seen.goodput, wanted=limit, value=value)
