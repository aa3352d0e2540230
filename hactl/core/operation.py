"""An accepted command that takes time, as an immutable value. What each does next stands in `operations`, `rollout`."""

from enum import StrEnum

from hactl.core.drill import Lease
from hactl.core.evacuation import Evacuation
from hactl.core.spec import Policy
from hactl.core.value import Value


class Verb(StrEnum):
    """The commands, by the names operators type."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    KILL = "kill"
    FREEZE = "freeze"
    THAW = "thaw"
    DRAIN = "drain"
    RESUME = "resume"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    WEIGHT = "weight"
    POLICY = "policy"
    APPLY = "apply"
    SCALE = "scale"
    FAILOVER = "failover"
    FAILBACK = "failback"
    DOWN = "down"
    ALERT_TEST = "alert-test"
    DRILL = "drill"
    DRILL_KEEP = "drill-keep"
    DRILL_END = "drill-end"
    DRILL_ASK = "drill-ask"
    DRILL_CONTINUE = "drill-continue"
    DRILL_LOCK = "drill-lock"
    DRILL_UNLOCK = "drill-unlock"
    IMPAIR = "impair"
    HEAL = "heal"
    BREAK_HOP = "break-hop"
    MEND_HOP = "mend-hop"


RAMPS = (Verb.FAILOVER, Verb.FAILBACK)
"""Those that move the traffic of a region step by step."""


class Step(StrEnum):
    """What an operation does next: a configuration change with a process or between them, a failover with a region."""

    CHANGE = "change"
    """A node is restarted with the new configuration, an edge is told it."""
    ADD = "add"
    REMOVE = "remove"
    BAKE = "bake"
    """Wait, and watch whether clients get worse answers than before."""
    COMMIT = "commit"
    """From here on the configuration is the one in force."""
    SHIFT = "shift"
    """A region keeps another part of its traffic."""


class Phase(StrEnum):
    """Where one target of an operation stands."""

    WAITING = "waiting"
    STOPPING = "stopping"
    STARTING = "starting"
    DONE = "done"


class Target(Value):
    """One process an operation works on; in a configuration change also a step between processes (no `node`)."""

    node: str
    phase: Phase = Phase.WAITING
    instance: str = ""
    """The launch that was running when the operation took it up."""
    step: Step | None = None
    restart: bool = False
    """With `Step.CHANGE`: by a restart; an edge can be told most things while it runs."""
    until: float = 0.0
    """With `Step.BAKE` and `Step.SHIFT`: monotonic seconds at which it is over."""
    unfinished: int = 0
    """Requests that its drain did not see the end of."""
    region: str = ""
    """With `Step.SHIFT`: whose traffic moves."""
    keep: int = 0
    """With `Step.SHIFT`: per cent of its share that the region then has."""


class Operation(Value):
    """An accepted command that takes time; ends exactly once."""

    id: str
    verb: Verb
    by: str
    began: float
    """Monotonic seconds."""
    wall: float
    deadline: float
    """Monotonic seconds after which it ends as failed."""
    reason: str = ""
    targets: tuple[Target, ...] = ()
    version: int = 0
    """Plan that was in force when it was accepted: what it changes is in newer ones."""
    undo: "Undo | None" = None
    sentence: str = ""
    revision: int = 0
    """The configuration it brings into force; 0 for all other verbs."""
    least: int = 0
    """How many nodes it must leave serving at every step of its way there."""
    back: str = ""
    """Why it is being rolled back; "" as long as it is not."""
    pause: float = 0.0
    """Seconds that it watches the traffic after each step, when it moves that of a region."""
    sure: bool = False
    """Whoever sent it meant it: those who are to receive traffic need not be whole."""
    evacuation: Evacuation | None = None
    """What it found when it began to move traffic of a region, 100 % for no evacuation: what a rollback restores."""
    drill: Lease | None = None
    """With `Verb.DRILL`: on what terms, and what is to be restored."""

    @property
    def look_again(self) -> float:
        """Monotonic seconds at which time alone takes it further."""
        pauses = (target.until for target in self.targets if target.until and target.phase is not Phase.DONE)
        lent: tuple[float, ...] = ()
        if self.drill is not None and not self.back:
            lent = (self.drill.expires, self.drill.until)
        return min((self.deadline, *pauses, *lent))

    @property
    def one_by_one(self) -> bool:
        """It stops and starts its targets one after the other, and owns them until it ends: a rolling restart, or a
        configuration that comes into force."""
        return self.verb is Verb.RESTART or self.revision > 0

    @property
    def question(self) -> str:
        """What a drill waits for a person to do; "" for nothing, and for what is no drill."""
        return self.drill.question if self.drill is not None else ""

    @property
    def done(self) -> int:
        """How many targets are finished."""
        return sum(target.phase is Phase.DONE for target in self.targets)


class Undo(Value):
    """What a weight or policy change replaced, so that a rejected plan can be rolled back."""

    node_weights: dict[str, int] = {}
    region_weights: dict[str, int] = {}
    policy: Policy | None = None


def named(seq: int) -> str:
    """The id of the operation that the record `seq` began."""
    return f"op-{seq}"


def began_at(operation: str) -> int:
    """The record that began an operation; 0 for what is no id of one."""
    number = operation.removeprefix("op-")
    return int(number) if number.isdigit() else 0


class Outcome(StrEnum):
    """How an operation ended."""

    DONE = "done"
    FAILED = "failed"
    ROLLED_BACK = "rolled-back"
