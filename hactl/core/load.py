"""What the gateway nodes carry, as last measured: the one thing measured that decisions look at. Not who measures it.

A measurement enters a decision as a value, like the time: what is not fresh is not known, and is not guessed.
"""

from collections.abc import Iterable

from hactl.core.model import Fleet, Sample
from hactl.core.value import Value

FRESH = 5.0
"""Seconds after which a measurement says nothing about now; there is a new one each second."""


class Load(Value):
    """What the nodes carry."""

    rates: dict[str, float] = {}
    """Gateway node → requests per second that it answered."""
    at: float = 0.0
    """Unix time of the measurement."""

    @property
    def total(self) -> float:
        """Requests per second of all nodes together."""
        return sum(self.rates.values())


def measured(fleet: Fleet, samples: Iterable[Sample], now: float) -> Load | None:
    """The load in the newest samples at `now` (Unix time); None when it is not known.

    That is also when an edge that serves has not been measured: what came through it is missing everywhere.
    """
    known = {sample.node: sample for sample in samples if sample.requests is not None and now - sample.at <= FRESH}
    nodes = [known[node.name] for node in fleet.gateways if node.name in known]
    if not nodes or any(edge.serviceable and edge.name not in known for edge in fleet.edges):
        return None
    return Load(rates={sample.node: sample.requests or 0.0 for sample in nodes}, at=nodes[0].at)
