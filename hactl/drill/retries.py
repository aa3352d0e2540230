"""How often requests were sent: by clients without retries, by clients with them, and by the edges. Pure.

Attempts hide failures and can become a herd; so what they cost stands beside what they saved. Of the edges there is
what the daemon reads of their counters once a second: without that, it is not known, and not 1.
"""

from collections.abc import Iterable, Sequence

from hactl.core.model import Sample
from hactl.core.value import Value
from hactl.drill.records import Row


class EdgeRate(Value):
    """What the edges together did in the second before `at`."""

    at: float
    """Monotonic seconds."""
    requests: float
    """Answers to clients, per second."""
    retries: float
    """Attempts beyond the first that edges made, per second."""


class Retried(Value):
    """One fault, for both kinds of clients, from the fault to the failback."""

    raw_requests: int
    raw_failed: int
    """Of clients that ask once."""
    requests: int
    failed: int
    """Of clients that try again: those that failed at last."""
    attempts: int
    """How often these were sent."""

    @property
    def each(self) -> float:
        """Attempts per request of clients that try again."""
        return self.attempts / self.requests if self.requests else 1.0

    def __str__(self) -> str:
        raw, again = f"{self.raw_failed} of {self.raw_requests}", f"{self.failed} of {self.requests}"
        return f"failed without / with retries: {raw} / {again} ({self.each:.3f} attempts each)"


def retried(raw: Sequence[Row], again: Sequence[Row]) -> Retried | None:
    """Both streams side by side; None without clients that try again."""
    if not again:
        return None
    return Retried(
        raw_requests=len(raw),
        raw_failed=sum(not row.ok for row in raw),
        requests=len(again),
        failed=sum(not row.ok for row in again),
        attempts=sum(row.attempts for row in again),
    )


def edge_rate(at: float, samples: Iterable[Sample], edges: Iterable[str]) -> EdgeRate | None:
    """What `samples` say of the edges called so; None when that was not read of any of them."""
    names = set(edges)
    read = [(one.requests, one.retries) for one in samples if one.node in names]
    known = [(requests, retries) for requests, retries in read if requests is not None and retries is not None]
    if not known:
        return None
    return EdgeRate(at=at, requests=sum(one for one, _ in known), retries=sum(one for _, one in known))


def amplification(rates: Iterable[EdgeRate], begin: float, end: float) -> float | None:
    """Requests to nodes for each request of clients, between two moments; None when that was not measured."""
    within = [rate for rate in rates if begin < rate.at <= end]
    requests = sum(rate.requests for rate in within)
    return 1 + sum(rate.retries for rate in within) / requests if requests else None
