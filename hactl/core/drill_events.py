"""What happens to drills, besides the beginning and the end of one, which are those of an operation."""

from hactl.core.drill import DrillLock
from hactl.core.value import BaseEvent


class DrillKept(BaseEvent):
    """The runner of a drill was heard of: its lease has a new term. The record of its canary, if it wrote one."""

    id: str
    """Of the operation."""
    expires: float
    """Monotonic seconds at which the new term is over."""
    canary: int = 0
    """A number that the runner has chosen and remembers elsewhere; 0 for none."""


class DrillAsked(BaseEvent):
    """A drill has come to what a person has to do, and waits."""

    id: str
    question: str


class DrillAnswered(BaseEvent):
    """Somebody says that it is done: the drill goes on."""

    id: str


class DrillsLocked(BaseEvent):
    """From now on no drill may begin; or that goes on for another reason."""

    lock: DrillLock


class DrillsUnlocked(BaseEvent):
    """Drills may begin again."""


class ScheduledStarted(BaseEvent):
    """A drill is due by a schedule, and is begun."""

    schedule: str
    at: float
    """Unix time at which it was due."""
    what: str


class ScheduledSkipped(BaseEvent):
    """A drill was due by a schedule, and is not begun; nobody makes up for it."""

    schedule: str
    at: float
    why: str


class ScheduledEnded(BaseEvent):
    """What a schedule had begun is over."""

    schedule: str
    code: int | None = None
    """The exit code of `hactl drill run`; None when that is not known."""
    why: str = ""
    """Why it could not even be begun."""


DrillEvent = (
    DrillKept
    | DrillAsked
    | DrillAnswered
    | DrillsLocked
    | DrillsUnlocked
    | ScheduledStarted
    | ScheduledSkipped
    | ScheduledEnded
)
