"""What can happen to one process, and what a rule may say about it: the words that the table in `lifecycle` is made of.

Not the rules themselves: `orders` answers what people ask for, `news` what the world reports, `restarts` decides
how a process comes back.
"""

from collections.abc import Callable
from enum import StrEnum

from hactl.core.effects import Effect, SendSignal
from hactl.core.model import Now, Paused
from hactl.core.node import Deadline, DeadlineKind, Goal, Launch, Node, Reason, ReasonCode, Role
from hactl.core.spec import FleetSpec
from hactl.core.value import Value


class Cause(StrEnum):
    """Everything that can happen to one process: seven orders, then what the world reports."""

    START = "start"
    STOP = "stop"
    DRAIN = "drain"
    RESUME = "resume"
    KILL = "kill"
    FREEZE = "freeze"
    THAW = "thaw"
    SPAWNED = "spawned"
    SPAWN_FAILED = "spawn-failed"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    HUNG = "hung"
    STALLED = "stalled"
    EXITED = "exited"
    IDLE = "idle"
    WOKE = "woke"
    RELEASED = "released"
    """The pause that kept the daemon from doing what is due has ended."""
    BUSY = "busy"


class Stimulus(Value):
    """A cause with its particulars."""

    cause: Cause
    by: str = ""
    launch: Launch | None = None
    why: str = ""
    code: ReasonCode = ReasonCode.EXITED
    """What an exit is called when nobody ordered it."""
    woke: DeadlineKind | None = None
    port: int = 0
    count: int = 0
    hold: bool = False
    """With a kill: not to come back until started."""


class Context(Value):
    """What a rule may look at besides the process itself."""

    now: Now
    spec: FleetSpec
    fleet_id: str
    closing: bool = False
    paused: Paused | None = None


class Reaction(Value):
    """What becomes of the process, and what to do."""

    node: Node
    effects: tuple[Effect, ...] = ()
    why: str = ""


class Refusal(Value):
    """Why a command does not fit a state; `{name}` is filled in."""

    message: str
    hint: str


class Late(Value):
    """The mark of news that no longer fits: dropped, no error."""


LATE = Late()
Rule = Callable[[Node, Stimulus, Context], Reaction]
Cell = Rule | Refusal | Late


def instance_of(node: Node, fleet_id: str) -> str:
    """The instance id of the process this node has, or is about to have."""
    return node.launch.instance if node.launch else f"{fleet_id}/{node.name}/{node.launches}"


def deadline_in(kind: DeadlineKind, seconds: float, context: Context) -> Deadline:
    """A deadline `seconds` from now."""
    return Deadline(kind=kind, at=context.now.mono + seconds)


def wanted(node: Node, context: Context) -> bool:
    """True when `node` is to be up now."""
    return node.goal is Goal.UP and not context.closing


def ordered(by: str, what: str) -> Reason:
    """The reason of something that was asked for."""
    return Reason(code=ReasonCode.OPERATOR, text=f"{what} by {by}" if by else what, by=by)


def why_draining(node: Node) -> Reason:
    """The reason of a process in DRAINING, when that had another one for a while."""
    return ordered("", "drained" if node.goal is Goal.UP and node.drained else "stopped")


def signals(node: Node, signal: str, *, group: bool = False) -> tuple[Effect, ...]:
    """Signal the process of `node`; nothing when it has none yet."""
    if node.launch is None:
        return ()
    return (SendSignal(launch=node.launch, node=node.name, signal=signal, group=group),)


def stop_signal(node: Node, context: Context) -> str:
    """The signal that asks this process to leave in good order."""
    return context.spec.gateway.stop_signal if node.role is Role.GATEWAY else "TERM"
