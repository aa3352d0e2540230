"""One supervised process, edge or gateway node, as an immutable value. Its rules are the table in `lifecycle`.

*Goal, state and health are three questions* (wanted? alive? well?) and never one enum. A node gets traffic exactly
when it is SERVING and HEALTHY and its region is one the plan prefers; everything about failover follows from that.
"""

from enum import StrEnum

from hactl.core.impairment import Impaired
from hactl.core.value import Value


class Role(StrEnum):
    """What a process does for the fleet."""

    EDGE = "edge"
    GATEWAY = "gateway"


class Goal(StrEnum):
    """What the operator wants of a process."""

    UP = "up"
    DOWN = "down"


class NodeState(StrEnum):
    """Where a process stands in its life; the transitions are the table in `lifecycle`."""

    STOPPED = "stopped"
    STARTING = "starting"
    STANDBY = "standby"
    SERVING = "serving"
    DRAINING = "draining"
    STOPPING = "stopping"
    BACKOFF = "backoff"
    FAILED = "failed"

    @property
    def alive(self) -> bool:
        """True when a process belongs to this state."""
        return self not in (NodeState.STOPPED, NodeState.BACKOFF, NodeState.FAILED)


class Health(StrEnum):
    """What the probes say."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class ReasonCode(StrEnum):
    """Why something is out of service, in one word that scripts can match."""

    OPERATOR = "operator"
    EXITED = "exited"
    KILLED = "killed"
    OUT_OF_MEMORY = "out-of-memory"
    START_TIMEOUT = "start-timeout"
    START_FAILED = "start-failed"
    CRASH_LOOP = "crash-loop"
    PROBE_FAILED = "probe-failed"
    HUNG = "hung"
    SUSPECT = "suspect"
    """Probes fail, but too many nodes are out already to take this one out as well."""
    SLOW = "slow"
    """It serves, but answers take far longer than those of its peers."""
    NEW = "new"
    SPARE = "spare"
    """Well, and out of rotation until it is needed."""


NO_FAULT = (ReasonCode.OPERATOR, ReasonCode.NEW)
"""Reasons of processes that are out because somebody wanted it, or because they have only begun."""


class Reason(Value):
    """Why a process is not in service: a code for scripts, a text for people."""

    code: ReasonCode
    text: str = ""
    by: str = ""
    """Who asked for it; "" when nobody did."""


class DeadlineKind(StrEnum):
    """What a process is waited for; a wake-up carries the kind it was set for, a stale one is ignored."""

    READY = "ready"
    DRAIN = "drain"
    STOP = "stop"
    BACKOFF = "backoff"
    RETRY = "retry"
    """The one slow try per window of a crash loop."""


class Deadline(Value):
    """The one moment a process is waiting for."""

    kind: DeadlineKind
    at: float
    """Monotonic seconds of the boot in which it was set."""


class Launch(Value):
    """One process of one node, identified so that it can never be mistaken for another."""

    instance: str
    """Stands in the process's environment as HACTL_INSTANCE: fleet id, node name, number of the launch."""
    pid: int
    ticks: int
    """Start time in kernel clock ticks after boot: field 22 of /proc/PID/stat."""
    boot: str
    at: float
    """Monotonic seconds at which it was spawned."""


class Node(Value):
    """One supervised process, edge or gateway node, with everything needed to go on after a crash."""

    name: str
    role: Role
    region: str = ""
    """Empty for an edge: edges stand before all regions."""
    address: str = "127.0.0.1"
    port: int = 0
    goal: Goal = Goal.UP
    state: NodeState = NodeState.STOPPED
    health: Health = Health.UNKNOWN
    reason: Reason | None = None
    """Set whenever the process is not in service, and when something is wrong with one that is."""
    since: float = 0.0
    """Unix time of the last change of state or health."""
    weight: int = 100
    drained: bool = False
    """An operator took it out of rotation; survives restarts until somebody resumes it."""
    idle: bool = False
    """While DRAINING: nothing is in flight any more, or the deadline has passed."""
    unfinished: int = 0
    """Requests its last drain did not see the end of: cut off if it was stopped then, still open if it stays up."""
    launch: Launch | None = None
    launches: int = 0
    """How many processes this node has had; the newest is number `launches`."""
    deadline: Deadline | None = None
    attempt: int = 0
    """Charged exits in a row, which drive the backoff."""
    exits: tuple[float, ...] = ()
    """Monotonic times of the charged exits inside the budget's window."""
    restarts: int = 0
    excused: str = ""
    """Who ordered the exit that comes next; such an exit is not charged."""
    frozen: str = ""
    """Who stopped it with SIGSTOP; "" when no operator did."""
    unready: str = ""
    """While STARTING for longer than expected: what it still lacks, for people."""
    stays_down: bool = False
    """Killed by an operator who wants it down: when its process has ended it is stopped."""
    hung: bool = False
    """To be killed, but not yet: the rest cannot spare it, or the fleet is paused."""
    impaired: Impaired | None = None
    """What a drill makes it do to requests; its next process begins without."""
    revision: int = 0
    """The configuration it is to run with, when that is the proposed one; any other number means the one in force."""

    @property
    def serviceable(self) -> bool:
        """True when it may take requests."""
        return self.state is NodeState.SERVING and self.health is Health.HEALTHY

    @property
    def slow(self) -> bool:
        """True when it serves far more slowly than its peers."""
        return self.serviceable and self.reason is not None and self.reason.code is ReasonCode.SLOW

    @property
    def standing_by(self) -> bool:
        """True for a spare that could step in now."""
        return self.state is NodeState.STANDBY and self.health is Health.HEALTHY and not self.drained
