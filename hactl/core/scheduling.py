"""Whether a drill that is due may begin: every reason why not is journaled, and a missed run is not made up for. Pure.

When it is due is `moments`; who starts it, and hears how it ended, is a part of the daemon.
"""

from hactl.core.draft import Draft
from hactl.core.drill_events import ScheduledEnded, ScheduledSkipped, ScheduledStarted
from hactl.core.drill_limits import free
from hactl.core.errors import CommandRejected
from hactl.core.model import Fleet
from hactl.core.observations import DrillDue, DrillOver
from hactl.core.reading import is_serving, read


def observe(draft: Draft, saw: DrillDue | DrillOver) -> None:
    """Take the news of a schedule."""
    if isinstance(saw, DrillOver):
        draft.emit(ScheduledEnded(schedule=saw.schedule, code=saw.code, why=saw.why))
        return
    schedule = draft.fleet.spec.schedule(saw.schedule)
    if schedule is None:
        return  # the configuration has changed meanwhile
    why = f"{saw.blocked} is blocked" if saw.blocked else why_not(draft.fleet)
    if why:
        draft.emit(ScheduledSkipped(schedule=schedule.name, at=saw.at, why=why))
    else:
        draft.emit(ScheduledStarted(schedule=schedule.name, at=saw.at, what=schedule.what))


def why_not(fleet: Fleet) -> str:
    """Why no scheduled drill may start now; "" when one may."""
    if not fleet.spec.safety.scheduled_drills:
        return "safety.scheduled_drills = false"
    if fleet.spec.safety.read_only:
        return "the fleet is read-only"
    if fleet.closing:
        return "the fleet is going down"
    try:
        free(fleet)
    except CommandRejected as refused:
        return refused.message
    return "" if is_serving(fleet) else f"not healthy: {read(fleet).sentence}"
