"""What the world's news do to one process."""

from support.build import a_launch, a_node, a_spec, at

from hactl.core.causes import Cause, Context, Reaction, Stimulus
from hactl.core.effects import SendSignal
from hactl.core.lifecycle import react
from hactl.core.node import DeadlineKind, Goal, Health, Node, NodeState, Reason, ReasonCode
from hactl.core.reading import explain
from hactl.core.value import replace

S = NodeState
NOW = Context(now=at(100.0), spec=a_spec(gateway={"start_timeout": 3.0, "stop_timeout": 4.0}), fleet_id="f1")


def hear(node: Node, cause: Cause, **particulars: object) -> Reaction:
    woke = node.deadline.kind if node.deadline and cause is Cause.WOKE else None
    reaction = react(node, Stimulus(cause=cause, woke=woke, **particulars), NOW)
    assert reaction is not None
    return reaction


def signals(reaction: Reaction) -> list[tuple[str, bool]]:
    assert all(isinstance(effect, SendSignal) for effect in reaction.effects)
    return [(effect.signal, effect.group) for effect in reaction.effects if isinstance(effect, SendSignal)]


def test_ready_is_serving_without_a_reason() -> None:
    """A process in service needs no excuse and waits for nothing."""
    node = hear(a_node(S.STARTING), Cause.HEALTHY).node
    assert (node.state, node.health, node.reason, node.deadline) == (S.SERVING, Health.HEALTHY, None, None)
    assert node.serviceable


def test_probes_take_it_out_and_bring_it_back() -> None:
    """Out of service with the probe's own words; the second time is no news."""
    out = hear(a_node(S.SERVING), Cause.UNHEALTHY, why="503 from /-/ready").node
    assert out.reason == Reason(code=ReasonCode.PROBE_FAILED, text="503 from /-/ready")
    assert (out.state, out.serviceable) == (S.SERVING, False)
    assert hear(out, Cause.UNHEALTHY, why="again").node == out
    back = hear(out, Cause.HEALTHY).node
    assert back.serviceable
    assert back.reason is None
    assert hear(back, Cause.HEALTHY).node == back


def test_a_slow_start_says_what_it_lacks_and_fails_with_that() -> None:
    """What the last probe met is the reason, not only that time ran out; a start that comes up forgets it."""
    slow = hear(a_node(S.STARTING), Cause.STALLED, why="status 503 for /").node
    assert (slow.state, slow.unready) == (S.STARTING, "status 503 for /")
    assert explain(slow) == "as the test says; status 503 for /"
    again = Reason(code=ReasonCode.START_TIMEOUT, text="not ready after 3 s: status 503 for /")
    assert explain(replace(slow, reason=again)) == again.text
    late = hear(slow, Cause.WOKE)
    assert late.node.reason == Reason(code=ReasonCode.START_TIMEOUT, text="not ready after 3 s: status 503 for /")
    assert signals(late) == [("KILL", True)]
    gone = hear(late.node, Cause.EXITED, why="killed by signal 9").node
    assert (gone.reason, gone.unready) == (late.node.reason, "")
    assert hear(slow, Cause.HEALTHY).node.unready == ""


def test_a_process_that_ignores_its_stop_signal_is_killed_and_that_is_said() -> None:
    """With the signal and the time it had."""
    reaction = hear(a_node(S.STOPPING), Cause.WOKE)
    assert signals(reaction) == [("KILL", True)]
    assert reaction.why == "ignored SIGTERM for 4 s: killed"


def test_a_draining_process_keeps_its_reason_whatever_its_health() -> None:
    """Why it is out is that somebody drained it."""
    node = a_node(S.DRAINING, goal=Goal.UP, drained=True, reason=Reason(code=ReasonCode.OPERATOR, text="drained"))
    unwell = hear(node, Cause.UNHEALTHY, why="no answer").node
    assert (unwell.health, unwell.reason) == (Health.UNHEALTHY, node.reason)
    assert hear(unwell, Cause.HEALTHY).node.reason == node.reason


def test_a_hang_is_turned_into_a_crash() -> None:
    """It is killed, and its exit is told as a hang and charged as a crash."""
    reaction = hear(a_node(S.SERVING), Cause.HUNG, why="silent for 1.0 s")
    assert signals(reaction) == [("KILL", False)]
    assert not reaction.node.serviceable
    gone = hear(reaction.node, Cause.EXITED, why="killed by signal 9").node
    assert gone.reason == Reason(code=ReasonCode.HUNG, text="silent for 1.0 s")
    assert len(gone.exits) == 1


def test_a_start_that_takes_too_long_is_killed_with_its_whole_group_and_charged() -> None:
    """The deadline is used up; the exit that follows is told as a late start."""
    late = hear(a_node(S.STARTING), Cause.WOKE)
    assert signals(late) == [("KILL", True)]
    assert (late.node.state, late.node.deadline) == (S.STARTING, None)
    gone = hear(late.node, Cause.EXITED, why="killed by signal 9").node
    assert gone.state is S.BACKOFF
    assert gone.reason == Reason(code=ReasonCode.START_TIMEOUT, text="not ready after 3 s")
    assert len(gone.exits) == 1


def test_a_start_of_which_nothing_is_heard_is_given_up() -> None:
    """There is nothing to kill; it counts all the same."""
    gone = hear(a_node(S.STARTING, launch=None), Cause.WOKE)
    assert (gone.node.state, len(gone.node.exits), gone.effects) == (S.BACKOFF, 1, ())


def test_the_stop_deadline_kills_the_group() -> None:
    """It was asked; now its whole process group is killed, once."""
    harder = hear(a_node(S.STOPPING), Cause.WOKE)
    assert signals(harder) == [("KILL", True)]
    assert (harder.node.state, harder.node.deadline) == (S.STOPPING, None)


def test_a_process_that_comes_up_while_it_is_to_stop_is_stopped() -> None:
    """Even when the stop deadline has passed meanwhile: it gets its own."""
    node = a_node(S.STOPPING, launch=None)
    up = hear(node, Cause.SPAWNED, launch=a_launch("seoul-1"))
    assert signals(up) == [("TERM", False)]
    assert up.node.deadline is not None
    assert (up.node.deadline.kind, up.node.deadline.at) == (DeadlineKind.STOP, 104.0)


def test_a_stop_that_never_finds_a_process_ends() -> None:
    """Nothing was started and nothing can be killed: it has stopped, or starts again if that was ordered."""
    node = a_node(S.STOPPING, launch=None)
    assert hear(node, Cause.WOKE).node.state is S.STOPPED
    assert hear(replace(node, goal=Goal.UP), Cause.WOKE).node.state is S.STARTING
    assert hear(node, Cause.SPAWN_FAILED, why="no longer wanted").node.state is S.STOPPED


def test_a_drain_ends_when_idle_or_at_its_deadline() -> None:
    """Drained by an operator it stays up; on its way down it goes on to stop."""
    for cause in (Cause.IDLE, Cause.WOKE):
        drained = hear(a_node(S.DRAINING, goal=Goal.UP, drained=True), cause)
        assert (drained.node.state, drained.node.idle, drained.node.deadline) == (S.DRAINING, True, None)
        assert hear(a_node(S.DRAINING), cause).node.state is S.STOPPING


def test_a_suspicion_ends_with_good_news() -> None:
    """What was found hanging and answers again is not killed later."""
    suspect = a_node(S.SERVING, reason=Reason(code=ReasonCode.SUSPECT, text="silent"), hung=True)
    cleared = hear(suspect, Cause.HEALTHY).node
    assert (cleared.reason, cleared.hung) == (None, False)
