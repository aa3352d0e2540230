"""What is: the Fleet and its parts, as immutable values. Not what was asked for (`spec`), not what happens (`events`).

*Goal, state and health are three questions* (wanted? alive? well?) and never one enum. A node gets traffic exactly
when it is SERVING and HEALTHY and its region is one the plan prefers; everything about failover follows from that.
"""

from enum import StrEnum

from hactl.core.alert import AlertBook
from hactl.core.certificate import Certificate
from hactl.core.spec import FleetSpec, Policy
from hactl.core.value import Value, replace


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
    NEW = "new"
    SPARE = "spare"
    """Well, and out of rotation until it is needed."""


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


class Now(Value):
    """The time, as `step` is told it."""

    mono: float
    """Seconds of a monotonic clock that only a reboot resets; for deadlines and durations."""
    wall: float
    """Unix time; only ever for records and people."""
    boot: str = ""
    """The kernel's boot id, which says which boot `mono` belongs to."""


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
    """Set whenever the process is not in service."""
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
    hung: bool = False
    """To be killed, but not yet: the rest cannot spare it, or the fleet is paused."""
    revision: int = 0
    """The configuration it is to run with, when that is the proposed one; any other number means the one in force."""

    @property
    def serviceable(self) -> bool:
        """True when it may take requests."""
        return self.state is NodeState.SERVING and self.health is Health.HEALTHY

    @property
    def standing_by(self) -> bool:
        """True for a spare that could step in now."""
        return self.state is NodeState.STANDBY and self.health is Health.HEALTHY and not self.drained


class EndpointStatus(StrEnum):
    """What an edge may do with an endpoint."""

    ACTIVE = "active"
    DRAINING = "draining"
    """No new clients; those already pinned to it stay."""
    UNHEALTHY = "unhealthy"
    """Listed so that the region's missing share spills over; takes nothing."""


class Endpoint(Value):
    """One node as the edges see it."""

    node: str
    address: str
    port: int
    weight: int = 100
    status: EndpointStatus = EndpointStatus.ACTIVE


class RegionPlan(Value):
    """One region as the edges see it."""

    name: str
    priority: int = 0
    weight: int = 100
    endpoints: tuple[Endpoint, ...] = ()


class TrafficPlan(Value):
    """What the edges are told. Empty only before the first node has ever served."""

    version: int = 0
    policy: Policy = Policy.LEAST_REQUEST
    regions: tuple[RegionPlan, ...] = ()
    certificate: str = ""
    """Digest of the certificate that clients are shown; "" for none."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every endpoint of every region."""
        return tuple(endpoint for region in self.regions for endpoint in region.endpoints)


class Share(Value):
    """The part of the traffic a node is meant to get (0..1)."""

    node: str
    region: str
    part: float


class Failover(Value):
    """One loss of capacity, from the moment it was seen until the capacity is back; times are monotonic seconds."""

    node: str
    cause: Reason
    seen: float
    version: int
    """The plan that no longer has the node."""
    moved: float | None = None
    """When every edge had confirmed that plan."""


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
    DOWN = "down"
    ALERT_TEST = "alert-test"


class Step(StrEnum):
    """What a configuration change does with one process, or between them."""

    CHANGE = "change"
    """A node is restarted with the new configuration, an edge is told it."""
    ADD = "add"
    REMOVE = "remove"
    BAKE = "bake"
    """Wait, and watch whether clients get worse answers than before."""
    COMMIT = "commit"
    """From here on the configuration is the one in force."""


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
    """With `Step.BAKE`: monotonic seconds at which it is over."""
    unfinished: int = 0
    """Requests that its drain did not see the end of."""


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
    back: str = ""
    """Why that configuration is being taken back; "" for as long as it is not."""

    @property
    def look_again(self) -> float:
        """Monotonic seconds at which time alone takes it further."""
        pauses = (target.until for target in self.targets if target.until and target.phase is not Phase.DONE)
        return min((self.deadline, *pauses))

    @property
    def done(self) -> int:
        """How many targets are finished."""
        return sum(target.phase is Phase.DONE for target in self.targets)


class Undo(Value):
    """What a weight or policy change replaced, so that a rejected plan can be taken back."""

    node_weights: dict[str, int] = {}
    region_weights: dict[str, int] = {}
    policy: Policy | None = None


class Paused(Value):
    """While it lasts the daemon repairs nothing: it starts nobody again and kills nobody who hangs."""

    by: str
    since: float
    """Unix time at which the fleet was paused first, however often that was prolonged."""
    reason: str = ""
    until: float | None = None
    """Unix time at which it ends by itself; None: when somebody ends it."""
    ends: float | None = None
    """The same in monotonic seconds of this boot."""

    @property
    def who(self) -> str:
        """The sentence that explains what is not done."""
        return f"the fleet is paused by {self.by}" if self.by else "the fleet is paused"


class Proposal(Value):
    """A configuration that has been judged fit and is to come into force."""

    spec: FleetSpec
    nodes: tuple[Node, ...]
    """Every process it wants, with the ports of the new ones."""
    base: int = 0
    """The revision that was in force when it was judged."""
    text: str = ""
    """The `hactl.toml` it was read from."""
    digest: str = ""
    """SHA-256 of what it means."""
    revision: int = 0
    """Its number, given when it is accepted."""
    restarts_nodes: bool = False
    """It changes what nodes are started with."""
    restarts_edges: bool = False
    """It changes what edges are started with; all else they are told while they run."""
    bake: float = 0.0
    """Seconds to watch the traffic after the first node and edge have it."""
    certificate: Certificate | None = None
    """Of the files that it names for the edges' TLS, when it names others than the configuration before it."""


class Outcome(StrEnum):
    """How an operation ended."""

    DONE = "done"
    FAILED = "failed"
    ROLLED_BACK = "rolled-back"


class Fleet(Value):
    """Everything now. `seq` is the journal position this picture stands at."""

    id: str = ""
    """Random, made once when the fleet was founded; part of every instance id."""
    name: str = "default"
    seq: int = 0
    revision: int = 0
    """Number of the configuration in force."""
    config_trouble: str = ""
    """Why `hactl.toml` could not be used at the last start; "" when it could."""
    spec: FleetSpec = FleetSpec()
    boot: str = ""
    nodes: dict[str, Node] = {}
    """Every process by name, edges included, in the order of the configuration."""
    policy: Policy = Policy.LEAST_REQUEST
    region_weights: dict[str, int] = {}
    certificate: Certificate | None = None
    """The one that clients are shown; None without TLS."""
    certificate_refused: str = ""
    """Why the files that the configuration names are not taken for it; "" when they are."""
    plan: TrafficPlan = TrafficPlan()
    shifted_at: float = 0.0
    """When that plan was decided, in monotonic seconds."""
    confirmed: dict[str, int] = {}
    """Edge name → version of the plan that edge has proved to use."""
    failovers: dict[str, Failover] = {}
    """Losses in progress, by node."""
    last_failover_ms: float | None = None
    """Of the last ended one: from the death seen until every edge had moved."""
    operations: dict[str, Operation] = {}
    """In progress, by id."""
    paused: Paused | None = None
    """An operator has told the daemon to keep its hands off; outlives daemons, `down` and reboots."""
    proposal: Proposal | None = None
    """The configuration that is coming into force, or being taken back."""
    last_revision: int = 0
    """The highest number a configuration has had."""
    proved: dict[str, int] = {}
    """Edge name → revision of the configuration that edge has proved to use."""
    closing: bool = False
    """`down` was accepted: when everything has stopped, the daemon leaves."""
    alerts: AlertBook = AlertBook()

    @property
    def edges(self) -> tuple[Node, ...]:
        """The edges."""
        return tuple(node for node in self.nodes.values() if node.role is Role.EDGE)

    @property
    def gateways(self) -> tuple[Node, ...]:
        """The gateway nodes."""
        return tuple(node for node in self.nodes.values() if node.role is Role.GATEWAY)

    def spec_for(self, node: Node) -> FleetSpec:
        """The configuration one process is to run with: the one in force, or the one that is coming."""
        coming = self.proposal
        return coming.spec if coming is not None and node.revision == coming.revision else self.spec

    def seen_by(self, node: Node) -> "Fleet":
        """This fleet with the configuration that `node` is to run with."""
        spec = self.spec_for(node)
        return self if spec is self.spec else replace(self, spec=spec, certificate=self.certificate_for(spec))

    def certificate_for(self, spec: FleetSpec) -> Certificate | None:
        """What clients are shown under `spec`: that of the files in force may have been renewed since it was read."""
        if spec.edge.tls == self.spec.edge.tls:
            return self.certificate
        return self.proposal.certificate if self.proposal is not None and self.proposal.spec == spec else None

    def region_weight(self, name: str) -> int:
        """The weight of a region as operators have set it; 0 for one that is not in force."""
        for region in self.spec.regions:
            if region.name == name:
                return self.region_weights.get(name, region.weight)
        return 0

    def in_region(self, region: str) -> tuple[Node, ...]:
        """The gateway nodes of one region."""
        return tuple(node for node in self.gateways if node.region == region)


class Sample(Value):
    """What one process did during the last interval, as measured; never an event."""

    node: str
    at: float
    """Unix time."""
    requests: float | None = None
    """Requests per second the edges sent it."""
    errors: float | None = None
    """Responses >= 500 and attempts without a response, per second."""
    share: float | None = None
    """Its part of all requests the edges sent (0..1)."""
    p50_ms: float | None = None
    p99_ms: float | None = None
    active: int | None = None
    """Requests in flight."""
    cpu: float | None = None
    """Part of one core (1.0 = one core)."""
    rss: int | None = None
    """Bytes resident."""
