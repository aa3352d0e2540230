"""A plan says what it changed for, in the words of what has happened just before."""

from support.build import a_spec
from support.script import Script, applied, exited, refused, serving

from hactl.core.commands import Failover, SetWeight
from hactl.core.events import DaemonStopped, FleetClosing, NodeChanged, TrafficShifted
from hactl.core.shift_cause import NEWEST, cause_of_shift


def causes(story: Script) -> list[str]:
    """What the plans of the last cause were said to change for."""
    return [event.why for event in story.outcomes if isinstance(event, TrafficShifted)]


def test_a_death_is_the_cause_of_the_plan_without_the_dead() -> None:
    assert causes(Script(serving()) >> exited("seoul-1", signal=9)) == ["killed by signal 9"]


def test_a_step_of_a_failover_says_how_much_is_left_and_the_last_one_why() -> None:
    story = Script(serving(a_spec(regions=2))) >> Failover(region="seoul", steps=2, pause=0.0)
    assert causes(story) == ["seoul keeps 50 % of its share"]
    for edge in story.fleet.edges:
        story >> applied(edge.name)
    assert causes(story) == [story.fleet.evacuations["seoul"].why]


def test_what_an_edge_refused_is_why_the_plan_goes_back() -> None:
    story = Script(serving()) >> SetWeight(nodes=("seoul-1",), weight=50)
    assert causes(story) == [""], "what was asked for stands in the operation"
    assert causes(story >> refused("edge-1", why="no such weight")) == ["no such weight"]


def test_only_the_newest_events_count_and_those_that_say_nothing_are_passed_over() -> None:
    node = serving().nodes["seoul-1"]
    told = [NodeChanged(was=node.state, node=node, why=why) for why in ("first", "second", "third", "fourth")]
    assert cause_of_shift(told) == "; ".join(event.why for event in told[-NEWEST:])
    assert cause_of_shift([*told[-1:], DaemonStopped(pid=1), FleetClosing()]) == "fourth"
    assert cause_of_shift([]) == ""
