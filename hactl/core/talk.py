"""What travels between a Controller and whoever drives it: snapshots, updates, receipts, queries. Values only."""

from hactl.core.events import Record
from hactl.core.headroom import Carrying
from hactl.core.model import Fleet, Sample
from hactl.core.plan import Share
from hactl.core.value import Value, replace

PROTOCOL = 1
"""Version of the wire protocol; a client and a daemon that differ refuse each other with a hint."""


class Pulse(Value):
    """How the daemon itself is."""

    pid: int = 0
    version: str = ""
    started: float = 0.0
    """Unix time."""
    lag_ms: float = 0.0
    """Worst delay of its loop within the last few seconds."""
    lag_p999_ms: float = 0.0
    """99.9 % of the moments of the last ten minutes, or of all since it began, its loop was no later than this. It is
    read from counts (`lags`) and rounded up to the next of their bounds."""
    lags: tuple[int, ...] = ()
    """How many of these moments, twenty a second, were how late: `core.lag.BOUNDS_MS` says what each count means."""
    cpu: float = 0.0
    """Part of one core over the last second."""
    rss: int = 0
    watchers: int = 0
    unwritten: int = 0
    """Records waiting for room in the journal; 0 when all is well."""
    read_only: bool = False


class Snapshot(Value, tag="snapshot", tag_field="kind"):
    """Everything now."""

    fleet: Fleet
    at: float
    """Unix time at which it was made."""
    mono: float
    samples: tuple[Sample, ...] = ()
    pulse: Pulse = Pulse()


class News(Value, tag="news", tag_field="kind"):
    """Records that were just journaled, with the fleet they led to left to the receiver (`machine.evolve`)."""

    records: tuple[Record, ...]


class Measured(Value, tag="measured", tag_field="kind"):
    """New measurements; also the heartbeat of a quiet stream."""

    at: float
    """Unix time at which they were made."""
    mono: float | None = None
    """The same moment as in a Snapshot; None where only the other is known, as of what was recorded."""
    samples: tuple[Sample, ...] = ()
    pulse: Pulse = Pulse()


Update = Snapshot | News | Measured


def renewed(snapshot: Snapshot, update: Measured) -> Snapshot:
    """The snapshot with newer measurements. Its ages are right although the wall clock was set meanwhile."""
    mono = snapshot.mono + update.at - snapshot.at if update.mono is None else update.mono
    return replace(snapshot, at=update.at, mono=mono, samples=update.samples, pulse=update.pulse)


class Receipt(Value):
    """An accepted command."""

    seq: int
    """Journal position right after it: watch from here and nothing is missed."""
    operation: str = ""
    """Id of the operation it became; "" for a dry run."""
    sentence: str = ""
    """What is being done, or with a dry run would be, in plain words."""
    shares: tuple[Share, ...] = ()
    """Intended shares right after it."""
    steps: tuple[str, ...] = ()
    """What it takes, in order, in plain words; () when it is a single step."""
    carrying: Carrying | None = None
    """What it leaves the others to carry, at its worst moment; None when it is about nobody's share."""


class Query(Value):
    """Which journal records to give; without `after`, the newest of them."""

    after: int = 0
    before: int = 0
    since: float = 0.0
    """Unix time; 0 for no limit."""
    kinds: tuple[str, ...] = ()
    """Event kinds by their tag; empty for all."""
    limit: int = 100


class LogPage(Value):
    """Lines of a log and where to go on."""

    node: str
    lines: tuple[str, ...]
    after: int
    """Offset to ask from next time."""
    truncated: bool = False
    """The file was rotated or cut since the last page: some lines may be missing."""


class Hello(Value):
    """The version handshake."""

    protocol: int
    version: str
    fleet: str
    pid: int
    read_only: bool
    uid: int
    """Of the caller, as the kernel says."""
