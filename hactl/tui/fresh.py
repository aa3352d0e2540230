"""Which measurements still apply at the moment they are shown for. Pure; measures nothing."""

from hactl.core.model import Fleet, Sample
from hactl.core.talk import Snapshot
from hactl.core.value import replace

STALE = 3.0
"""Seconds without any news, measurements included, after which a picture is old; they come once a second."""


def holds(sample: Sample, fleet: Fleet, at: float) -> bool:
    """Whether it is no older than that, and of a process that has not ended since."""
    node = fleet.nodes.get(sample.node)
    ended = node is not None and not node.state.alive and sample.at < node.since
    return at - sample.at <= STALE and not ended


def fresh(snapshot: Snapshot) -> Snapshot:
    """The same with those that hold; itself when all of them do."""
    kept = tuple(sample for sample in snapshot.samples if holds(sample, snapshot.fleet, snapshot.at))
    return snapshot if len(kept) == len(snapshot.samples) else replace(snapshot, samples=kept)


def unmeasured(snapshot: Snapshot) -> Snapshot:
    """The same without any."""
    return replace(snapshot, samples=()) if snapshot.samples else snapshot
