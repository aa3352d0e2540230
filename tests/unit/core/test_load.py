"""A load is what was measured a moment ago, or it is not known."""

from support.script import serving

from hactl.core.load import FRESH, Load, measured
from hactl.core.model import Sample


def a_sample(node: str, requests: float | None, at: float = 100.0) -> Sample:
    return Sample(node=node, at=at, requests=requests)


def test_a_load_is_what_the_nodes_got() -> None:
    """Edges are left out: what they answer has been counted at the nodes."""
    samples = (a_sample("edge-1", 300.0), a_sample("seoul-1", 100.0), a_sample("seoul-2", 200.0))
    load = measured(serving(), samples, 100.5)
    assert load == Load(rates={"seoul-1": 100.0, "seoul-2": 200.0}, at=100.0)
    assert load.total == 300.0


def test_what_was_not_measured_is_not_known() -> None:
    """Neither is what was measured too long ago, or by nobody yet: no traffic is something else."""
    fleet = serving()
    assert measured(fleet, (), 100.0) is None
    assert measured(fleet, (a_sample("seoul-1", None), a_sample("edge-1", 5.0)), 100.0) is None
    assert measured(fleet, (a_sample("seoul-1", 5.0),), 100.0 + FRESH + 0.1) is None
    idle = measured(fleet, (a_sample("seoul-1", 0.0),), 100.0 + FRESH)
    assert idle is not None
    assert idle.total == 0.0
