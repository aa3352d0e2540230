"""Do clients get worse answers while a configuration, or the traffic of a region, changes? Counts; decides nothing.

What counts is what clients got from the edges, whatever the cause: a change that breaks a service's route shows there
and nowhere else. Only when a region's traffic moves must the nodes that receive it answer worse as well: traffic is
often moved because the region it leaves is already failing, and then moving it did no harm.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from functools import reduce

from hactl.core.model import Fleet, Sample
from hactl.core.node import Role
from hactl.core.observations import TrafficWorsened
from hactl.core.operation import RAMPS, Operation
from hactl.core.ramp import receivers
from hactl.core.value import Value

BASELINE = 30
"""Measurements before a change that it is compared with; they come about once a second."""
LATELY = 3
"""The last of those. What they are better than is over, and not usual. When they are worse, a move of traffic is
compared with them: it was ordered because of them."""
ENOUGH = 10
"""Failed answers below which nothing is said: a few prove nothing."""
OVER = 20
"""Failures there would have been lately, had it gone on as on the whole: with far fewer, it is over and no chance."""
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
        """Failed ones (0..1): of attempts, when more failed than were answered."""
        most = max(self.requests, self.errors)
        return self.errors / most if most else 0.0


class Answered(Value):
    """What was answered in one measurement, or in several."""

    clients: Tally = Tally()
    """By the edges."""
    nodes: Tally = Tally()
    """By the nodes that are judged, with what clients did not get and no node answers for."""

    def plus(self, other: "Answered") -> "Answered":
        """Both together."""
        return Answered(clients=self.clients.plus(other.clients), nodes=self.nodes.plus(other.nodes))


class Guard:
    """Compares the answers during each configuration change, failover and failback with those before it."""

    def __init__(self) -> None:
        self._before: deque[Answered] = deque(maxlen=BASELINE)
        self._operation = ""
        self._since = Answered()
        self._told = False

    def measured(self, fleet: Fleet, samples: Iterable[Sample]) -> TrafficWorsened | None:
        """Take one measurement, of about a second; something is said once for each change."""
        change = _change(fleet)
        now = _answered(fleet, samples, change)
        if change is None:
            if fleet.proposal is None and fleet.moving is None:  # what is on its way back may still do harm
                self._before.append(now)
            return None
        if change.id != self._operation:
            self._operation, self._since, self._told = change.id, Answered(), False
        self._since = self._since.plus(now)
        why = self._worsened(change)
        if not why or self._told:
            return None
        self._told = True
        return TrafficWorsened(operation=change.id, why=why)

    def _worsened(self, change: Operation) -> str:
        clients = usual([one.clients for one in self._before])
        if change.verb not in RAMPS:
            return worsened(clients, self._since.clients)
        nodes = usual([one.nodes for one in self._before])
        lately = _sum(list(self._before)[-LATELY:])
        if not worsened(_worse(nodes, lately.nodes), self._since.nodes):
            return ""
        return worsened(_worse(clients, lately.clients), self._since.clients)


def worsened(before: Tally, since: Tally) -> str:
    """What has become worse; "" when nothing has, as far as can be told."""
    if since.errors < ENOUGH:
        return ""
    if before.requests < KNOWN:
        told = f"{since.share * 100:.1f} % of the answers failed, and too few were counted before to know what is usual"
        return told if since.share > PLAIN else ""
    if since.share <= 2 * before.share + TOLERATED:
        return ""
    return f"{since.share * 100:.1f} % of the answers failed, {before.share * 100:.1f} % before"


def usual(measured: Sequence[Tally]) -> Tally:
    """What is usual by these measurements, of which the newest is the last: all of them, or the newest when they are
    better. Right after an outage, all of them would hide the next one."""
    whole, lately = reduce(Tally.plus, measured, Tally()), Tally()
    for count, one in enumerate(reversed(measured), start=1):
        lately = lately.plus(one)
        if count >= LATELY and lately.requests >= KNOWN and lately.requests * whole.share >= OVER:
            break
    return lately if lately.share < whole.share else whole


def _answered(fleet: Fleet, samples: Iterable[Sample], change: Operation | None) -> Answered:
    """One measurement; while a region's traffic moves, only the nodes of those that receive it are judged."""
    regions = receivers(fleet, change) if change is not None and change.verb in RAMPS else None
    clients, nodes, judged = Tally(), Tally(), Tally()
    for sample in samples:
        node = fleet.nodes.get(sample.node)
        tally = Tally(requests=sample.requests or 0.0, errors=sample.errors or 0.0)
        if node is None:
            continue
        if node.role is Role.EDGE:
            clients = clients.plus(tally)
            continue
        nodes = nodes.plus(tally)
        if regions is None or node.region in regions:
            judged = judged.plus(tally)
    nobodys = max(0.0, clients.errors - nodes.errors)
    return Answered(clients=clients, nodes=judged.plus(Tally(requests=nobodys, errors=nobodys)))


def _sum(several: Iterable[Answered]) -> Answered:
    return reduce(Answered.plus, several, Answered())


def _worse(before: Tally, lately: Tally) -> Tally:
    """What was usual, as well known as it is from all of it, and as bad as it was lately."""
    share = max(before.share, lately.share if lately.errors >= ENOUGH else 0.0)
    return Tally(requests=before.requests, errors=share * before.requests)


def _change(fleet: Fleet) -> Operation | None:
    """The change that can still be rolled back."""
    moving = fleet.moving
    if moving is not None and not moving.back:
        return moving
    if fleet.proposal is None:
        return None
    # What a drill lent is given back whatever clients get meanwhile: to take that back would leave its fault in force.
    giving_back = {operation.drill.undoing for operation in fleet.operations.values() if operation.drill is not None}
    changes = (operation for operation in fleet.operations.values() if operation.revision and not operation.back)
    return next((change for change in changes if change.id not in giving_back), None)
