"""A load is what was measured a moment ago, or it is not known."""

from support.script import Script, exited, serving

from hactl.core.load import FRESH, Load, measured
from hactl.core.model import Sample


def a_sample(node: str, requests: float | None, at: float = 100.0) -> Sample:
    return Sample(node=node, at=at, requests=requests)


EDGES = (a_sample("edge-1", 200.0), a_sample("edge-2", 100.0))


def test_a_load_is_what_the_nodes_got() -> None:
    """Edges are left out: what they answer has been counted at the nodes."""
    samples = (*EDGES, a_sample("seoul-1", 100.0), a_sample("seoul-2", 200.0))
    load = measured(serving(), samples, 100.5)
    assert load == Load(rates={"seoul-1": 100.0, "seoul-2": 200.0}, at=100.0)
    assert load.total == 300.0


def test_what_was_not_measured_is_not_known() -> None:
    """Neither is what was measured too long ago, or by nobody yet: no traffic is something else."""
    fleet = serving()
    assert measured(fleet, (), 100.0) is None
    assert measured(fleet, (*EDGES, a_sample("seoul-1", None)), 100.0) is None
    assert measured(fleet, (*EDGES, a_sample("seoul-1", 5.0)), 100.0 + FRESH + 0.1) is None
    idle = measured(fleet, (*EDGES, a_sample("seoul-1", 0.0)), 100.0 + FRESH)
    assert idle is not None
    assert idle.total == 0.0


def test_half_of_it_is_not_taken_for_all() -> None:
    """An edge that has just come, or tells no counters, may carry anything; one that is out carries nothing."""
    half = (a_sample("edge-1", 200.0), a_sample("edge-2", None), a_sample("seoul-1", 200.0))
    story = Script(serving())
    assert measured(story.fleet, half, 100.0) is None
    assert measured(story.fleet, (half[0], half[2]), 100.0) is None
    story >> exited("edge-2", signal=9)
    load = measured(story.fleet, half, 100.0)
    assert load is not None
    assert load.total == 200.0
