"""A lost region gets its traffic back by itself: only when told so, and only after it was whole for long enough."""

from support.build import a_spec
from support.script import Script, after, applied, exited, healthy, like, serving, spawned

from hactl.core.auto_failback import next_look
from hactl.core.commands import Failover, Pause, Unpause
from hactl.core.events import OperationBegan, OperationEnded
from hactl.core.observations import TrafficWorsened
from hactl.core.operation import Outcome, Verb
from hactl.core.recovery import Arrival, Found, recover


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
            operation__reason="whole for 60 s",
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


def test_a_return_that_does_harm_is_taken_back_and_tried_again_after_as_long() -> None:
    story = lost() >> after(60.0)
    story >> TrafficWorsened(operation=next(iter(story.fleet.operations)), why="bad")
    proved(story) << like(OperationEnded, outcome=Outcome.ROLLED_BACK)
    story >> after(59.0)
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
