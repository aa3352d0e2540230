"""The lock on drills: when it may be set and lifted, and what it forbids. Pure.

It ends no drill: whoever wants that says so besides (`EndDrill`).
"""

from hactl.core.commands import LockDrills, Request, UnlockDrills
from hactl.core.draft import Draft
from hactl.core.drill import DrillLock
from hactl.core.drill_events import DrillsLocked, DrillsUnlocked
from hactl.core.errors import CommandRejected
from hactl.core.model import Fleet


def check(fleet: Fleet, request: Request) -> None:
    """Raises CommandRejected when there is nothing to lift."""
    if isinstance(request.command, UnlockDrills) and fleet.drills.lock is None:
        raise CommandRejected("drills are not locked", "hactl drill list")


def forbid(fleet: Fleet) -> None:
    """Raises CommandRejected while no drill may begin."""
    if fleet.drills.lock is not None:
        raise CommandRejected(fleet.drills.lock.who, "hactl drill unlock", guard=True)


def follow(draft: Draft, request: Request) -> None:
    """Set the lock, for another reason when there is one, or lift it."""
    match request.command:
        case LockDrills():
            before = draft.fleet.drills.lock
            since = draft.now.wall if before is None else before.since
            draft.emit(DrillsLocked(lock=DrillLock(by=request.by, since=since, reason=request.reason)))
        case UnlockDrills():
            draft.emit(DrillsUnlocked())
        case _:
            raise AssertionError("checked before")
