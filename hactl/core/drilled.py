"""What a fleet is after something has happened to its drills. Part of `evolve`, and as total."""

from typing import assert_never

from hactl.core.drill_events import DrillAnswered, DrillAsked, DrillEvent, DrillKept, DrillsLocked, DrillsUnlocked
from hactl.core.model import Fleet
from hactl.core.value import replace


def drilled(fleet: Fleet, event: DrillEvent) -> Fleet:
    """The fleet after `event`, its `seq` aside."""
    match event:
        case DrillsLocked(lock=lock):
            return replace(fleet, drills=replace(fleet.drills, lock=lock))
        case DrillsUnlocked():
            return replace(fleet, drills=replace(fleet.drills, lock=None))
        case DrillKept() | DrillAsked() | DrillAnswered():
            return _with_lease(fleet, event)
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
