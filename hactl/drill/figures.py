"""The figures of one run, by name and as numbers: what runs are compared by. Pure; read from a report, never measured.

Times, losses and what clients saw are figures of every run, whether the drill asks for them or not. An objective that
measures under the same name wins: its window is the one that the drill file fixes.
"""

from collections.abc import Iterator

from hactl.core.value import Value
from hactl.drill import ratios
from hactl.drill.definition import BudgetShare
from hactl.drill.evidence import capacity_due, lasted, seen_from
from hactl.drill.quantity import Unit
from hactl.drill.report import DrillReport


class Figure(Value):
    """One number that was measured."""

    name: str
    value: float | None
    """None when it was not."""
    unit: Unit
    more_is_better: bool = False


def figures(report: DrillReport) -> tuple[Figure, ...]:
    """Every figure of a run, those of the objectives after what every run has."""
    judged = {
        item.name: Figure(
            name=item.name, value=item.measured, unit=item.unit, more_is_better=item.more_is_better
        )
        for item in report.objectives
        if item.measured is not None
    }  # fmt: skip
    found = {one.name: one for one in _measured(report)}
    return tuple((found | judged).values())


def figure(report: DrillReport, name: str) -> float | None:
    """The figure called so; None when it was not measured."""
    return next((one.value for one in figures(report) if one.name == name), None)


def outage_equivalent(report: DrillReport) -> float | None:
    """Bad requests as seconds of a full outage at this rate: comparable between runs of other rates."""
    if report.plan is None or not report.during.requests:
        return None
    return bad(report) / report.plan.load.rate


def budget(report: DrillReport) -> BudgetShare:
    """The error budget that a drill burns a part of: its own, or that of 99.9 % in 30 days."""
    return report.definition.objectives.budget_share or BudgetShare(most=1.0)


def burned(report: DrillReport) -> float | None:
    """The part of that budget that the bad requests are; were there as many requests all the time."""
    if report.plan is None or not report.during.requests:
        return None
    of = budget(report)
    return ratios.burned(bad(report), report.plan.load.rate, of.slo, of.window)


def bad(report: DrillReport) -> int:
    """Requests due between the fault and the failback that failed or were never sent."""
    return report.during.failed + report.during.unsent


def _measured(report: DrillReport) -> Iterator[Figure]:
    times, outage, during = report.evidence.times, report.outage, report.during
    struck, seen = times.fault is not None, during.requests > 0
    yield _time("detect", lasted(seen_from(times), times.detected))
    yield _time("edge_knew", lasted(times.fault, times.edge_knew))
    yield _time("last_reached", lasted(times.fault, times.last_reached))
    yield _time("reroute", lasted(times.fault, times.rerouted))
    yield _time("rto", None if outage is None else outage.rto)
    yield _time("client_outage", None if outage is None else outage.outage)
    yield _time("restore_capacity", lasted(capacity_due(times, report.plan), times.capacity))
    yield Figure(
        name="availability",
        value=during.ok / during.requests if seen else None,
        unit=Unit.PART,
        more_is_better=True,
    )
    yield _count("failed", bad(report) if struck and seen else None)
    yield _time("outage_equivalent", outage_equivalent(report))
    yield _count("rpo_records", report.evidence.lost)
    yield _time("latency_p99", during.p99_ms / 1000 if seen else None)
    yield _time("latency_p99_before", report.before.p99_ms / 1000 if report.before.requests else None)


def _time(name: str, value: float | None) -> Figure:
    return Figure(name=name, value=value, unit=Unit.SECONDS)


def _count(name: str, value: float | None) -> Figure:
    return Figure(name=name, value=value, unit=Unit.COUNT)
