"""What happens to drills as one plain sentence: the part of `telling` that is about them. Pure."""

from typing import assert_never

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


def tell_drill(event: DrillEvent) -> str:
    """What happened."""
    match event:
        case DrillKept(id=drill, canary=canary):
            return f"{drill}: its runner reported in" + (f" (canary {canary})" if canary else "")
        case DrillAsked(id=drill, question=""):
            return f"{drill} is no longer waiting for anyone"
        case DrillAsked(id=drill, question=question):
            return f"{drill} is waiting for an operator: {question}"
        case DrillAnswered(id=drill):
            return f"{drill} continues: what it was waiting for is done"
        case DrillsLocked(lock=lock):
            return lock.who
        case DrillsUnlocked():
            return "drills are unlocked"
        case ScheduledStarted(schedule=name, what=what):
            return f"schedule {name}: {what} started"
        case ScheduledSkipped(schedule=name, why=why):
            return f"schedule {name} was skipped: {why}"
        case ScheduledEnded(schedule=name, code=code, why=why):
            ended = "outcome unknown" if code is None else f"exit code {code}"
            return f"schedule {name}: its run has ended ({why or ended})"
        case _:
            assert_never(event)
