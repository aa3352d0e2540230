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
    """The load in the newest samples at `now` (Unix time); None when it is not known."""
    gateways = {node.name for node in fleet.gateways}
    known = [sample for sample in samples if sample.node in gateways and sample.requests is not None]
    if not known or now - known[0].at > FRESH:
        return None
    return Load(rates={sample.node: sample.requests or 0.0 for sample in known}, at=known[0].at)
