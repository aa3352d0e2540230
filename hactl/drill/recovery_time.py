"""When clients were first hit, and when they were served again for good: read from every single request. Pure.

A request counts from the moment it was due. It is bad when it got no complete 2xx within the load's timeout, or was
never sent. The service is back at the first moment after the fault from which no request was bad for the whole settle
time: a success in between proves nothing, and one bad request later starts the count again.
"""

from collections.abc import Container, Iterable, Sequence

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

    @property
    def rto(self) -> float | None:
        """Seconds from the fault until clients were served for good."""
        return None if self.back is None else max(0.0, self.back - self.fault)

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


def read_outage(rows: Sequence[Row], fault: float, settle: float, until: float) -> Outage:
    """What the requests due before `until` say that were under way at `fault` or came later; `settle` is seconds."""
    after = sorted(row for row in rows if (row.intended >= fault or row.done >= fault) and row.intended < until)
    bad = [row.intended for row in after if not row.ok]
    last = after[-1].intended if after else fault
    start, back = fault, None
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
    )
