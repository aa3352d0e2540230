"""An objective with a limit, and what was measured: met, missed or unmeasured. Pure; which there are is `judging`."""

from hactl.drill.quantity import Unit, seconds
from hactl.drill.verdict import Judged, Status


def timed(name: str, limit: float, measured: float | None, late: str = "") -> Judged:
    """One that must not take longer than `limit` seconds; `late` says what became of one that never came."""
    shown = f"<= {seconds(limit)}"
    if measured is None and not late:
        return unmeasured(name, shown)
    return Judged(
        name=name,
        limit=shown,
        value=late if measured is None else seconds(measured),
        margin=None if measured is None or not limit else (limit - measured) / limit,
        status=Status.MET if measured is not None and measured <= limit else Status.MISSED,
        measured=measured,
        unit=Unit.SECONDS,
    )


def counted(name: str, limit: int, measured: int | None, what: str) -> Judged:
    """One that must not be more than `limit` of something."""
    shown = f"<= {limit} {what}"
    if measured is None:
        return unmeasured(name, shown)
    return Judged(
        name=name,
        limit=shown,
        value=f"{measured} {what}",
        margin=(limit - measured) / limit if limit else None,
        status=Status.MET if measured <= limit else Status.MISSED,
        measured=measured,
        unit=Unit.COUNT,
    )


def amplified(limit: float, measured: float | None) -> Judged:
    """How many requests each request of clients became."""
    wanted = f"<= {limit:g}"
    if measured is None:
        return unmeasured("amplification", wanted)
    return Judged(
        name="amplification",
        limit=wanted,
        value=f"{measured:.3f}",
        margin=(limit - measured) / limit,
        status=Status.MET if measured <= limit else Status.MISSED,
        measured=measured,
        unit=Unit.RATIO,
    )


def unmeasured(name: str, limit: str) -> Judged:
    """One that nobody can say anything about."""
    return Judged(name=name, limit=limit, value="not measured", margin=None, status=Status.UNMEASURED)
