"""What `status` says about regions that are lost or have less than their normal traffic: why, and how that ends."""

from collections.abc import Iterator

from hactl.cli.brownout_lines import outlook, unmoved
from hactl.core import auto_failback
from hactl.core.evacuation import Evacuation, EvacuationCause
from hactl.core.model import Fleet
from hactl.core.reading import age
from hactl.core.regions import takers


def troubles(fleet: Fleet, wall: float, mono: float) -> Iterator[str]:
    """One line for each; `wall` and `mono` are the time, in Unix and in monotonic seconds."""
    for loss in fleet.region_losses.values():
        ms = None if loss.moved is None else (loss.moved - loss.seen) * 1000
        moved = "" if ms is None else f", traffic moved on every edge after {ms:.0f} ms"
        ago = age(mono - loss.seen)
        yield f"{loss.region} was lost {ago} ago and has not fully recovered: {loss.cause.text}{moved}"
    for evacuation in fleet.evacuations.values():
        yield f"{_kept(evacuation, wall)}; {_ends(fleet, evacuation, mono)}"
    yield from unmoved(fleet, wall, mono)


def _kept(evacuation: Evacuation, wall: float) -> str:
    part = f"has kept {evacuation.keep} % of its traffic" if evacuation.keep else "has taken no traffic"
    since = age(wall - evacuation.since)
    why = f" ({evacuation.why})" if evacuation.why else ""
    return f"{evacuation.region} {part} for {since}, {evacuation.who}{why}"


def _ends(fleet: Fleet, evacuation: Evacuation, mono: float) -> str:
    region = evacuation.region
    moving = fleet.moving
    if moving is not None and moving.targets[-1].region == region:
        return f"{moving.id} is under way"
    command = f"hactl failback {region}"
    if not takers(fleet, region):
        return f"but no other region can serve now; to end it: {command}"
    if evacuation.cause is EvacuationCause.FALTERED:
        return f"{outlook(fleet, region, mono)}, or now with: {command}"
    if evacuation.cause is EvacuationCause.LOST and fleet.spec.auto_failback:
        wait = auto_failback.wait(fleet, evacuation)
        if evacuation.well_since is not None:
            left = age(evacuation.well_since + wait - mono)
            return f"all of it returns in {left} if the region stays healthy, or now with: {command}"
        return f"all of it returns once the region has been healthy for {age(wait)}, or now with: {command}"
    return f"to end it: {command}"
