"""What is due by time alone: the soonest moment of all, and at any moment what has come."""

from support.build import a_node, a_spec, founded
from support.script import Script, applied, serving

from hactl.core.commands import Pause
from hactl.core.deadlines import due, soonest
from hactl.core.model import Paused
from hactl.core.node import DeadlineKind, NodeState
from hactl.core.observations import RegionFaltered, RegionRecovered, Ticked, Woke
from hactl.core.value import replace


def test_nothing_is_due_in_a_fleet_at_rest() -> None:
    """It is left alone until something comes."""
    fleet = serving()
    assert soonest(fleet) is None
    assert due(fleet, 1e9) == []


def test_each_node_is_woken_for_what_it_waits_for_and_the_fleet_is_looked_at_once() -> None:
    """At the moment itself, not before it."""
    moments = {"seoul-1": 30.0, "seoul-2": 10.0}
    nodes = {name: a_node(NodeState.BACKOFF, name, mono=at) for name, at in moments.items()}
    fleet = replace(founded(), nodes=nodes, paused=Paused(by="alice", since=0.0, until=1e9, ends=20.0))
    assert soonest(fleet) == 10.0
    assert due(fleet, 9.9) == []
    assert due(fleet, 10.0) == [Woke(node="seoul-2", deadline=DeadlineKind.BACKOFF)]
    assert due(fleet, 30.0) == [*(Woke(node=name, deadline=DeadlineKind.BACKOFF) for name in moments), Ticked()]


def test_what_the_fleet_waits_for_as_a_whole_is_among_it() -> None:
    """The end of a pause, and the moment at which a region that is well gets something back."""
    story = Script(serving()) >> Pause(seconds=60.0)
    assert soonest(story.fleet) == story.mono + 60.0
    story = Script(serving(a_spec(regions=2, stable_for=40.0))) >> RegionFaltered(region="seoul", why="slow")
    story >> RegionRecovered(region="seoul", why="well") >> applied("edge-1") >> applied("edge-2")
    assert soonest(story.fleet) == story.mono + 40.0
    assert due(story.fleet, story.mono + 40.0) == [Ticked()]
