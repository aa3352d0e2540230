"""What is: the Fleet, as an immutable value. Not what was asked for (`spec`), not what happens (`events`).

Its parts have modules of their own: `node`, `plan`, `operation`.
"""

from hactl.core.alert import AlertBook
from hactl.core.brownout import Brownout
from hactl.core.certificate import Certificate
from hactl.core.drill import DrillBook
from hactl.core.evacuation import Evacuation, RegionLoss
from hactl.core.hop import Hop
from hactl.core.node import Node, Reason, Role
from hactl.core.operation import RAMPS, Operation
from hactl.core.outage import Outage
from hactl.core.plan import TrafficPlan
from hactl.core.spec import FleetSpec, Policy
from hactl.core.value import Value, replace


class Now(Value):
    """The time, as `step` is told it."""

    mono: float
    """Seconds of a monotonic clock that only a reboot resets; for deadlines and durations."""
    wall: float
    """Unix time; only ever for records and people."""
    boot: str = ""
    """The kernel's boot id, which says which boot `mono` belongs to."""


class Failover(Value):
    """One loss of capacity, from the moment it was seen until the capacity is back; times are monotonic seconds."""

    node: str
    cause: Reason
    seen: float
    version: int
    """The plan that no longer has the node."""
    moved: float | None = None
    """When every edge had confirmed that plan."""


class EdgeUse(Value):
    """What clients were doing at one edge when its counters were last read."""

    edge: str
    connections: int
    """Of clients, idle ones included."""
    requests: int
    """In flight."""
    age: float = 0.0
    """Seconds since that reading. What came and went in them is not in it, nor is what waits to be accepted: at an edge
    that hangs that is every new connection until it is killed."""


class EdgeLoss(Value):
    """An edge that ended, or hangs and is killed, and what its clients lost with it: edges hand nothing over."""

    edge: str
    cause: Reason
    seen: float
    """Monotonic seconds."""
    wall: float
    """Unix time of the same moment."""
    use: EdgeUse | None = None
    """What it was doing; None when nobody had read it."""
    others: tuple[str, ...] = ()
    """Edges that serve on."""
    carried: tuple[EdgeUse, ...] = ()
    """What these were doing, as far as they had been read."""
    back_ms: float | None = None
    """From the loss seen until it served again and had proved the plan."""


class Paused(Value):
    """While it lasts the daemon repairs nothing: it starts nobody again and kills nobody who hangs."""

    by: str
    since: float
    """Unix time at which the fleet was paused first, however often that was prolonged."""
    reason: str = ""
    until: float | None = None
    """Unix time at which it ends automatically; None: when an operator ends it."""
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
    evacuations: dict[str, Evacuation] = {}
    """Regions that do not get all the traffic their priority and weight would give them, by name."""
    brownouts: dict[str, Brownout] = {}
    """Regions that answer far worse than they should, or did so lately, by name."""
    hops: dict[str, Hop] = {}
    """Those that a drill disturbs, by name."""
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
    region_losses: dict[str, RegionLoss] = {}
    """Losses of whole regions in progress, by name."""
    last_failover_ms: float | None = None
    """Of the last ended one: from the death seen until every edge had moved."""
    edge_losses: dict[str, EdgeLoss] = {}
    """Of edges that are not back yet, by edge."""
    last_edge_loss: EdgeLoss | None = None
    outages: tuple[Outage, ...] = ()
    """What was lost, is not back yet, and is still to be told of when it is."""
    operations: dict[str, Operation] = {}
    """In progress, by id."""
    paused: Paused | None = None
    """An operator has told the daemon to keep its hands off; outlives daemons, `down` and reboots."""
    proposal: Proposal | None = None
    """The configuration that is coming into force, or being rolled back."""
    sustained: float = 0.0
    """The most requests per second that one node has been seen to sustain with this configuration."""
    last_revision: int = 0
    """The highest number a configuration has had."""
    proved: dict[str, int] = {}
    """Edge name → revision of the configuration that edge has proved to use."""
    closing: bool = False
    """`down` was accepted: when everything has stopped, the daemon leaves."""
    alerts: AlertBook = AlertBook()
    drills: DrillBook = DrillBook()

    @property
    def edges(self) -> tuple[Node, ...]:
        """The edges."""
        return tuple(node for node in self.nodes.values() if node.role is Role.EDGE)

    @property
    def gateways(self) -> tuple[Node, ...]:
        """The gateway nodes."""
        return tuple(node for node in self.nodes.values() if node.role is Role.GATEWAY)

    @property
    def moving(self) -> Operation | None:
        """The failover or failback that is under way; there is one at a time."""
        return next((operation for operation in self.operations.values() if operation.verb in RAMPS), None)

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

    def falters(self, region: str) -> bool:
        """True while the last news of a region's answers was bad."""
        known = self.brownouts.get(region)
        return known is not None and known.faltering

    def in_region(self, region: str) -> tuple[Node, ...]:
        """The gateway nodes of one region."""
        return tuple(node for node in self.nodes.values() if node.region == region and node.role is Role.GATEWAY)


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
    retries: float | None = None
    """Of an edge: attempts beyond the first that it made per second. Not kept for those who look back."""
    cpu: float | None = None
    """Part of one core (1.0 = one core)."""
    rss: int | None = None
    """Bytes resident."""
