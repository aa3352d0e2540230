"""What happens to drills as one plain sentence: the part of `telling` that is about them. Pure."""

from typing import assert_never

from hactl.core.drill_events import DrillAnswered, DrillAsked, DrillEvent, DrillKept, DrillsLocked, DrillsUnlocked


def tell_drill(event: DrillEvent) -> str:
    """What happened."""
    match event:
        case DrillKept(id=drill, canary=canary):
            return f"{drill}: its runner was heard of" + (f" (canary {canary})" if canary else "")
        case DrillAsked(id=drill, question=""):
            return f"{drill} waits for nobody any more"
        case DrillAsked(id=drill, question=question):
            return f"{drill} waits for a person: {question}"
        case DrillAnswered(id=drill):
            return f"{drill} goes on: what it waited for is done"
        case DrillsLocked(lock=lock):
            return lock.who
        case DrillsUnlocked():
            return "drills may begin again"
        case _:
            assert_never(event)
