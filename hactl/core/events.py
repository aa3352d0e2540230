"""What happened. Events are the only thing that changes a Fleet; each one is journaled before anybody acts on it.

An event carries the result, not the cause: replaying a journal needs no rule that the code may have changed since.
"""

from hactl.core.alert_events import AlertEvent
from hactl.core.brownout_events import BrownoutEvent
from hactl.core.certificate import Certificate
from hactl.core.config_events import ConfigEvent
from hactl.core.drill_events import DrillEvent
from hactl.core.hop_events import HopEvent
from hactl.core.model import EdgeLoss, Failover, Paused
from hactl.core.node import Node, NodeState
from hactl.core.operation import Operation, Outcome
from hactl.core.plan import TrafficPlan
from hactl.core.region_events import RegionEvent
from hactl.core.spec import Policy
from hactl.core.value import BaseEvent, Value


class DaemonStarted(BaseEvent):
    """A daemon took charge."""

    pid: int
    version: str
    boot: str
    gap: float | None = None
    """Seconds during which nobody supervised the fleet; None when it was down on purpose."""
    trouble: str = ""
    """Why `hactl.toml` could not be used, so that the last good configuration goes on; "" when it could."""
    at_most: bool = False
    """The gap can have been shorter: the daemon before had left no trace for a while."""


class DaemonStopped(BaseEvent):
    """A daemon left in good order."""

    pid: int


class NodeChanged(BaseEvent):
    """A process changed: `node` is the new value, `was` the state before."""

    was: NodeState
    node: Node
    why: str = ""


class NodeAdopted(BaseEvent):
    """A process that outlived its daemon was taken over."""

    node: str
    instance: str
    pid: int
    recorded: bool = True
    """False when it was spawned just before the daemon died and found by its instance id alone."""


class AdoptionRefused(BaseEvent):
    """A recorded pid turned out to be somebody else, or nobody."""

    node: str
    pid: int
    why: str


class OrphanEnded(BaseEvent):
    """A process of this fleet that no node claims was ended."""

    pid: int
    instance: str


class WeightsChanged(BaseEvent):
    """Weights were set: of nodes, of regions."""

    nodes: dict[str, int] = {}
    regions: dict[str, int] = {}


class PolicyChanged(BaseEvent):
    """The balancing policy was set."""

    policy: Policy


class CertificateTaken(BaseEvent):
    """The files that the configuration names hold a certificate that fits; the edges are being given it."""

    certificate: Certificate


class CertificateRefused(BaseEvent):
    """They do not; the certificate in use stays."""

    why: str


class CapacitySeen(BaseEvent):
    """A node has sustained more than any had been seen to before; so much is proved from now on."""

    node: str
    rate: float
    """Requests per second."""


class TrafficShifted(BaseEvent):
    """The plan changed; the edges are being told."""

    plan: TrafficPlan
    why: str = ""
    at: float = 0.0
    """Monotonic seconds of the decision."""


class TrafficApplied(BaseEvent):
    """One edge has proved that it uses a plan."""

    edge: str
    version: int
    ms: float | None = None
    """From the decision to this edge's proof; None for an edge that has just started."""
    revision: int = 0
    """The configuration it proved with it."""


class TrafficRejected(BaseEvent):
    """One edge would not take a plan."""

    edge: str
    version: int
    why: str


class FailoverBegan(BaseEvent):
    """Capacity was lost."""

    failover: Failover


class FailoverMoved(BaseEvent):
    """Every edge has confirmed the plan without the lost node."""

    failover: Failover
    ms: float
    """From the loss seen to the last edge's proof."""


class FailoverEnded(BaseEvent):
    """The lost capacity serves again, confirmed by every edge; or the node was stopped on purpose or gave up."""

    node: str
    moved_ms: float | None
    back_ms: float | None
    """From the loss seen; None when it did not come back."""
    why: str = ""
    """What has overtaken the loss, when that is all that is known."""


class EdgeLost(BaseEvent):
    """An edge ended, or hangs and is killed; what was open there is cut off. Nobody had ordered it to stop."""

    loss: EdgeLoss


class EdgeBack(BaseEvent):
    """It serves again, and has proved the plan."""

    edge: str
    ms: float
    """From the loss seen."""


class EdgeGivenUp(BaseEvent):
    """It will not recover on its own: it was stopped meanwhile, has died too often, or waits for the end of a pause."""

    edge: str


class OperationBegan(BaseEvent):
    """A command was accepted."""

    operation: Operation


class OperationMoved(BaseEvent):
    """An operation took a step."""

    operation: Operation


class OperationEnded(BaseEvent):
    """An operation ended; happens exactly once for each."""

    id: str
    outcome: Outcome
    sentence: str
    hint: str = ""
    ms: float = 0.0


class GapRecorded(BaseEvent):
    """The journal could not be written for a while; `lost` records are missing before this one."""

    lost: int
    why: str


class FleetPaused(BaseEvent):
    """From now on the daemon repairs nothing; or a pause goes on with another end, or over a reboot."""

    paused: Paused


class FleetUnpaused(BaseEvent):
    """The pause is over: what waited for that follows."""

    why: str


class JournalFilled(BaseEvent):
    """The journal has had no room for a while; this record has waited for it, too."""

    waiting: int
    """Records that waited before this one."""


class FleetClosing(BaseEvent):
    """`down` was accepted."""


Event = (
    ConfigEvent
    | DaemonStarted
    | DaemonStopped
    | NodeChanged
    | NodeAdopted
    | AdoptionRefused
    | OrphanEnded
    | WeightsChanged
    | PolicyChanged
    | CertificateTaken
    | CertificateRefused
    | CapacitySeen
    | TrafficShifted
    | TrafficApplied
    | TrafficRejected
    | FailoverBegan
    | FailoverMoved
    | FailoverEnded
    | EdgeLost
    | EdgeBack
    | EdgeGivenUp
    | OperationBegan
    | OperationMoved
    | OperationEnded
    | GapRecorded
    | FleetPaused
    | FleetUnpaused
    | JournalFilled
    | FleetClosing
    | AlertEvent
    | RegionEvent
    | BrownoutEvent
    | DrillEvent
    | HopEvent
)


class Record(Value):
    """An event as it stands in the journal."""

    seq: int
    wall: float
    """Unix time."""
    mono: float
    """Monotonic seconds, for durations between records of one boot."""
    event: Event
    by: str = ""
    """Who caused it: an operator, or "" when the world did."""
    reason: str = ""
