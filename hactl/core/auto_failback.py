"""Giving a lost region its traffic back automatically: if configured, and once it has been healthy for long enough.

Pure; one of the rules that settle a fleet. The failback itself is an operation like any other (`ramp`). When that is
rolled back, the region has to be healthy for twice as long. Time that no daemon watched does not count.
"""

from hactl.core import ramp
from hactl.core.draft import Draft
from hactl.core.evacuating import hands_off, longer, watch_well
from hactl.core.evacuation import Evacuation, EvacuationCause
from hactl.core.model import Fleet
from hactl.core.regions import missing, usable

WHO = "auto_failback"
"""By whom such an operation is, in the journal."""


def follow(draft: Draft) -> None:
    """Keep the time for each region that is to return, whatever else goes on, and begin a return that is due."""
    for evacuation in _lost(draft.fleet):
        watch_well(draft, evacuation.region, well=_well(draft.fleet, evacuation.region))
    if hands_off(draft.fleet):
        return
    for evacuation in _lost(draft.fleet):
        due = _due(draft.fleet, evacuation)
        if due is not None and due <= draft.now.mono:
            waited = wait(draft.fleet, evacuation)
            again = longer(waited, draft.fleet.spec.stable_for)
            reason = f"healthy for {waited:g} s"
            ramp.begin_failback(draft, evacuation.region, by=WHO, reason=reason, again=again)
            return  # never two regions at once


def wait(fleet: Fleet, evacuation: Evacuation) -> float:
    """Seconds that the region has to be whole before it returns."""
    return max(fleet.spec.stable_for, evacuation.wait)


def forget(draft: Draft) -> None:
    """A daemon that has just come does not know how the regions were before."""
    for evacuation in _lost(draft.fleet):
        watch_well(draft, evacuation.region, well=False)


def next_look(fleet: Fleet) -> float | None:
    """When time alone brings a region back, in monotonic seconds; None when it does not."""
    if hands_off(fleet):
        return None
    dues = (_due(fleet, evacuation) for evacuation in _lost(fleet))
    return min((due for due in dues if due is not None), default=None)


def _lost(fleet: Fleet) -> list[Evacuation]:
    """The regions that may return automatically."""
    return [item for item in fleet.evacuations.values() if item.cause is EvacuationCause.LOST]


def _well(fleet: Fleet, region: str) -> bool:
    """It is healthy as a whole; not asked where nothing returns automatically."""
    return fleet.spec.auto_failback and usable(fleet, region) and not missing(fleet, region)


def _due(fleet: Fleet, evacuation: Evacuation) -> float | None:
    return None if evacuation.well_since is None else evacuation.well_since + wait(fleet, evacuation)
