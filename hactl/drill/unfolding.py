"""What records say of a drill's faults as they come in, each looked at once: what was seen, rerouted and made good.

A run asks every second how it stands, and has thousands of records in the end. So each of these remembers what it has
read, and its answer is true of all it was given so far. Which fault an answer is about is `timing`.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from hactl.core.brownout_events import BrownoutChanged
from hactl.core.draft import evolve
from hactl.core.events import NodeChanged, Record
from hactl.core.model import Fleet
from hactl.core.plan import EndpointStatus
from hactl.core.traffic import confirmed
from hactl.core.value import Value


class Lack(Value):
    """A time in which fewer served than before; monotonic seconds."""

    begin: float
    end: float | None = None
    """None while it goes on."""


class Moment(NamedTuple):
    """What one record has led to."""

    record: Record
    fleet: Fleet
    active: frozenset[str]
    """Who took traffic then."""


class Unfolding:
    """A fleet from record to record."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._active = active(fleet)

    def after(self, record: Record) -> Moment:
        """What the next record leads to."""
        plan, self._fleet = self._fleet.plan, evolve(self._fleet, record.event)
        if self._fleet.plan is not plan:  # most records are no news of it, and a plan may have many endpoints
            self._active = active(self._fleet)
        return Moment(record, self._fleet, self._active)


class Detected:
    """When the daemon saw the first of some nodes out of service or slow, or the first of some regions answer badly.
    What it has seen before the fault was asked for and was still so then, it knew then."""

    def __init__(self, nodes: Iterable[str], regions: Iterable[str] = (), *, asked: float, since: float) -> None:
        """`asked` is when that was; what the daemon has seen before `since` is nobody's concern. Monotonic seconds."""
        self._nodes = frozenset(nodes)
        self._regions = frozenset(regions)
        self._asked = asked
        self._since = since
        self._known: set[str] = set()
        """Those of which it knew that they are ill, when it was asked for."""
        self._seen: float | None = None

    @property
    def at(self) -> float | None:
        """Monotonic seconds; None while it has not."""
        return self._asked if self._known else self._seen

    def take(self, record: Record) -> None:
        """Look at the next one."""
        if self._seen is not None or record.mono < self._since:
            return
        match record.event:
            case NodeChanged(node=node) if node.name in self._nodes:
                name, ill = node.name, node.slow or not node.serviceable
            case BrownoutChanged(brownout=brownout) if brownout.region in self._regions:
                name, ill = brownout.region, brownout.faltering
            case _:
                return
        if record.mono < self._asked:
            (self._known.add if ill else self._known.discard)(name)
        elif ill and not self._known:
            self._seen = record.mono


class Rerouted:
    """When every edge that served (or, with `any`, the first) had proved a plan in which none of some nodes takes
    traffic."""

    def __init__(self, fleet: Fleet, nodes: Iterable[str], *, edges: Callable[[Iterable[bool]], bool] = all) -> None:
        self.at: float | None = None
        """Monotonic seconds; None while they had not."""
        self._nodes = frozenset(name for name in nodes if name in fleet.nodes and fleet.nodes[name].region)
        self._edges = edges
        self._out = False

    def take(self, moment: Moment) -> None:
        """Look at the next one."""
        if self.at is not None or not self._nodes:
            return
        now = moment.fleet
        self._out = self._out or any(not now.nodes[name].serviceable for name in self._nodes if name in now.nodes)
        if self._out and not self._nodes & moment.active:
            proved = [now.confirmed.get(edge.name, -1) >= now.plan.version for edge in now.edges if edge.serviceable]
            if proved and self._edges(proved):
                self.at = moment.record.mono


class Returned:
    """When the first of some nodes was in service again, after the fault was asked for, and after it had been out."""

    def __init__(self, nodes: Iterable[str], asked: float) -> None:
        self.at: float | None = None
        """Monotonic seconds; None while none was."""
        self._nodes = frozenset(nodes)
        self._asked = asked
        self._out: frozenset[str] = frozenset()

    def take(self, moment: Moment) -> None:
        """Look at the next one."""
        if self.at is not None:
            return
        now = moment.fleet.nodes
        serving = frozenset(name for name in self._nodes if name in now and now[name].serviceable)
        if moment.record.mono >= self._asked and serving & self._out:
            self.at = moment.record.mono
        self._out = self._nodes - serving


class Capacity:
    """How many serve, everywhere and known to every edge, compared with the beginning."""

    def __init__(self, fleet: Fleet) -> None:
        self.since = math.inf
        """From when on it is to be back; to be said before a record of later is taken."""
        self.back: float | None = None
        """When as many served again, for the first time after `since`, having been less; None while they did not."""
        self._wanted = _serving(fleet, active(fleet))
        self._ended: list[Lack] = []
        self._begin: float | None = None
        """Of the lack that goes on."""

    @property
    def lacks(self) -> list[Lack]:
        """Each time in which fewer served than in the beginning, somewhere, or not every edge knew yet that as many do;
        oldest first."""
        return self._ended if self._begin is None else [*self._ended, Lack(begin=self._begin)]

    def take(self, moment: Moment) -> None:
        """Look at the next one."""
        now, at = moment.fleet, moment.record.mono
        has = _serving(now, moment.active)
        if any(has[place] < count for place, count in self._wanted.items()):
            self._begin = at if self._begin is None else self._begin
        elif (self._ended or self._begin is not None) and confirmed(now, now.plan.version):
            if self._begin is not None:
                self._ended.append(Lack(begin=self._begin, end=at))
                self._begin = None
            if self.back is None and at >= self.since:
                self.back = at


def active(fleet: Fleet) -> frozenset[str]:
    """Who takes traffic by the plan in force."""
    return frozenset(endpoint.node for endpoint in fleet.plan.endpoints if endpoint.status is EndpointStatus.ACTIVE)


def _serving(fleet: Fleet, active: frozenset[str]) -> Counter[str]:
    """How many serve and are among those that are `active`, by region; the edges under ""."""
    serving = (node for node in fleet.nodes.values() if node.serviceable)
    return Counter(node.region for node in serving if not node.region or node.name in active)
