"""When the events that followed the faults of a run happened, read from the journal. Pure.

Of several faults each is looked at by itself, and the one counts that took longest: a first one that was soon over says
nothing of the second. One that never came to its end took longest of all.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from hactl.core.events import Record
from hactl.core.model import Fleet
from hactl.core.value import Value, replace
from hactl.drill.evidence import Lack, Times, capacity_back, detected, lacks, rerouted, returned
from hactl.drill.plan import DrillPlan, Strike


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


def read_times(times: Times, fleet: Fleet, records: Sequence[Record], plan: DrillPlan) -> Times:
    """`times` with what `records`, from `fleet` onwards, say of the faults that were asked for then."""
    if times.asked is None:
        return times
    faults = tuple(_faults(times, plan))
    seen = _longest(_seen(faults, times.asked, fleet, records, plan))
    back = _longest(_back(faults, times, fleet, records, plan))
    return replace(
        times,
        detected=seen and seen.end,
        detected_from=seen and seen.begin,
        edge_knew=rerouted(fleet, records, plan.nodes, edges=any),
        returned=returned(fleet, records, plan.nodes, times.asked),
        rerouted=rerouted(fleet, records, plan.nodes),
        capacity=back and back.end,
        capacity_from=back and back.begin,
    )


def _faults(times: Times, plan: DrillPlan) -> Iterator[_Fault]:
    ends = pairwise((*times.ordered, math.inf))
    for strike, struck, (asked, another) in zip(plan.strikes, times.struck, ends, strict=False):
        yield _Fault(strike=strike, asked=asked, struck=struck, another=another)


def _seen(
    faults: Sequence[_Fault], first: float, fleet: Fleet, records: Sequence[Record], plan: DrillPlan
) -> Iterator[_Wait]:
    """Until the daemon saw each that is done to nodes; of others it tells nothing."""
    for fault in faults:
        if names := fault.strike.nodes:
            theirs = {fleet.nodes[name].region for name in names if name in fleet.nodes}
            regions = tuple(name for name in plan.regions if name in theirs)
            yield _Wait(begin=fault.struck, end=detected(records, names, fault.asked, regions, since=first))


def _back(
    faults: Sequence[_Fault], times: Times, fleet: Fleet, records: Sequence[Record], plan: DrillPlan
) -> Iterator[_Wait]:
    """Until all served again after each that took something away; after the failback, of what was kept down."""
    if plan.keeps_down:
        if (since := times.failback) is not None:
            yield _Wait(begin=since, end=capacity_back(fleet, records, since))
        return
    found = tuple(lacks(fleet, records))
    for fault in faults:
        if (lack := _of(fault, found)) is not None:
            yield _Wait(begin=fault.struck, end=lack.end)


def _of(fault: _Fault, found: Sequence[Lack]) -> Lack | None:
    """The first lack that began after it, or else the one in the middle of which it came."""
    own = (lack for lack in found if fault.asked <= lack.begin < fault.another)
    shared = (lack for lack in found if lack.begin < fault.asked and (lack.end is None or lack.end >= fault.asked))
    return next(own, None) or next(shared, None)


def _longest(waits: Iterator[_Wait]) -> _Wait | None:
    """None of none."""
    return max(waits, key=lambda one: math.inf if one.end is None else one.end - one.begin, default=None)
