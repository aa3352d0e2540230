"""Each measurement is heard by everybody who judges, and each verdict reaches the core."""

from support.build import a_spec, at
from support.script import Script, after, serving

from hactl.core.model import Now, Sample
from hactl.core.node import Node
from hactl.core.observations import BecameSlow, Observation, RegionFaltered
from hactl.core.value import replace
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


def test_a_region_that_falters_is_told_with_the_load_and_again_when_the_others_could_carry_it() -> None:
    """What they are declared to carry decides; what has been told is not told again."""
    story = Script(serving(a_spec(regions=2, nodes=2, gateway={"capacity": 100})))
    seen: list[RegionFaltered] = []

    def deliver(saw: Observation) -> None:
        story >> saw
        if isinstance(saw, RegionFaltered):
            seen.append(saw)

    judges = Judges(look=lambda: story.fleet, deliver=deliver)

    def seconds(count: int, each: float, failing: float) -> None:
        for _ in range(count):
            story >> after(1.0)
            samples = tuple(_sample(node, story.now, each, failing) for node in story.fleet.nodes.values())
            judges.measured(samples, story.now, lag=0.0)

    seconds(200, 90.0, 0.0)
    seconds(20, 90.0, 0.5)
    (told,) = seen
    assert told.load == 360.0
    seconds(5, 40.0, 0.5)
    assert seen[1:] == [replace(told, load=160.0)]
    assert story.fleet.brownouts["seoul"].moved


def _sample(node: Node, now: Now, each: float, failing: float) -> Sample:
    errors = each * failing if node.region == "seoul" else 0.0
    return Sample(node=node.name, at=now.wall, requests=each, errors=errors, p50_ms=10.0)
