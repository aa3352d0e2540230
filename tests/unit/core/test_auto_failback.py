"""A lost region gets its traffic back by itself: only when told so, and only after it was whole for long enough."""

import pytest
from support.build import a_spec
from support.script import Script, after, applied, exited, healthy, like, serving, spawned

from hactl.core.auto_failback import next_look
from hactl.core.commands import Failback, Failover, Pause, Unpause
from hactl.core.evacuating import LONGEST_WAIT, SHORTEST_WAIT
from hactl.core.events import OperationBegan, OperationEnded
from hactl.core.observations import Ticked, TrafficWorsened
from hactl.core.operation import Outcome, Verb
from hactl.core.recovery import Arrival, Found, recover
from hactl.core.value import replace


def lost(*, stable_for: float = 60.0) -> Script:
    """seoul was lost and is whole again; osaka carries its traffic."""
    rules = {"auto_failback": True, "stable_for": stable_for}
    spec = a_spec(regions=2, nodes=2, standby=True, **rules)
    story = Script(serving(spec)) >> exited("seoul-1", signal=9) >> exited("seoul-2", signal=9)
    return whole(story)


def whole(story: Script) -> Script:
    """All of seoul serves."""
    for name in ("seoul-1", "seoul-2"):
        if not story.node(name).serviceable:
            story >> spawned(name) >> healthy(name)
    return proved(story)


def proved(story: Script) -> Script:
    """Every edge has proved the newest plan."""
    for edge in ("edge-1", "edge-2"):
        story >> applied(edge)
    return story


def returning(story: Script) -> bool:
    """True while a failback is in progress."""
    return any(operation.verb is Verb.FAILBACK for operation in story.fleet.operations.values())


def test_it_returns_after_it_has_been_whole_for_a_while() -> None:
    """By an operation like any other: step by step, and in the journal."""
    story = lost() >> after(59.9)
    assert not returning(story)
    (
        story
        >> after(0.1)
        << like(
            OperationBegan,
            operation__by="auto_failback",
            operation__reason="healthy for 60 s",
            operation__verb=Verb.FAILBACK,
        )
    )
    for _ in range(4):
        proved(story) >> after(2.0)
    assert story.fleet.evacuations == {}
    assert not story.fleet.operations


def test_a_node_that_dies_meanwhile_starts_the_wait_again() -> None:
    story = lost() >> after(50.0) >> exited("seoul-1", signal=9) >> after(1.0)
    whole(story) >> after(59.0)
    assert not returning(story)
    assert returning(story >> after(1.0))


def test_what_an_operator_has_failed_over_never_returns_by_itself() -> None:
    spec = a_spec(regions=2, nodes=2, standby=True, auto_failback=True)
    story = proved(Script(serving(spec)) >> Failover(region="seoul", steps=1, pause=0.0)) >> after(600.0)
    assert story.fleet.evacuations["seoul"].keep == 0
    assert next_look(story.fleet) is None


def does_harm(story: Script) -> Script:
    """The return under way is taken back."""
    story >> TrafficWorsened(operation=next(iter(story.fleet.operations)), why="bad")
    return proved(story) << like(OperationEnded, outcome=Outcome.ROLLED_BACK)


def test_a_return_that_does_harm_is_taken_back_and_tried_again_ever_later() -> None:
    """It has to be whole for twice as long each time, up to an hour; after a loss as long as the first time."""
    story = lost()
    for wait in (60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, LONGEST_WAIT, LONGEST_WAIT):
        story >> after(wait - 1)
        assert not returning(story)
        story >> after(1.0) << like(OperationBegan, operation__reason=f"healthy for {wait:g} s")
        does_harm(story)
    proved(story >> Failback(region="seoul", steps=1, pause=0.0))
    whole(story >> exited("seoul-1", signal=9) >> exited("seoul-2", signal=9) >> after(5.0))
    assert returning(story >> after(60.0))


def test_a_return_of_an_operators_that_does_harm_costs_it_nothing() -> None:
    story = proved(lost() >> Failback(region="seoul"))
    does_harm(story) >> after(59.0)
    assert not returning(story)
    assert returning(story >> after(1.0))


@pytest.mark.parametrize("stable_for", [0.0, 1.0])
def test_waiting_doubles_from_nothing(stable_for: float) -> None:
    story = does_harm(lost(stable_for=stable_for) >> after(stable_for)) >> after(SHORTEST_WAIT - 1)
    assert not returning(story)
    does_harm(story >> after(1.0)) >> after(2 * SHORTEST_WAIT - 1)
    assert not returning(story)
    assert returning(story >> after(1.0))


def test_what_happens_to_it_while_another_region_moves_counts() -> None:
    """It was lost again and is just back when the other one has its traffic: it has not been whole for a minute."""
    spec = a_spec(regions=3, nodes=1, standby=True, auto_failback=True, stable_for=60.0)
    story = Script(serving(spec)) >> exited("seoul-1", signal=9) >> exited("osaka-1", signal=9)
    for name in ("seoul-1", "osaka-1"):
        proved(story >> spawned(name) >> healthy(name))
    proved(story >> after(10.0) >> Failback(region="seoul", steps=1, pause=200.0))
    story >> after(190.0) >> exited("osaka-1", signal=9) >> after(5.0) >> spawned("osaka-1") >> healthy("osaka-1")
    proved(story) >> after(5.0)
    assert not story.fleet.operations
    story >> after(54.9)
    assert not returning(story)
    assert returning(story >> after(0.1))


def test_while_nothing_is_to_return_no_time_is_kept() -> None:
    """Nor is what was kept before remembered: nobody has asked since."""
    story = lost() >> after(30.0)
    story.fleet = replace(story.fleet, spec=replace(story.fleet.spec, auto_failback=False))
    story >> Ticked()
    story.fleet = replace(story.fleet, spec=replace(story.fleet.spec, auto_failback=True))
    story >> Ticked() >> after(59.0)
    assert not returning(story)
    assert returning(story >> after(1.0))


def test_a_pause_holds_it() -> None:
    story = lost() >> after(30.0) >> Pause() >> after(60.0)
    assert not returning(story)
    assert next_look(story.fleet) is None, "no alarm rings for nothing"
    assert returning(story >> Unpause())


def test_time_that_no_daemon_watched_does_not_count() -> None:
    story = lost() >> after(50.0)
    alive = tuple(node.launch for node in story.fleet.nodes.values() if node.launch)
    story.mono += 30.0
    story.take(recover(story.fleet, Found(alive=alive), Arrival(pid=2, version="1", gap=30.0), story.now))
    assert not returning(story)
    story >> after(59.0)
    assert not returning(story)
    assert returning(story >> after(1.0))


def test_at_once_when_nothing_is_to_be_waited_for() -> None:
    assert returning(lost(stable_for=0.0))
