"""The lock on drills: when it may be set and lifted, and what it forbids. Pure.

It does not end a drill in progress: that takes an `EndDrill` as well.
"""

from hactl.core.commands import LockDrills, Request, UnlockDrills
from hactl.core.draft import Draft
from hactl.core.drill import DrillLock
from hactl.core.drill_events import DrillsLocked, DrillsUnlocked
from hactl.core.errors import CommandRejected
from hactl.core.model import Fleet
from hactl.core.value import replace


def check(fleet: Fleet, request: Request) -> None:
    """Raises CommandRejected when there is nothing to lift."""
    if isinstance(request.command, UnlockDrills) and fleet.drills.lock is None:
        raise CommandRejected("drills are not locked", "hactl drill list")


def forbid(fleet: Fleet) -> None:
    """Raises CommandRejected while no drill may begin."""
    if fleet.drills.lock is not None:
        raise CommandRejected(fleet.drills.lock.who, "hactl drill unlock", guard=True)


def follow(draft: Draft, request: Request) -> None:
    """Set the lock, for one more reason when there is one, or lift it."""
    match request.command:
        case LockDrills():
            before = draft.fleet.drills.lock
            since = draft.now.wall if before is None else before.since
            lock = DrillLock(by=request.by, since=since, reason=request.reason)
            draft.emit(DrillsLocked(lock=lock if before is None else _both(before, lock)))
        case UnlockDrills():
            draft.emit(DrillsUnlocked())
        case _:
            raise AssertionError("checked before")


def _both(before: DrillLock, again: DrillLock) -> DrillLock:
    """Who locks what is locked takes nobody's reason away: it would be unlocked too early."""
    said = f"{again.by}: {again.reason}" if again.by and again.by != before.by else again.reason
    if not again.reason or again.reason == before.reason or said in before.reason.split("; "):
        return before
    return replace(before, reason="; ".join(filter(None, (before.reason, said))))
