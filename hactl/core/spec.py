"""What the operator declared: `hactl.toml` as values, complete with defaults. Not what runs: that is `model`.

Durations are seconds, sizes are bytes. `hactl.config` builds these values and documents every key; the defaults
here are the defaults of the file. Services and routes stand in `routing`.
"""

from enum import StrEnum

from hactl.core.alert import AlertSpec
from hactl.core.routing import RateLimitSpec, RouteSpec, ServiceSpec
from hactl.core.schedule import ScheduleSpec
from hactl.core.value import Value


class Policy(StrEnum):
    """How an edge chooses among the nodes that may take a request."""

    ROUND_ROBIN = "round-robin"
    LEAST_REQUEST = "least-request"
    RANDOM = "random"
    RING_HASH = "ring-hash"
    MAGLEV = "maglev"

    @property
    def honours_node_weights(self) -> bool:
        """Envoy's RANDOM ignores endpoint weights (measured: 33/33/33 for 1:2:7)."""
        return self is not Policy.RANDOM

    @property
    def hashes(self) -> bool:
        """True when the choice depends on a hash of the request (`hash_on`)."""
        return self in (Policy.RING_HASH, Policy.MAGLEV)


class GatewayKind(StrEnum):
    """What a node is: an Envoy that hactl configures, or any program that listens on a port."""

    ENVOY = "envoy"
    COMMAND = "command"


class ProbeKind(StrEnum):
    """How a health check asks."""

    HTTP = "http"
    TCP = "tcp"
    GRPC = "grpc"


class FailoverMode(StrEnum):
    """What a region of a later priority does while an earlier one still has a node."""

    STANDBY = "standby"
    """All or nothing: it takes traffic only when no earlier region can serve."""
    SPILL_OVER = "spill-over"
    """It takes what an earlier region cannot carry any more."""


MAX_EDGES = 32
"""Edges a fleet may have."""


class EdgeTlsSpec(Value):
    """How edges speak TLS to clients: files in PEM, both or none; `cert` is a chain, the edges' own first."""

    cert: str = ""
    key: str = ""


class EdgeSpec(Value):
    """The front balancers: identical processes that share one listening address."""

    host: str = "127.0.0.1"
    port: int = 8080
    count: int = 2
    threads: int = 0
    """Worker threads per edge; 0 means max(1, cores // count)."""
    policy: Policy = Policy.LEAST_REQUEST
    hash_on: str = ""
    """`header:NAME`, `cookie:NAME` or `source-ip`; needed by the hashing policies."""
    sticky: bool = False
    node_header: str = "x-hactl-node"
    """Response header that names the node that answered; "" turns it off."""
    max_connections: int = 20_000
    request_headers_timeout: float = 10.0
    idle_timeout: float = 300.0
    max_body_retry: int = 1 << 20
    """Request bodies up to this size are kept by the edge and can be sent again to another node."""
    tls: EdgeTlsSpec = EdgeTlsSpec()
    rate_limit: RateLimitSpec = RateLimitSpec()
    """For all clients and routes together."""


class RegionSpec(Value):
    """One failure domain with its own nodes."""

    name: str = "local"
    priority: int = 0
    """Lower first; regions of equal priority share traffic by weight."""
    weight: int = 100
    nodes: int = 3
    spares: int = 0
    """Nodes more, started and ready, that step in the moment others are out."""
    bind: str = "127.0.0.1"


class GatewaySpec(Value):
    """What a node runs."""

    kind: GatewayKind = GatewayKind.ENVOY
    command: tuple[str, ...] = ()
    """argv template for `kind = "command"`: {port} {address} {name} {region} {dir}."""
    stop_signal: str = "TERM"
    stop_timeout: float = 10.0
    """Seconds from the stop signal to KILL; also the deadline of a drain."""
    start_timeout: float = 10.0
    capacity: int = 0
    """Requests per second that one node is known to carry; 0: not known, what was seen counts (`headroom`)."""
    directory: str = ""
    """Absolute path of where the command runs and relative paths start; "": where the daemon was started."""
    env: dict[str, str] = {}
    """Literal values, or references to secrets (`hactl.core.secrets`); with the same placeholders."""
    envoy_overlay: str = ""
    """A patch for the documents that Envoys are given, as JSON text, itself and not where it stands; "" for none."""


class HealthSpec(Value):
    """Who asks a node whether it is well, how often, and what counts as an answer."""

    kind: ProbeKind = ProbeKind.HTTP
    path: str = "/-/ready"
    expect: tuple[int, int] = (200, 299)
    interval: float = 0.25
    """Seconds between an edge's active checks of one node."""
    timeout: float = 0.25
    unhealthy_threshold: int = 2
    healthy_threshold: int = 1
    probe: float = 0.2
    """Seconds between the daemon's own probes of one node; whether it is stopped is looked at more often."""
    hang_grace: float = 1.0
    """Seconds of silence after which a node that is alive but mute is killed."""
    slow_start: float = 0.0
    slow_weight: int = 100
    """Percent of its weight that a node keeps while it is far slower than its peers; 100: it is only said."""


class RestartSpec(Value):
    """How a process that died comes back."""

    initial: float | None = None
    """Delay before the first restart; None: none after a first good run or 60 s of it, else as the backoff says."""
    base: float = 0.5
    max: float = 30.0
    budget: int = 5
    window: float = 60.0
    """`budget` restarts within `window` seconds make a crash loop: one slow try per window from then on."""


class SafetySpec(Value):
    """Rules that every command must pass, whoever sends it."""

    min_serving_nodes: int = 1
    min_serving_regions: int = 1
    max_unhealthy_share: float = 1 / 3
    """The daemon never takes out more than this share of the nodes on probes alone."""
    read_only: bool = False
    max_faulted_share: float = 2 / 3
    """No drill may touch more than this share of the nodes, or of the edges."""
    max_drill: float = 3600.0
    """Seconds after which any drill is over."""
    scheduled_drills: bool = False
    """Drills may begin by a schedule, with nobody asking."""


class LogsSpec(Value):
    """How much of each process's own log is kept."""

    max_size: int = 16 << 20
    keep: int = 3
    max_age: float = 90 * 86400.0
    """Seconds after which a rotated file goes; so does all that a process has left which is no longer in the fleet."""


class JournalSpec(Value):
    """How much the journal remembers: no more than either of the two, but always what a start needs."""

    max_age: float = 90 * 86400.0
    max_size: int = 256 << 20
    checkpoint_every: int = 500
    """Records between checkpoints: the most a start has to replay."""


class FleetSpec(Value):
    """A whole `hactl.toml`. `FleetSpec()` is a working fleet: one region, three nodes, two edges."""

    name: str = "default"
    state_dir: str = ""
    """Absolute path of the directory for everything the fleet keeps; "" for its place below the state home."""
    ports: tuple[int, int] = (20_000, 27_999)
    """Node ports are taken from this range, which lies below the kernel's ephemeral range."""
    group: str = ""
    """The Unix group whose members may operate the fleet beside its owner and root; "" for none."""
    edge: EdgeSpec = EdgeSpec()
    regions: tuple[RegionSpec, ...] = (RegionSpec(),)
    failover_mode: FailoverMode = FailoverMode.STANDBY
    auto_failback: bool = False
    """A region that was lost gets its traffic back automatically, once it has been healthy for `stable_for`."""
    stable_for: float = 60.0
    """Seconds a region that was in trouble must have been healthy before it gets traffic back automatically."""
    brownout: bool = True
    """A region that answers far worse than it should loses most of its traffic until it is well again."""
    gateway: GatewaySpec = GatewaySpec()
    health: HealthSpec = HealthSpec()
    restart: RestartSpec = RestartSpec()
    safety: SafetySpec = SafetySpec()
    services: tuple[ServiceSpec, ...] = ()
    routes: tuple[RouteSpec, ...] = ()
    logs: LogsSpec = LogsSpec()
    journal: JournalSpec = JournalSpec()
    alerts: tuple[AlertSpec, ...] = ()
    schedules: tuple[ScheduleSpec, ...] = ()

    @property
    def region_names(self) -> tuple[str, ...]:
        """The names of its regions, in their order."""
        return tuple(region.name for region in self.regions)

    def spares(self, region: str) -> int:
        """How many spares a region has; 0 when there is no such region."""
        return next((spec.spares for spec in self.regions if spec.name == region), 0)

    def region(self, name: str) -> RegionSpec:
        """The region called `name`. Raises KeyError."""
        for region in self.regions:
            if region.name == name:
                return region
        raise KeyError(name)

    def alert(self, name: str) -> AlertSpec | None:
        """The receiver of alerts called `name`, if there is one."""
        return next((alert for alert in self.alerts if alert.name == name), None)

    def schedule(self, name: str) -> ScheduleSpec | None:
        """The schedule called `name`, if there is one."""
        return next((schedule for schedule in self.schedules if schedule.name == name), None)
