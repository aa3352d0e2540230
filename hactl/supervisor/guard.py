"""Do clients get worse answers while a configuration, or the traffic of a region, changes? Counts; decides nothing.

What is counted is what clients got from the edges, whoever was to blame: a change that breaks a service's route shows
there and nowhere else.
"""

from collections import deque
from collections.abc import Iterable

from hactl.core.model import Fleet, Sample
from hactl.core.observations import TrafficWorsened
from hactl.core.operation import Operation
from hactl.core.ramp import in_progress
from hactl.core.value import Value

BASELINE = 30
"""Measurements before a change that it is compared with; they come about once a second."""
ENOUGH = 10
"""Failed answers below which nothing is said: a few prove nothing."""
KNOWN = 100
"""Answers before a change below which nobody knows what is usual: a daemon that is new may have seen few or none."""
PLAIN = 0.5
"""Share of failed answers that is told even when nobody knows what is usual."""
TOLERATED = 0.01
"""Share of failed answers above twice the usual one that is still put down to chance."""


class Tally(Value):
    """Answers that clients got."""

    requests: float = 0.0
    errors: float = 0.0

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(requests=self.requests + other.requests, errors=self.errors + other.errors)

    @property
    def share(self) -> float:
        """Failed ones (0..1)."""
        return self.errors / self.requests if self.requests else 0.0


class Guard:
    """Compares the answers during each configuration change, failover and failback with those before it."""

    def __init__(self) -> None:
        self._before: deque[Tally] = deque(maxlen=BASELINE)
        self._operation = ""
        self._since = Tally()
        self._told = False

    def measured(self, fleet: Fleet, samples: Iterable[Sample]) -> TrafficWorsened | None:
        """Take one measurement, of about a second; something is said once for each change."""
        edges = {edge.name for edge in fleet.edges}
        now = Tally()
        for sample in samples:
            if sample.node in edges:
                now = now.plus(Tally(requests=sample.requests or 0.0, errors=sample.errors or 0.0))
        change = _change(fleet)
        if change is None:
            if fleet.proposal is None and in_progress(fleet) is None:  # what is on its way back may still do harm
                self._before.append(now)
            return None
        if change.id != self._operation:
            self._operation, self._since, self._told = change.id, Tally(), False
        self._since = self._since.plus(now)
        before = Tally()
        for tally in self._before:
            before = before.plus(tally)
        why = worsened(before, self._since)
        if not why or self._told:
            return None
        self._told = True
        return TrafficWorsened(operation=change.id, why=why)


def worsened(before: Tally, since: Tally) -> str:
    """What has become worse; "" when nothing has, as far as can be told."""
    if since.errors < ENOUGH:
        return ""
    if before.requests < KNOWN:
        told = f"{since.share * 100:.1f} % of the answers failed, and too few came before to know what is usual"
        return told if since.share > PLAIN else ""
    if since.share <= 2 * before.share + TOLERATED:
        return ""
    return f"{since.share * 100:.1f} % of the answers failed, {before.share * 100:.1f} % before"


def _change(fleet: Fleet) -> Operation | None:
    """The change that can still be taken back."""
    moving = in_progress(fleet)
    if moving is not None and not moving.back:
        return moving
    if fleet.proposal is None:
        return None
    changes = (operation for operation in fleet.operations.values() if operation.revision and not operation.back)
    return next(changes, None)
