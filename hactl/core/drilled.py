"""What a fleet is after something has happened to its drills, or to hops they disturb. Part of `evolve`, as total."""

from typing import assert_never

from hactl.core.configured import without
from hactl.core.drill import Turn
from hactl.core.drill_events import (
    DrillAnswered,
    DrillAsked,
    DrillEvent,
    DrillKept,
    DrillsLocked,
    DrillsUnlocked,
    ScheduledEnded,
    ScheduledSkipped,
    ScheduledStarted,
)
from hactl.core.hop_events import HopChanged, HopEvent, HopMended
from hactl.core.model import Fleet
from hactl.core.value import replace


def drilled(fleet: Fleet, event: DrillEvent | HopEvent) -> Fleet:
    """The fleet after `event`, its `seq` aside."""
    match event:
        case DrillsLocked(lock=lock):
            return replace(fleet, drills=replace(fleet.drills, lock=lock))
        case DrillsUnlocked():
            return replace(fleet, drills=replace(fleet.drills, lock=None))
        case ScheduledStarted() | ScheduledSkipped() | ScheduledEnded():
            turns = fleet.drills.turns | {event.schedule: _turn(fleet, event)}
            return replace(fleet, drills=replace(fleet.drills, turns=turns))
        case DrillKept() | DrillAsked() | DrillAnswered():
            return _with_lease(fleet, event)
        case HopChanged(hop=hop):
            return replace(fleet, hops=fleet.hops | {hop.name: hop})
        case HopMended(hop=name):
            return replace(fleet, hops=without(fleet.hops, name))
        case _:
            assert_never(event)


def _turn(fleet: Fleet, event: ScheduledStarted | ScheduledSkipped | ScheduledEnded) -> Turn:
    match event:
        case ScheduledStarted(at=at):
            return Turn(at=at)
        case ScheduledSkipped(at=at, why=why):
            return Turn(at=at, skipped=why)
        case ScheduledEnded(code=code, why=why):
            return replace(fleet.drills.turns.get(event.schedule, Turn(at=0.0)), over=True, code=code, why=why)
        case _:
            assert_never(event)


def _with_lease(fleet: Fleet, event: DrillKept | DrillAsked | DrillAnswered) -> Fleet:
    operation = fleet.operations.get(event.id)
    if operation is None or operation.drill is None:
        return fleet
    lease = operation.drill
    match event:
        case DrillKept(expires=expires, canary=canary):
            lease = replace(lease, expires=expires, canary=max(lease.canary, canary))
        case DrillAsked(question=question):
            lease = replace(lease, question=question)
        case DrillAnswered():
            lease = replace(lease, question="")
        case _:
            assert_never(event)
    return replace(fleet, operations=fleet.operations | {event.id: replace(operation, drill=lease)})
