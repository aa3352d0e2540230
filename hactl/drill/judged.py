"""An objective with a limit, and what was measured: met, missed or unmeasured. Pure; which there are is `judging`."""

from collections.abc import Sequence

from hactl.core import plural
from hactl.drill.quantity import Unit, seconds
from hactl.drill.recovery_time import Outage, worst
from hactl.drill.verdict import Judged, Status


def timed(name: str, limit: float, measured: float | None, late: str = "") -> Judged:
    """One that must not take longer than `limit` seconds; `late` says what became of one that never came."""
    wanted = f"<= {seconds(limit)}"
    if measured is not None:
        return at_most(name, limit, measured, Unit.SECONDS, wanted=wanted, value=seconds(measured))
    if not late:
        return unmeasured(name, wanted)
    return Judged(name=name, limit=wanted, value=late, margin=None, status=Status.MISSED, unit=Unit.SECONDS)


def back(name: str, limit: float, outages: Sequence[Outage]) -> Judged:
    """That clients were served for good within `limit` seconds after each of some faults. One that was certainly later
    is missed; one whose end nobody has seen, and that may have been in time, is unmeasured."""
    one = worst([each for each in outages if each.least > limit]) or worst(outages)
    if one is None or one.rto is not None:
        return timed(name, limit, None if one is None else one.rto)
    if one.least > limit:
        return timed(name, limit, None, f"not within {one.seen:.1f} s")
    return unmeasured(name, f"<= {seconds(limit)}", f" within {one.seen:.1f} s")


def counted(name: str, limit: int, measured: int | None, what: str, many: str = "") -> Judged:
    """One that must not be more than `limit` of something; `what` names one of it, `many` its irregular plural."""
    value = "" if measured is None else plural.counted(measured, what, many)
    return at_most(name, limit, measured, Unit.COUNT, wanted=f"<= {plural.counted(limit, what, many)}", value=value)


def amplified(limit: float, measured: float | None) -> Judged:
    """How many requests each request of clients became."""
    value = "" if measured is None else f"{measured:.3f}"
    return at_most("amplification", limit, measured, Unit.RATIO, wanted=f"<= {limit:g}", value=value)


def at_most(name: str, limit: float, measured: float | None, unit: Unit, *, wanted: str, value: str) -> Judged:
    """One whose number must not be above `limit`; `wanted` and `value` are the two as people read them."""
    if measured is None:
        return unmeasured(name, wanted)
    return Judged(
        name=name,
        limit=wanted,
        value=value,
        margin=(limit - measured) / limit if limit else None,
        status=Status.MET if measured <= limit else Status.MISSED,
        measured=measured,
        unit=unit,
    )


def at_least(name: str, limit: float, measured: float, *, wanted: str, value: str) -> Judged:
    """A part (0..1) of all that must not be below `limit`; its margin is of what may be missing."""
    return Judged(
        name=name,
        limit=wanted,
        value=value,
        margin=(measured - limit) / (1 - limit) if limit < 1 else None,
        status=Status.MET if measured >= limit else Status.MISSED,
        measured=measured,
        unit=Unit.PART,
        more_is_better=True,
    )


def unmeasured(name: str, limit: str, told: str = "") -> Judged:
    """One that nobody can say anything about; `told` goes on with "not measured"."""
    return Judged(name=name, limit=limit, value=f"not measured{told}", margin=None, status=Status.UNMEASURED)
