"""What the world reports. Every observation names the launch it is about, so that late news can be told from news."""

from hactl.core.brownout import Answers
from hactl.core.certificate import Certificate
from hactl.core.hop_observations import HopObservation
from hactl.core.impairment import Impairment
from hactl.core.model import EdgeUse
from hactl.core.node import DeadlineKind, Launch
from hactl.core.value import BaseObservation


class Spawned(BaseObservation):
    """A process was started."""

    node: str
    launch: Launch


class SpawnFailed(BaseObservation):
    """No process could be started: missing binary, refused documents, a port in use."""

    node: str
    instance: str
    why: str
    port: int = 0
    """A free port to move to, when the old one is taken by somebody else."""


class Exited(BaseObservation):
    """A process ended. `code` and `signal` are both None when the kernel no longer knows."""

    node: str
    instance: str
    code: int | None = None
    signal: int | None = None
    oom: bool = False
    """The kernel's out-of-memory killer most likely did it."""
    said: str = ""
    """The last line of its log, when it ended on its own."""
    left: str = ""
    """What it left running, and how to keep it from doing so; ended by now."""
    in_use: tuple[EdgeUse, ...] = ()
    """When it was an edge: what it and the others were doing, as last read."""


class BecameHealthy(BaseObservation):
    """Enough probes in a row succeeded."""

    node: str
    instance: str


class BecameUnhealthy(BaseObservation):
    """Enough probes in a row failed."""

    node: str
    instance: str
    why: str
    hung: bool = False
    """Alive but stopped (state T), or silent beyond `hang_grace`: to be killed, so that edges retry its requests."""
    in_use: tuple[EdgeUse, ...] = ()
    """When it is an edge: what it and the others were doing, as last read."""


class BecameSlow(BaseObservation):
    """Answers of a node that serves take far longer than those of its peers, and have done so for a while."""

    node: str
    instance: str
    why: str


class NoLongerSlow(BaseObservation):
    """They do so no more."""

    node: str
    instance: str
    why: str


class Stalled(BaseObservation):
    """A start takes its time; `why` is what the process still lacks."""

    node: str
    instance: str
    why: str


class WentIdle(BaseObservation):
    """A draining process has nothing in flight any more."""

    node: str
    instance: str


class StillBusy(BaseObservation):
    """The deadline of a drain is about to come, and so many requests are still open."""

    node: str
    instance: str
    requests: int


class ImpairmentRead(BaseObservation):
    """What a process does to requests was read back from this very process; None: nothing."""

    node: str
    instance: str
    fault: Impairment | None


class ImpairmentRefused(BaseObservation):
    """A process cannot be impaired, and has not been."""

    node: str
    instance: str
    why: str
    hint: str = ""


class Woke(BaseObservation):
    """A deadline has come."""

    node: str
    deadline: DeadlineKind


class PlanApplied(BaseObservation):
    """An edge has proved that it uses a plan."""

    edge: str
    instance: str
    version: int
    revision: int = 0
    """The configuration it proved with it."""


class PlanRejected(BaseObservation):
    """An edge refused a plan or did not confirm it in time; it still uses its last good one."""

    edge: str
    instance: str
    version: int
    why: str
    revision: int = 0
    """The configuration it was to take with it."""


class TrafficWorsened(BaseObservation):
    """Since a configuration change began clients get worse answers than before it."""

    operation: str
    why: str


class LoadSustained(BaseObservation):
    """A node has carried materially more for several seconds than any had been seen to before."""

    node: str
    instance: str
    rate: float
    """Requests per second that it answered in each of these seconds, with practically no error."""


class CertificateFit(BaseObservation):
    """The files that the configuration names were found to hold this certificate and its key."""

    certificate: Certificate


class CertificateUnfit(BaseObservation):
    """They were found to hold nothing that edges could use."""

    why: str


class RegionFaltered(BaseObservation):
    """A region answers far worse than the others do, or than it did itself, and has done so for a while.

    Said again when the others, who had too little capacity to take over, could carry the load now.
    """

    region: str
    why: str
    usual: Answers | None = None
    """How its answers should be."""
    load: float | None = None
    """Requests per second of all nodes together; None when they are not known."""


class RegionRecovered(BaseObservation):
    """It does so no more."""

    region: str
    why: str


class TakersFaltered(BaseObservation):
    """The regions that took over from a degraded one answer no better since."""

    region: str
    why: str


class JournalStuck(BaseObservation):
    """Records wait for room in the journal."""

    waiting: int


class AlertTried(BaseObservation):
    """All attempts to deliver an alert have been made, and the last one went well or did not."""

    id: str
    delivered: bool
    attempts: int
    why: str = ""
    """What went wrong, without any secret; "" when delivered."""
    hint: str = ""


class AlertTooOld(BaseObservation):
    """An alert could not be delivered as long as it was news."""

    id: str


class DrillDue(BaseObservation):
    """A schedule has come to one of its moments."""

    schedule: str
    at: float
    """Unix time of that moment."""
    blocked: str = ""
    """The date, when nothing is to be begun on it."""


class DrillOver(BaseObservation):
    """What a schedule had begun has ended, or could not be begun."""

    schedule: str
    code: int | None = None
    """Its exit code; None when it is not known."""
    why: str = ""
    """Why it could not be begun."""


class Ticked(BaseObservation):
    """Time passed; lets operations end at their deadline."""


Observation = (
    Spawned
    | SpawnFailed
    | Exited
    | BecameHealthy
    | BecameUnhealthy
    | BecameSlow
    | NoLongerSlow
    | Stalled
    | WentIdle
    | StillBusy
    | ImpairmentRead
    | ImpairmentRefused
    | HopObservation
    | Woke
    | PlanApplied
    | PlanRejected
    | TrafficWorsened
    | LoadSustained
    | RegionFaltered
    | RegionRecovered
    | TakersFaltered
    | CertificateFit
    | CertificateUnfit
    | JournalStuck
    | AlertTried
    | AlertTooOld
    | DrillDue
    | DrillOver
    | Ticked
)
