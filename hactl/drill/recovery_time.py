"""When clients were first hit, and when they were served again for good: read from every single request. Pure.

A request counts from the moment it was due. It is bad when it got no complete 2xx within the load's timeout, or was
never sent. The service is back at the first moment after the first bad one from which no request was bad for the whole
settle time: a success in between proves nothing, and one bad request later starts the count again.
"""

import math
from collections.abc import Container, Iterable, Sequence
from itertools import pairwise

from hactl.core.value import Value
from hactl.drill.records import Row


class Outage(Value):
    """What clients noticed of a fault; monotonic seconds."""

    fault: float
    first_bad: float | None
    """When the first request was due that failed; None when none did."""
    back: float | None
    """When the first request was due from which on all was well; None when that did not come within what was seen."""
    bad: int
    """Between the fault and `back`, or the end of what was seen."""
    seen_until: float
    """When the last request was due that is looked at."""
    last_bad: float | None = None
    """When the last request was due that failed; None when none did."""

    @property
    def rto(self) -> float | None:
        """Seconds from the fault until clients were served for good."""
        return None if self.back is None else max(0.0, self.back - self.fault)

    @property
    def least(self) -> float:
        """Seconds that it certainly took, also when nobody saw how long: all was not well before the last failure."""
        if self.rto is not None:
            return self.rto
        return 0.0 if self.last_bad is None else max(0.0, self.last_bad - self.fault)

    @property
    def seen(self) -> float:
        """Seconds after the fault that are looked at."""
        return self.seen_until - self.fault

    @property
    def outage(self) -> float | None:
        """Seconds that clients themselves noticed; 0 when no request failed."""
        if self.first_bad is None:
            return 0.0
        return None if self.back is None else max(0.0, self.back - self.first_bad)


def last_reached(rows: Iterable[Row], names: Container[str], fault: float, until: float) -> float | None:
    """When the last request was sent, before `until`, that is known to have come to one of `names` and was under way at
    `fault` or later: one of these answered it, or it failed. None when there was none."""
    reached = (row.sent for row in rows if row.done >= fault and row.sent < until and (row.node in names or not row.ok))
    return max(reached, default=None)


def read_outage(
    rows: Sequence[Row],
    fault: float,
    settle: float,
    until: float,
    *,
    since: float | None = None,
    begun_by: float = math.inf,
) -> Outage:
    """What the requests due before `until` say that were under way at `fault` or came later; `settle` is seconds.

    Those under way from `since` on count as well: while a fault takes hold, some suffer already. An outage that nobody
    has noticed by `begun_by` is not this fault's.
    """
    since = fault if since is None else min(since, fault)
    after = sorted(row for row in rows if (row.intended >= since or row.done >= since) and row.intended < until)
    bad = [row.intended for row in after if not row.ok]
    if bad and bad[0] >= begun_by:
        bad = []
    last = after[-1].intended if after else fault
    # Who was not hit yet has nothing to come back from: quiet times count from the first failure on.
    start, back = max([fault, *bad[:1]]), None
    for moment in (*bad, None):
        if (last if moment is None else moment) - start >= settle:
            back = next((row.intended for row in after if row.intended >= start and row.ok), None)
            break
        if moment is not None:
            start = max(fault, moment)
    if back is not None and not any(moment < back for moment in bad):
        back = fault  # nobody noticed anything before all was well: it was never away
    return Outage(
        fault=fault,
        first_bad=next(iter(bad), None),
        back=back,
        bad=sum(back is None or moment < back for moment in bad),
        seen_until=last,
        last_bad=next(reversed(bad), None),
    )


def settling(settle: float, over: float | None, until: float) -> float:
    """Seconds without a failure that are for good, of the `settle` that are wanted, where faults were `over` so shortly
    before `until` that hardly more are left; never less than half."""
    if over is None or over >= until:
        return settle
    # To take a fault back needs a moment: one that lasts to the settling is over a little later, and clients, too.
    return min(settle, max(0.5 * settle, 0.9 * (until - over)))


def read_outages(
    rows: Sequence[Row], struck: Sequence[float], settle: float, until: float, *, since: float
) -> tuple[Outage, ...]:
    """One for each fault, from the moment at which that was in effect; `since` is when the first was asked for. What
    begins after another fault is read as the other's alone, once all has been well for `settle` seconds."""
    return tuple(
        read_outage(
            rows,
            moment,
            settle,
            until,
            since=moment if number else since,
            begun_by=max(another, moment + settle),
        )
        for number, (moment, another) in enumerate(pairwise((*sorted(struck), math.inf)))
    )


def worst(outages: Sequence[Outage]) -> Outage | None:
    """The one that clients had to wait longest for to be over; None of none."""
    return max(outages, key=lambda one: (one.rto is None, one.rto or 0.0, one.bad), default=None)
