"""What the five orders do to one process."""

import pytest
from support.build import a_node, a_spec, at

from hactl.core.causes import Cause, Context, Reaction, Stimulus
from hactl.core.effects import BeginDrain, EndDrain, SendSignal, Spawn
from hactl.core.errors import CommandRejected
from hactl.core.lifecycle import react
from hactl.core.node import DeadlineKind, Goal, Health, Node, NodeState, Reason, ReasonCode
from hactl.core.value import replace

S = NodeState
NOW = Context(now=at(100.0), spec=a_spec(gateway={"stop_signal": "QUIT", "stop_timeout": 4.0}), fleet_id="f1")
CLOSING = Context(now=at(100.0), spec=a_spec(), fleet_id="f1", closing=True)


def order(node: Node, cause: Cause, context: Context = NOW, by: str = "alice") -> Reaction:
    reaction = react(node, Stimulus(cause=cause, by=by), context)
    assert reaction is not None
    return reaction


def test_a_start_forgives_all_earlier_exits() -> None:
    """An order starts the budget and the backoff over, whether the process was stopped, waiting or had failed."""
    for state in (S.STOPPED, S.BACKOFF, S.FAILED):
        reaction = order(a_node(state, attempt=4, exits=(97.0, 98.0, 99.0)), Cause.START)
        node = reaction.node
        assert (node.state, node.goal, node.attempt, node.exits) == (S.STARTING, Goal.UP, 0, ())
        assert node.launches == 2
        assert reaction.effects == (Spawn(node=node, instance="f1/seoul-1/2"),)
        assert node.reason == Reason(code=ReasonCode.OPERATOR, text="started by alice", by="alice")


def test_a_stop_lets_a_serving_process_finish_first() -> None:
    """Stopping is draining, then the stop signal of the configuration, with a deadline each."""
    draining = order(a_node(S.SERVING), Cause.STOP)
    assert draining.effects == (BeginDrain(node=draining.node),)
    assert (draining.node.goal, draining.node.drained) == (Goal.DOWN, False)
    assert draining.node.deadline is not None
    assert (draining.node.deadline.kind, draining.node.deadline.at) == (DeadlineKind.DRAIN, 104.0)
    stopping = order(draining.node, Cause.IDLE, by="")
    (signal,) = stopping.effects
    assert isinstance(signal, SendSignal)
    assert (signal.signal, signal.group) == ("QUIT", False)
    assert stopping.node.state is S.STOPPING
    assert stopping.node.reason == draining.node.reason


def test_an_edge_is_stopped_with_term() -> None:
    """The configured stop signal is that of the gateway program, which an edge is not."""
    (signal,) = order(a_node(S.STARTING, "edge-1"), Cause.STOP).effects
    assert isinstance(signal, SendSignal)
    assert signal.signal == "TERM"


def test_a_stop_says_who_ordered_it() -> None:
    """The newest order is the reason, not the start or the drain before it."""
    for node in (
        a_node(S.STARTING, reason=Reason(code=ReasonCode.OPERATOR, text="started by bob", by="bob")),
        a_node(
            S.DRAINING,
            goal=Goal.UP,
            drained=True,
            idle=True,
            deadline=None,
            reason=Reason(code=ReasonCode.OPERATOR, text="drained by bob", by="bob"),
        ),
    ):
        stopped = order(node, Cause.STOP).node
        assert stopped.state is S.STOPPING
        assert stopped.reason == Reason(code=ReasonCode.OPERATOR, text="stopped by alice", by="alice")


def test_a_drained_process_that_is_to_stop_but_not_idle_yet_goes_on_draining() -> None:
    """One drain is enough: its deadline stays."""
    node = a_node(S.DRAINING, goal=Goal.UP, drained=True)
    reaction = order(node, Cause.STOP)
    assert (reaction.node.state, reaction.node.goal) == (S.DRAINING, Goal.DOWN)
    assert reaction.node.deadline == node.deadline
    assert reaction.effects == ()
    with pytest.raises(CommandRejected, match="already being stopped"):
        order(reaction.node, Cause.STOP)


def test_a_start_takes_back_a_stop_that_is_still_draining() -> None:
    """The process goes back into rotation; one that was drained before stays out of it, but up."""
    back = order(a_node(S.DRAINING), Cause.START)
    assert (back.node.state, back.node.goal, back.node.deadline, back.node.reason) == (S.SERVING, Goal.UP, None, None)
    assert back.effects == (EndDrain(node=back.node),)
    kept = order(a_node(S.DRAINING, drained=True), Cause.START)
    assert (kept.node.state, kept.node.goal, kept.effects) == (S.DRAINING, Goal.UP, ())
    with pytest.raises(CommandRejected) as rejected:
        order(kept.node, Cause.START)
    assert rejected.value.hint == "hactl resume seoul-1"


def test_a_start_follows_a_stop_that_cannot_be_taken_back_and_a_stop_takes_that_back() -> None:
    """While STOPPING both orders are still heard: the last one counts."""
    up = order(a_node(S.STOPPING), Cause.START).node
    assert (up.state, up.goal) == (S.STOPPING, Goal.UP)
    down = order(up, Cause.STOP).node
    assert (down.state, down.goal) == (S.STOPPING, Goal.DOWN)
    stopped = order(down, Cause.EXITED, by="").node
    assert (stopped.state, stopped.launch) == (S.STOPPED, None)
    again = order(up, Cause.EXITED, by="").node
    assert again.state is S.STARTING


def test_a_drain_before_it_is_ready_is_remembered() -> None:
    """It comes up, takes nothing, and says that it was drained."""
    marked = order(a_node(S.STARTING), Cause.DRAIN).node
    assert (marked.state, marked.drained) == (S.STARTING, True)
    ready = order(marked, Cause.HEALTHY, by="")
    assert (ready.node.state, ready.node.health) == (S.DRAINING, Health.HEALTHY)
    assert ready.node.reason == Reason(code=ReasonCode.OPERATOR, text="drained")
    assert ready.effects == (BeginDrain(node=ready.node),)
    with pytest.raises(CommandRejected, match="already drained"):
        order(marked, Cause.DRAIN)
    assert not order(marked, Cause.RESUME).node.drained
    with pytest.raises(CommandRejected, match="not drained"):
        order(a_node(S.STARTING), Cause.RESUME)


def test_draining_twice_says_why_not() -> None:
    """Already drained and about to stop are different answers."""
    with pytest.raises(CommandRejected, match="already drained"):
        order(a_node(S.DRAINING, goal=Goal.UP, drained=True), Cause.DRAIN)
    with pytest.raises(CommandRejected, match="being stopped"):
        order(a_node(S.DRAINING), Cause.DRAIN)


def test_an_unwell_process_is_resumed_but_not_trusted() -> None:
    """Back in rotation is not the same as well: it takes traffic when the probes say so."""
    back = order(a_node(S.DRAINING, goal=Goal.UP, drained=True, health=Health.UNHEALTHY), Cause.RESUME).node
    assert back.state is S.SERVING
    assert not back.serviceable
    assert back.reason is not None
    assert back.reason.code is ReasonCode.PROBE_FAILED
    assert order(back, Cause.HEALTHY, by="").node.serviceable


def test_a_kill_is_a_signal_and_an_excuse() -> None:
    """Nothing else changes: the exit will say the rest."""
    node = a_node(S.SERVING)
    reaction = order(node, Cause.KILL)
    (signal,) = reaction.effects
    assert isinstance(signal, SendSignal)
    assert (signal.signal, signal.group, signal.launch) == ("KILL", False, node.launch)
    assert (reaction.node.state, reaction.node.health, reaction.node.excused) == (S.SERVING, Health.HEALTHY, "alice")
    with pytest.raises(CommandRejected, match="no process yet"):
        order(a_node(S.STARTING, launch=None), Cause.KILL)


def test_a_fleet_that_goes_down_keeps_its_goals() -> None:
    """`down` stops everything and says nothing about what is wanted next time."""
    for state in (S.SERVING, S.STARTING, S.BACKOFF, S.FAILED, S.STANDBY):
        assert order(a_node(state), Cause.STOP, CLOSING).node.goal is Goal.UP
    draining = order(a_node(S.SERVING), Cause.STOP, CLOSING).node
    stopping = order(draining, Cause.IDLE, CLOSING).node
    stopped = order(stopping, Cause.EXITED, CLOSING).node
    assert (stopped.state, stopped.goal) == (S.STOPPED, Goal.UP)
    crashed = order(a_node(S.SERVING), Cause.EXITED, CLOSING).node
    assert (crashed.state, crashed.exits) == (S.STOPPED, ())


@pytest.mark.parametrize(
    ("killed", "cause"),
    [
        (a_node(S.DRAINING, goal=Goal.DOWN), Cause.START),
        (a_node(S.DRAINING, drained=True), Cause.START),
        (a_node(S.DRAINING, drained=True), Cause.RESUME),
        (a_node(S.STOPPING, goal=Goal.DOWN), Cause.START),
    ],
)
def test_who_is_to_stay_down_after_a_kill_comes_back_when_that_is_ordered_before_it_has_died(
    killed: Node, cause: Cause
) -> None:
    """The newest order counts, and not the one whose end is seen last."""
    held = order(killed, Cause.KILL).node
    ordered = order(replace(held, stays_down=True), cause).node
    reaction = order(ordered, Cause.EXITED, by="")
    assert (reaction.node.state, reaction.node.goal) == (S.STARTING, Goal.UP)
