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
        case ScheduledStarted(schedule=name, what=what):
            return f"schedule {name}: {what} begins"
        case ScheduledSkipped(schedule=name, why=why):
            return f"schedule {name} is skipped: {why}"
        case ScheduledEnded(schedule=name, code=code, why=why):
            ended = "how is not known" if code is None else f"exit code {code}"
            return f"schedule {name}: its run is over ({why or ended})"
        case _:
            assert_never(event)
