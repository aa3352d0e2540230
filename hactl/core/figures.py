"""What a whole fleet carries and how well, in the few numbers that are said first. Pure; measured, never intended."""

from hactl.core.node import Role
from hactl.core.talk import Snapshot
from hactl.core.value import Value


class Figures(Value):
    """Of the last second."""

    requests: float
    """Requests per second that came in."""
    errors: float
    """Of them, per second, those that were answered badly or not at all."""
    p50: float | None
    """Milliseconds, of the nodes together; None when nothing was measured."""
    p99: float | None
    """Milliseconds, of the slowest node; None when nothing was measured."""
    shares: dict[str, float]
    """Region → part of the requests that its nodes were sent (0..1); empty without traffic."""

    @property
    def failing(self) -> float:
        """Part of the requests that were errors (0..1)."""
        return self.errors / self.requests if self.requests else 0.0


def figures(snapshot: Snapshot) -> Figures:
    """The numbers of a fleet as it was measured."""
    nodes = snapshot.fleet.nodes
    known = [(nodes[sample.node], sample) for sample in snapshot.samples if sample.node in nodes]
    edges = [sample for node, sample in known if node.role is Role.EDGE]
    gateways = [(node.region, sample) for node, sample in known if node.role is Role.GATEWAY]
    usual = [(sample.p50_ms, sample.requests) for _, sample in gateways if sample.p50_ms is not None]
    weight = sum(requests or 0.0 for _, requests in usual)
    carried: dict[str, float] = {}
    for region, sample in gateways:
        carried[region] = carried.get(region, 0.0) + (sample.requests or 0.0)
    total = sum(carried.values())
    return Figures(
        requests=sum(sample.requests or 0.0 for sample in edges),
        errors=sum(sample.errors or 0.0 for sample in edges),
        p50=sum(p50 * (requests or 0.0) for p50, requests in usual) / weight if weight else None,
        p99=max((sample.p99_ms for _, sample in gateways if sample.p99_ms is not None), default=None),
        shares={region: part / total for region, part in carried.items()} if total else {},
    )
