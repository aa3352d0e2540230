"""When the events that followed the faults of a run happened, read from the journal. Pure.

Of several faults each is looked at by itself, and the one counts that took longest: a first one that was soon over says
nothing of the second. One that never came to its end took longest of all.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from hactl.core.events import Record
from hactl.core.model import Fleet
from hactl.core.value import Value, replace
from hactl.drill.evidence import Times
from hactl.drill.plan import DrillPlan, Strike
from hactl.drill.unfolding import Capacity, Detected, Lack, Rerouted, Returned, Unfolding


class _Fault(Value):
    """One that has struck; monotonic seconds."""

    strike: Strike
    asked: float
    struck: float
    another: float
    """When the next was asked for; infinity when none was."""


class _Wait(Value):
    """How long something took after a fault."""

    begin: float
    end: float | None = None
    """None: it did not come about."""


class Timing:
    """Of one run: it reads each record once, however often it is asked."""

    def __init__(self, fleet: Fleet, plan: DrillPlan) -> None:
        """`fleet` is what the first record leads on from."""
        self._fleet = fleet
        self._plan = plan
        self._read = 0
        self._unfolding = Unfolding(fleet)
        self._first = Rerouted(fleet, plan.nodes, edges=any)
        self._rerouted = Rerouted(fleet, plan.nodes)
        self._returned: Returned | None = None
        self._capacity = Capacity(fleet)
        self._detected: list[Detected] = []
        """One for each fault by now."""

    def read(self, times: Times, records: Sequence[Record]) -> Times:
        """`times` with what `records` say of the faults that were asked for; those of the last time come first."""
        if times.asked is None:
            return times
        faults = tuple(_faults(times, self._plan))
        self._capacity.since = math.inf if times.failback is None else times.failback
        self._take(faults, times.asked, records)
        seen = _longest(self._seen(faults))
        back = _longest(self._back(faults, times))
        return replace(
            times,
            detected=seen and seen.end,
            detected_from=seen and seen.begin,
            edge_knew=self._first.at,
            returned=self._returned and self._returned.at,
            rerouted=self._rerouted.at,
            capacity=back and back.end,
            capacity_from=back and back.begin,
        )

    def _take(self, faults: Sequence[_Fault], first: float, records: Sequence[Record]) -> None:
        for fault in faults[len(self._detected) :]:
            theirs = {self._fleet.nodes[name].region for name in fault.strike.nodes if name in self._fleet.nodes}
            regions = (name for name in self._plan.regions if name in theirs)
            detected = Detected(fault.strike.nodes, regions, asked=fault.asked, since=first)
            for record in records[: self._read]:
                detected.take(record)
            self._detected.append(detected)
        self._returned = self._returned or Returned(self._plan.nodes, first)
        for record in records[self._read :]:
            for detected in self._detected:
                detected.take(record)
            moment = self._unfolding.after(record)
            for what in (self._first, self._rerouted, self._returned, self._capacity):
                what.take(moment)
        self._read = len(records)

    def _seen(self, faults: Sequence[_Fault]) -> Iterator[_Wait]:
        """Until the daemon saw each that is done to nodes; of others it tells nothing."""
        for fault, detected in zip(faults, self._detected, strict=True):
            if fault.strike.nodes:
                yield _Wait(begin=fault.struck, end=detected.at)

    def _back(self, faults: Sequence[_Fault], times: Times) -> Iterator[_Wait]:
        """Until all served again after each that took something away; after the failback, of what was kept down."""
        if self._plan.keeps_down:
            if times.failback is not None:
                yield _Wait(begin=times.failback, end=self._capacity.back)
            return
        found = self._capacity.lacks
        for fault in faults:
            if (lack := _of(fault, found)) is not None:
                yield _Wait(begin=fault.struck, end=lack.end)


def _faults(times: Times, plan: DrillPlan) -> Iterator[_Fault]:
    ends = pairwise((*times.ordered, math.inf))
    for strike, struck, (asked, another) in zip(plan.strikes, times.struck, ends, strict=False):
        yield _Fault(strike=strike, asked=asked, struck=struck, another=another)


def _of(fault: _Fault, found: Sequence[Lack]) -> Lack | None:
    """The first lack that began after it, or else the one in the middle of which it came."""
    later = bisect_left(found, fault.asked, key=lambda lack: lack.begin)
    if later < len(found) and found[later].begin < fault.another:
        return found[later]
    shared = found[later - 1] if later else None
    return shared if shared is not None and (shared.end is None or shared.end >= fault.asked) else None


def _longest(waits: Iterator[_Wait]) -> _Wait | None:
    """None of none."""
    return max(waits, key=lambda one: math.inf if one.end is None else one.end - one.begin, default=None)
