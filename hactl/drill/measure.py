"""Judgement over what a load generator saw, from the client's side. Pure: no clock, no socket, no fleet.

Latency counts from the moment a request was *due*, so a slow server cannot hide the requests it kept from being sent.
Percentiles are nearest-rank and cover failed requests too, with the time after which they failed. The generator is
judged as well: when it could not keep its own schedule, its numbers speak about itself and prove nothing.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from hactl.core.value import Value
from hactl.drill.records import UNSENT, Row

LAG_LIMIT_MS = 10.0
"""A 99th percentile of the send lag above this makes a measurement inconclusive."""
UNSENT_LIMIT = 0.001
"""So does a larger part of requests that were never sent."""
SLOW_MS = 100.0
"""What the promises call a slow request."""
PRECISE = 1000
"""Requests without which nobody can say within what time 99.9 % of them were answered."""


class Report(Value):
    """What clients saw between two moments. Latencies and gaps are milliseconds."""

    begin: float = 0.0
    """Monotonic seconds: requests due at `begin` or later count, those due at `end` or later do not."""
    end: float = 0.0
    requests: int = 0
    ok: int = 0
    """Complete answers with a status of 2xx."""
    failed: int = 0
    """Every other request that was sent."""
    unsent: int = 0
    """Requests the generator itself gave up; in neither `ok` nor `failed`."""
    causes: dict[str, int] = {}
    """Failures by what went wrong: "status 503", "reset", "timeout", ..."""
    longest_gap_ms: float = 0.0
    """Longest time between two successes in a row, including the time before the first and after the last one."""
    gap_began: float = 0.0
    """Monotonic seconds at which that gap began."""
    p50_ms: float = 0.0
    p90_ms: float = 0.0
    p99_ms: float = 0.0
    p999_ms: float = 0.0
    max_ms: float = 0.0
    slower_than_100ms: int = 0
    shares: dict[str, float] = {}
    """Part of the successes each node answered (0..1), by name."""
    lag_p99_ms: float = 0.0
    """How late the generator sent, against its own schedule."""
    lag_max_ms: float = 0.0
    rate: float = 0.0
    """Requests per second that were really sent."""
    late: bool = False
    """The generator did not keep its schedule: the numbers are inconclusive."""


def judge(rows: Iterable[Row], begin: float | None = None, end: float | None = None) -> Report:
    """The report on requests due in [begin, end) (monotonic seconds); without limits on everything.

    A gap counts for a window with its whole length when any part of it lies inside.
    """
    everything = sorted(rows)
    if not everything:
        return Report(begin=begin or 0.0, end=end or 0.0)
    first = everything[0].intended if begin is None else begin
    last = math.nextafter(everything[-1].intended, math.inf) if end is None else end
    window = [row for row in everything if first <= row.intended < last]
    sent = [row for row in window if row.error != UNSENT]
    ok = [row for row in sent if row.ok]
    latencies = sorted(1000 * (row.done - row.intended) for row in sent)
    lags = sorted(1000 * (row.sent - row.intended) for row in sent)
    gap, gap_began = _longest_gap(everything, first, last)
    unsent = len(window) - len(sent)
    return Report(
        begin=first,
        end=last,
        requests=len(window),
        ok=len(ok),
        failed=len(sent) - len(ok),
        unsent=unsent,
        causes=dict(Counter(row.error or f"status {row.status}" for row in sent if not row.ok).most_common()),
        longest_gap_ms=1000 * gap,
        gap_began=gap_began,
        p50_ms=percentile(latencies, 0.50),
        p90_ms=percentile(latencies, 0.90),
        p99_ms=percentile(latencies, 0.99),
        p999_ms=percentile(latencies, 0.999),
        max_ms=percentile(latencies, 1.0),
        slower_than_100ms=sum(latency > SLOW_MS for latency in latencies),
        shares=_shares(ok),
        lag_p99_ms=percentile(lags, 0.99),
        lag_max_ms=percentile(lags, 1.0),
        rate=_rate(sent),
        late=percentile(lags, 0.99) > LAG_LIMIT_MS or unsent > UNSENT_LIMIT * len(window),
    )


def percentile(ordered: Sequence[float], part: float) -> float:
    """The nearest-rank percentile of a sorted sequence (`part` in 0..1); 0.0 of an empty one."""
    if not ordered:
        return 0.0
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def _longest_gap(rows: Sequence[Row], begin: float, end: float) -> tuple[float, float]:
    """Length and beginning (seconds) of the longest time without a success that touches [begin, end)."""
    moments = sorted(row.done for row in rows if row.ok)
    moments = [rows[0].intended, *moments, max(row.done for row in rows)]
    gaps = ((after - before, before) for before, after in pairwise(moments) if after > begin and before < end)
    return max(gaps, default=(0.0, begin))


def _shares(ok: Sequence[Row]) -> dict[str, float]:
    counts = Counter(row.node for row in ok if row.node)
    return {node: counts[node] / len(ok) for node in sorted(counts)}


def _rate(sent: Sequence[Row]) -> float:
    moments = [row.sent for row in sent]
    span = max(moments, default=0.0) - min(moments, default=0.0)
    return (len(moments) - 1) / span if span > 0 else 0.0
