"""Each measurement is heard by everybody who judges, and each verdict reaches the core."""

from support.build import at
from support.script import serving

from hactl.core.model import Sample
from hactl.core.observations import BecameSlow, Observation
from hactl.supervisor.judges import Judges


def test_verdicts_are_delivered() -> None:
    """A slow node, for one."""
    fleet, seen = serving(), list[Observation]()
    judges = Judges(look=lambda: fleet, deliver=seen.append)
    for second in range(20):
        samples = tuple(
            Sample(node=node.name, at=0.0, requests=100.0, p50_ms=500.0 if node.name == "seoul-1" else 10.0)
            for node in fleet.gateways
        )
        judges.measured(samples, at(1020.0 + second), lag=0.0)
        if seen:
            break
    (saw,) = seen
    assert isinstance(saw, BecameSlow)
    assert saw.node == "seoul-1"
