"""What a drill is, as its file says: faults, phases, load, limits and objectives. Values only; `reading` makes them.

Nothing here knows a fleet: which nodes a fault strikes is resolved once per run (`plan`).
"""

from enum import StrEnum

from hactl.core.hop import HopFault
from hactl.core.impairment import Impairment
from hactl.core.value import Value
from hactl.drill.burden import Burden


class FaultKind(StrEnum):
    """What can be done to a fleet. Each kind has its command, its undo and its proof (`faults`)."""

    KILL = "process.kill"
    FREEZE = "process.freeze"
    IMPAIR = "node.impair"
    """It serves, but slowly, or with errors: what no process that runs says of itself."""
    RESTART = "process.restart"
    """Planned work: drained, stopped and started again, one at a time."""
    DAEMON_KILL = "daemon.kill"
    DAEMON_FREEZE = "daemon.freeze"
    CONFIG = "config.apply"
    """Another configuration: one that nobody should take, or one that is taken and does harm."""
    PARTITION = "proxy.partition"
    """Nothing arrives on the hop from the edges, either way or one way."""
    LATENCY = "proxy.latency"
    BANDWIDTH = "proxy.bandwidth"
    REFUSE = "proxy.refuse"
    RESET = "proxy.reset"
    FLAPPING = "proxy.flapping"
    UPSTREAM_DOWN = "upstream.down"
    """For all nodes, a service is not there any more."""
    UPSTREAM_SLOW = "upstream.slow"
    UPSTREAM_FLAPPING = "upstream.flapping"
    SURGE = "load.surge"
    CPU = "pressure.cpu"
    MEMORY = "pressure.memory"
    DISK = "disk.full"


class ConfigChange(StrEnum):
    """What is wrong with the configuration that a drill applies; all else in it is what is in force."""

    INVALID = "invalid"
    """It has a key that does not exist: to be refused before anybody has it."""
    WRONG_PORT = "wrong-port"
    """It is valid, and says of every service that it is where nobody listens."""


OF_THE_MACHINE = (FaultKind.SURGE, FaultKind.MEMORY, FaultKind.DISK)
"""Kinds of faults that meet everybody on it; they aim at no node either."""
OF_THE_DAEMON = (FaultKind.DAEMON_KILL, FaultKind.DAEMON_FREEZE)
"""Kinds of faults that strike whoever is in charge."""
BESIDES = 30.0
"""Seconds that a run may need besides its phases: clients start, faults take hold, and who was kept down starts."""
LONGEST_AWAY = 120.0
"""Seconds that nobody may be in charge, whatever was asked for."""
AIMLESS = (*OF_THE_MACHINE, *OF_THE_DAEMON, FaultKind.CONFIG)
"""Kinds of faults that aim at no node."""
OF_HOPS = (
    FaultKind.PARTITION,
    FaultKind.LATENCY,
    FaultKind.BANDWIDTH,
    FaultKind.REFUSE,
    FaultKind.RESET,
    FaultKind.FLAPPING,
    FaultKind.UPSTREAM_DOWN,
    FaultKind.UPSTREAM_SLOW,
    FaultKind.UPSTREAM_FLAPPING,
)
"""Kinds of faults that strike connections on their way."""
SILENCING = (FaultKind.DAEMON_FREEZE, FaultKind.DISK)
"""Kinds of faults while which no sign of life can be taken."""


class Probe(StrEnum):
    """What a hypothesis or a stop condition looks at, from the client's side."""

    AVAILABILITY = "availability"
    """Good requests as part of those that were due (0..1)."""
    LATENCY_P99 = "latency_p99"
    """Seconds within which 99 % of the requests were answered, counted from when they were due."""


class Target(Value):
    """Whom a fault strikes; resolved by chance with a seed where it leaves a choice."""

    nodes: int | None = None
    """So many gateway nodes; 0 for all of `region`, None for none."""
    edges: int | None = None
    """So many edges."""
    region: str = ""
    """Only nodes of this one; "random" for one that is drawn, "" for any."""
    names: tuple[str, ...] = ()
    """Exactly these."""
    service: str = ""
    """The hops to this one, from all nodes; "random" for one that is drawn."""


class Fault(Value):
    """One thing that is done to the fleet."""

    kind: FaultKind
    target: Target
    at: float = 0.0
    """Seconds after the first fault may strike."""
    keep_down: bool = False
    """Nobody brings it back before the failback."""
    impairment: Impairment | None = None
    """What requests suffer; of IMPAIR, and of no other kind."""
    hop: HopFault | None = None
    """What a hop suffers; of the kinds that strike hops (`hop_faults`), and of no other."""
    burden: Burden | None = None
    """What the drill puts on the machine by itself; of the kinds that do that."""
    lasting: float | None = None
    """Seconds after which it is taken back; None: with the failback. Of some kinds only."""
    change: ConfigChange | None = None
    """What is wrong with the configuration; of CONFIG, and of no other kind."""


class ManualStep(Value):
    """What a person has to do once the faults are in effect, and says when it is done."""

    manual: str
    """In words."""
    at: float = 0.0
    """Seconds after the first fault."""
    within: float = 60.0
    """Seconds after which nobody is waited for any more, and the drill shows nothing."""


class AbortRule(Value):
    """When a drill is given up because clients suffer more than it is worth."""

    probe: Probe
    below: float
    window: float = 5.0
    """Seconds that are looked at."""
    lasting: float = 3.0
    """Seconds that it must have been so."""


class Limits(Value):
    """How far a drill may go; what `hactl.toml` allows is asked besides, by the daemon."""

    max_faulted_share: float = 0.5
    min_healthy_nodes: int = 1
    min_healthy_regions: int = 1
    max_duration: float = 180.0
    """Seconds from when the fleet is borrowed until it is given back at the latest (`Definition.needs`)."""
    lease: float = 15.0
    """Seconds without a sign of life from its runner after which the daemon takes the fleet back."""
    abort_when: tuple[AbortRule, ...] = ()
    requires: tuple[str, ...] = ()
    """What has to be so besides, as it stands in the file (`limit_keys`)."""


class Connections(StrEnum):
    """How clients are connected: what they notice of an edge depends on it."""

    KEPT = "kept"
    """A few connections that take turns: one that an edge takes with it fails one request."""
    FRESH = "fresh"
    """Each request opens a connection of its own, which an edge that hangs lets wait."""


class LoadSpec(Value):
    """The clients: open loop, in a process of their own. Those that are judged ask once; others may try again."""

    rate: float = 200.0
    """Requests per second."""
    timeout: float = 2.0
    """Seconds one request may take; part of every result."""
    route: str = "/-/echo"
    """Or "@service": where the fleet routes to the service that is struck."""
    connections: Connections = Connections.KEPT
    """Of all clients."""
    retries: int = 0
    """Of a second stream of the same rate, whose clients try so often again; 0: there is no such stream."""
    others: str = ""
    """Path that a small stream of other clients asks for, which the faults should not touch; "": there are none."""


class CanaryStore(StrEnum):
    """What of a fleet's state is looked for afterwards. Each has its module (`stores`)."""

    JOURNAL = "journal"
    """Signs of life of the drill itself, at the rate of its canaries."""
    REVISIONS = "revisions"
    """Configurations, whoever brought them: those from before the fault and those that came meanwhile."""


class CanarySpec(Value):
    """Numbered records that were acknowledged, are remembered elsewhere, and are looked for afterwards."""

    rate: float = 20.0
    """Per second, of those that are written for the drill's sake."""
    stores: tuple[CanaryStore, ...] = tuple(CanaryStore)


class Phases(Value):
    """How long each part takes, in seconds."""

    baseline: float = 15.0
    hold: float = 15.0
    """From the first fault to the settling."""
    settle: float = 10.0
    """So long everything has to be well for the service to count as back."""
    failback: bool = True
    """Give regions their traffic back step by step, under load, and not all at once."""


class Hypothesis(Value):
    """What must be true of a fleet that is well: before the faults, or nothing is proved by what comes after; and when
    all has settled, or it has not come back."""

    probe: Probe
    least: float | None = None
    most: float | None = None
    ratio: float | None = None
    """A latency, when all has settled: at most so many times as long as before the faults."""

    @property
    def limited(self) -> bool:
        """It has a limit that holds by itself, whatever was before."""
        return self.least is not None or self.most is not None


class Availability(Value):
    """How many of the requests due in a fixed time after the fault have to be good."""

    least: float
    window: float = 60.0
    """Seconds; cut to what the phases leave, and then said."""


class BudgetShare(Value):
    """How much of an error budget the drill may burn, were its rate that of all the time."""

    most: float
    """As a part of the budget."""
    slo: float = 0.999
    """Good requests as a part of all; the budget is the rest."""
    window: float = 30 * 86400.0
    """Seconds for which the budget is."""


class Objectives(Value):
    """What the drill has to show; None for what it does not ask for. Times are seconds."""

    detect: float | None = None
    """Until the daemon saw it."""
    rto: float | None = None
    """Until clients were served again, for good."""
    rpo_records: int | None = None
    """Acknowledged canaries that are missing afterwards."""
    availability: Availability | None = None
    failed: int | None = None
    """Requests that failed from the fault to the failback."""
    failed_with_retries: int | None = None
    """The same of clients that try again, and give up at last."""
    goodput: float | None = None
    """Part of the requests that is answered well while a surge lasts: of all, or of as many as the fleet is declared to
    carry."""
    refused_p99: float | None = None
    """Until a request is refused for want of capacity while a surge lasts."""
    recovered: float | None = None
    """Until clients were served for good, from the end of a fault that ends before the failback."""
    others_availability: float | None = None
    """Part (0..1) of the requests of other clients that are good, from the fault to the failback."""
    amplification: float | None = None
    """Requests that edges may send to nodes for each request of clients, from the fault to the failback."""
    herd: float | None = None
    """Requests that come to a service in its first seconds after it is back, for each that came before the fault in as
    long a time."""
    shifted: float | None = None
    """Until most of the traffic of those that were struck had gone to others, for good; a request without an answer
    counts as sent to them."""
    turns: int | None = None
    """How often the intended traffic of the struck regions changed direction."""
    latency_p99: float | None = None
    """From the fault until clients were served again for good."""
    restore_capacity: float | None = None
    """Until everything serves again; for processes held down, from the failback on."""
    failback_failed: int | None = None
    """Requests that failed from the failback on."""
    nodes_out: int | None = None
    """Gateway nodes that were out of service at the same time."""
    longest_out: float | None = None
    """Until a node that was out of service served again, the slowest of them."""
    adopted: float | None = None
    """Until another daemon was in charge, with every process that ran."""
    restarts: int | None = None
    """Processes that are no longer those which ran when the drill began, and were not struck."""
    journal_gaps: int | None = None
    """Records that are missing in the journal."""
    refused: bool = False
    """No process may ever have a configuration that is invalid."""
    nodes_reached: int | None = None
    """Nodes that had a configuration which is valid and wrong."""
    reverted: float | None = None
    """Until such a one was taken back by itself, from when the first node served with it."""
    rollback_clean: bool = True
    latency_ratio: float | None = None
    """The p99 latency, as `latency_p99` measures it: at most this many times what it was before the fault."""
    budget_share: BudgetShare | None = None
    """Of bad requests between the fault and the failback."""


class Definition(Value):
    """A drill file."""

    name: str
    title: str
    tags: tuple[str, ...] = ()
    limits: Limits = Limits()
    load: LoadSpec = LoadSpec()
    canary: CanarySpec = CanarySpec()
    phases: Phases = Phases()
    hypotheses: tuple[Hypothesis, ...] = (Hypothesis(probe=Probe.AVAILABILITY, least=0.999),)
    faults: tuple[Fault, ...] = ()
    steps: tuple[ManualStep, ...] = ()
    objectives: Objectives = Objectives()
    digest: str = ""
    """SHA-256 of the text it was read from, overrides included."""
    source: str = ""
    """The file it was read from, as an absolute path; "" for a drill that comes with hactl."""

    @property
    def own(self) -> bool:
        """It is of a file of somebody's own, whatever it calls itself."""
        return bool(self.source)

    @property
    def length(self) -> float:
        """Seconds that the phases take together, the failback aside, and what people may take."""
        return self.phases.baseline + self.phases.hold + self.phases.settle + sum(step.within for step in self.steps)

    @property
    def needs(self) -> float:
        """Seconds that the fleet has to be lent for at least: a run that takes longer is taken back its fleet."""
        return self.length + BESIDES
