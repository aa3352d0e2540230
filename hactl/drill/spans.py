"""What a drill did and what happened to the fleet, as spans on one axis of time: seconds from the fault. Pure.

Two kinds are kept apart: phases are what the drill meant to do, measured spans are what came of it. A span that is
shorter than can be drawn is still a span, with its length beside it.
"""

from collections.abc import Iterator
from enum import StrEnum

from hactl.core.value import Value
from hactl.drill.evidence import capacity_due, seen_from
from hactl.drill.phases import Phase
from hactl.drill.report import DrillReport

_BRIEF = 0.05
"""Seconds below which a phase is only a step of the procedure, and no span that anybody looks for."""


class SpanKind(StrEnum):
    """What a span is of."""

    PHASE = "phase"
    MEASURED = "measured"


class Span(Value):
    """Something that lasted; seconds from the fault, or from the beginning when there was none."""

    name: str
    begin: float
    end: float
    kind: SpanKind
    rule: str = ""
    """When it begins and ends, in words."""

    @property
    def length(self) -> float:
        """Seconds."""
        return self.end - self.begin


def spans(report: DrillReport) -> tuple[Span, ...]:
    """The phases that took time, and then what was measured."""
    return (*_phases(report), *_measured(report))


def _phases(report: DrillReport) -> Iterator[Span]:
    zero = _zero(report)
    for spent in report.phases:
        if spent.end - spent.begin >= _BRIEF:
            yield Span(name=spent.phase, begin=spent.begin - zero, end=spent.end - zero, kind=SpanKind.PHASE)


def _measured(report: DrillReport) -> Iterator[Span]:
    times, outage = report.evidence.times, report.outage
    zero = times.fault
    if zero is None:
        return
    gone, back = (None, None) if outage is None else (outage.fault, outage.back)
    found = (
        ("injected", times.asked, zero, "from the command until the fault was confirmed to be in effect"),
        ("detect", seen_from(times), times.detected, "from the fault until the daemon saw it"),
        ("an edge knew", zero, times.edge_knew, "until the first edge had proved a plan without the targets"),
        ("last reached", zero, times.last_reached, "until the last request known to have reached one of them"),
        ("reroute", zero, times.rerouted, "until every edge had proved a plan without the targets"),
        ("rto", gone, back, "until clients were served again for good"),
        (
            "capacity back",
            capacity_due(times, report.plan),
            times.capacity,
            "until as many were serving again as before",
        ),
        ("put back", times.failback, times.restored, "from the failback until the daemon reported everything restored"),
    )
    for name, begin, end, rule in found:
        if begin is not None and end is not None:
            yield Span(name=name, begin=begin - zero, end=max(begin, end) - zero, kind=SpanKind.MEASURED, rule=rule)


def _zero(report: DrillReport) -> float:
    """Seconds from the beginning of the run to its fault. The failback is the moment that is known on both clocks: that
    of the run, and the monotonic one of everything that was measured."""
    times = report.evidence.times
    begun = [spent.begin for spent in report.phases if spent.phase is Phase.FAILBACK]
    if times.fault is None or times.failback is None or not begun:
        return 0.0
    return begun[0] - (times.failback - times.fault)
