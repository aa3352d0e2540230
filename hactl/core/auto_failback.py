"""Giving a lost region its traffic back by itself: when the configuration says so and it has been whole long enough.

Pure; one of the rules that settle a fleet. The way back itself is an operation like any other (`ramp`). When that is
taken back, the region has to be whole for as long once more. Time that nobody watched does not count.
"""

from hactl.core import ramp
from hactl.core.draft import Draft
from hactl.core.evacuating import watch_well
from hactl.core.evacuation import Evacuation, EvacuationCause
from hactl.core.model import Fleet
from hactl.core.regions import missing, usable

WHO = "auto_failback"
"""By whom such an operation is, in the journal."""


def follow(draft: Draft) -> None:
    """Keep the time for each region that is to return, and begin its return when that is over."""
    for evacuation in _returning(draft.fleet):
        region = evacuation.region
        watch_well(draft, region, well=usable(draft.fleet, region) and not missing(draft.fleet, region))
        due = _due(draft.fleet, draft.fleet.evacuations[region])
        if due is not None and due <= draft.now.mono and not _busy(draft.fleet):
            reason = f"whole for {draft.fleet.spec.stable_for:g} s"
            ramp.begin_failback(draft, region, by=WHO, reason=reason)
            return  # never two regions at once


def forget(draft: Draft) -> None:
    """A daemon that has just come does not know how the regions were before."""
    for evacuation in tuple(draft.fleet.evacuations.values()):
        if evacuation.cause is EvacuationCause.LOST:
            watch_well(draft, evacuation.region, well=False)


def next_look(fleet: Fleet) -> float | None:
    """When time alone brings a region back, in monotonic seconds; None when it does not."""
    if _busy(fleet):
        return None
    dues = (_due(fleet, evacuation) for evacuation in _returning(fleet))
    return min((due for due in dues if due is not None), default=None)


def _returning(fleet: Fleet) -> list[Evacuation]:
    """The regions that are to return by themselves and are not on their way yet."""
    if not fleet.spec.auto_failback or ramp.in_progress(fleet) is not None:
        return []
    return [item for item in fleet.evacuations.values() if item.cause is EvacuationCause.LOST]


def _due(fleet: Fleet, evacuation: Evacuation) -> float | None:
    return None if evacuation.well_since is None else evacuation.well_since + fleet.spec.stable_for


def _busy(fleet: Fleet) -> bool:
    """Nothing is moved while a configuration comes into force or goes, or somebody has the fleet paused."""
    return fleet.proposal is not None or fleet.paused is not None or fleet.closing
