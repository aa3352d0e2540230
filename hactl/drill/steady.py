"""The steady-state hypothesis: a validity check before the faults, and an objective after settling. Pure.

A fleet that was not well before proves nothing by what comes after; one that is not well afterwards has not come back,
whatever else it met. Which requests those are is `judging`.
"""

from hactl.drill.definition import OF_HOPS, OF_THE_MACHINE, Definition, FaultKind, Hypothesis, Probe
from hactl.drill.gate import Check
from hactl.drill.judged import unmeasured
from hactl.drill.measure import Report
from hactl.drill.quantity import Unit, seconds
from hactl.drill.verdict import Judged, Status

_SUFFERED = (FaultKind.IMPAIR, FaultKind.CPU, *OF_THE_MACHINE, *OF_HOPS)
"""Kinds of faults that clients may suffer from for as long as they last, however well the fleet does."""


def before(rule: Hypothesis, seen: Report) -> Check:
    """Whether it was so in `seen`, what clients saw before the fault."""
    value = measured(rule.probe, seen)
    shown = "not measured" if value is None else _shown(rule, value)
    return Check(
        name=f"{rule.probe} before the fault",
        value=shown,
        limit=_limit(rule),
        ok=value is not None and holds(rule, value),
    )


def afterwards(rule: Hypothesis, seen: Report) -> Judged:
    """Whether it is so in `seen`, what clients saw when all had settled."""
    name, value = f"settled_{rule.probe}", measured(rule.probe, seen)
    if value is None:
        return unmeasured(name, _limit(rule))
    return Judged(
        name=name,
        limit=_limit(rule),
        value=_shown(rule, value),
        margin=_margin(rule, value),
        status=Status.MET if holds(rule, value) else Status.MISSED,
        measured=value,
        unit=Unit.PART if rule.probe is Probe.AVAILABILITY else Unit.SECONDS,
        more_is_better=rule.least is not None,
    )


def measured(probe: Probe, seen: Report) -> float | None:
    """What `probe` finds in what clients saw: a part (0..1) or seconds; None when nobody asked anything."""
    if not seen.requests:
        return None
    return seen.ok / seen.requests if probe is Probe.AVAILABILITY else seen.p99_ms / 1000


def holds(rule: Hypothesis, value: float) -> bool:
    """Whether `value`, a part (0..1) or seconds, is within the limits of `rule`."""
    return (rule.least is None or value >= rule.least) and (rule.most is None or value <= rule.most)


def ends(drill: Definition) -> bool:
    """Whether all that clients may suffer from is over before the fleet settles: else nothing follows from that."""
    return not any(fault.kind in _SUFFERED and fault.lasting is None for fault in drill.faults)


def _margin(rule: Hypothesis, value: float) -> float | None:
    if rule.least is not None:  # of an availability: what may be missing is the limit
        spare = 1 - rule.least
        return (value - rule.least) / spare if spare else None
    return (rule.most - value) / rule.most if rule.most else None


def _shown(rule: Hypothesis, value: float) -> str:
    return f"{value * 100:.2f} %" if rule.probe is Probe.AVAILABILITY else f"{value * 1000:.1f} ms"


def _limit(rule: Hypothesis) -> str:
    limits = ((">=", rule.least), ("<=", rule.most))
    part = rule.probe is Probe.AVAILABILITY
    return " and ".join(
        f"{sign} {f'{limit * 100:g} %' if part else seconds(limit)}" for sign, limit in limits if limit is not None
    )
