"""How a fleet bore many more clients than usual: what it answered, how fast it refused the rest, and how soon all was
well afterwards. Pure.

Goodput is measured against what was asked for, or against what the fleet is declared to carry when that is less: it may
refuse what is beyond, at once, and must not collapse under it.
"""

from collections.abc import Sequence

from hactl.config.traffic_rules import OWN_PATHS
from hactl.core.model import Fleet
from hactl.core.safety import serving
from hactl.core.value import Value
from hactl.drill.measure import percentile
from hactl.drill.records import UNSENT, Row
from hactl.drill.recovery_time import Outage, read_outage

REFUSED = (429, 503)
"""Answers that refuse a request for want of capacity."""


class Borne(Value):
    """What all clients together saw while a surge lasted."""

    begin: float
    """Monotonic seconds."""
    end: float
    due: int
    good: int
    refused: int
    failed: int
    """Neither good nor refused."""
    refused_p99: float | None
    """Seconds from sending within which 99 % of what was refused had been; None when nothing was."""
    wanted: float
    """Requests that should have been answered well: all, or as many as the fleet is declared to carry."""
    declared: bool = False
    """The latter."""
    sent: float = 0.0
    """Requests per second by which the surge was more, as they were really sent."""

    @property
    def goodput(self) -> float:
        """Good answers as part of those that were wanted."""
        return min(1.0, self.good / self.wanted) if self.wanted else 1.0

    def __str__(self) -> str:
        late = "" if self.refused_p99 is None else f" (99 % within {self.refused_p99 * 1000:.0f} ms)"
        asked = f"during the surge, {self.end - self.begin:.1f} s: {self.due} requests"
        return f"{asked}, {self.good} answered well, {self.refused} refused{late}, {self.failed} failed"


def declared_capacity(fleet: Fleet, route: str) -> float:
    """Requests per second to `route` that the configuration says the fleet carries, by its nodes or by what its edges
    let in; 0 when it says neither. Of hactl's own routes they let in all."""
    spec = fleet.spec
    limits: list[float] = [spec.gateway.capacity * len(serving(fleet))] if spec.gateway.capacity else []
    if spec.edge.rate_limit.requests and not route.startswith(OWN_PATHS):
        limits.append(spec.edge.rate_limit.requests / spec.edge.rate_limit.per)
    return float(min(limits, default=0))


def borne(steady: Sequence[Row], surged: Sequence[Row], capacity: float) -> Borne | None:
    """What `steady` clients and those of a surge saw while that lasted; None without one. `capacity` is 0 for not
    known."""
    if not surged:
        return None
    begin, end = min(row.intended for row in surged), max(row.intended for row in surged)
    rows = [*(row for row in steady if begin <= row.intended <= end), *surged]
    refused = sorted(row.done - row.sent for row in rows if row.status in REFUSED)
    good = sum(row.ok for row in rows)
    most = capacity * (end - begin)
    declared = 0 < most < len(rows)
    return Borne(
        begin=begin,
        end=end,
        due=len(rows),
        good=good,
        refused=len(refused),
        failed=len(rows) - good - len(refused),
        refused_p99=percentile(refused, 0.99) if refused else None,
        wanted=most if declared else float(len(rows)),
        declared=declared,
        sent=_rate(surged),
    )


def _rate(surged: Sequence[Row]) -> float:
    """Per second; of those who came back all at once, whom nobody can send in one moment, there is none."""
    begin = min(row.intended for row in surged)
    moments = [row.sent for row in surged if row.intended > begin and row.error != UNSENT]
    span = max(moments, default=begin) - begin
    return len(moments) / span if span > 0 else 0.0


def recovered(rows: Sequence[Row], over: float, settle: float, until: float) -> Outage:
    """What clients noticed from the moment on at which a fault was over, which stands for the fault. What begins when
    all has been well for `settle` seconds is another matter."""
    return read_outage(rows, over, settle, until, begun_by=over + settle)
