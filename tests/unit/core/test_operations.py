"""Commands that take time: what each does next, and how it ends, once."""

import pytest
from support.build import a_spec, founded
from support.script import (
    Script,
    after,
    applied,
    exited,
    healthy,
    idle,
    like,
    refused,
    serving,
    spawned,
    still_busy,
    unhealthy,
)
from support.world import MemoryWorld

from hactl.core.commands import (
    Command,
    Down,
    Drain,
    Freeze,
    Kill,
    Pause,
    Request,
    Restart,
    Resume,
    SetPolicy,
    SetWeight,
    Start,
    Stop,
    Thaw,
)
from hactl.core.effects import ApplyTraffic, BeginDrain, Halt, SendSignal, Spawn
from hactl.core.events import (
    FleetClosing,
    OperationBegan,
    OperationEnded,
    OperationMoved,
    PolicyChanged,
    TrafficRejected,
    TrafficShifted,
    WeightsChanged,
)
from hactl.core.node import Goal, NodeState
from hactl.core.operation import Outcome, Phase
from hactl.core.reading import explain
from hactl.core.spec import Policy

S = NodeState
DONE = like(OperationEnded, outcome=Outcome.DONE)
FAILED = like(OperationEnded, outcome=Outcome.FAILED)
BACK = like(OperationEnded, outcome=Outcome.ROLLED_BACK)


def ending(story: Script, operation: str = "") -> OperationEnded:
    """How an operation ended: exactly once."""
    ended = [event for event in story.events if isinstance(event, OperationEnded)]
    (event,) = [event for event in ended if not operation or event.id == operation]
    return event


def both_apply(story: Script) -> Script:
    """Both edges prove the newest plan."""
    return story >> applied("edge-1") >> applied("edge-2")


def comes_up(story: Script, name: str) -> Script:
    """Its process starts, is ready, and the edges have it."""
    return both_apply(story >> spawned(name) >> healthy(name))


def stopped(*nodes: str) -> Script:
    """A fleet in which these have been stopped in peace."""
    story = Script(serving()) >> Stop(nodes=nodes)
    for name in nodes:
        story >> idle(name) >> exited(name, code=0)
    both_apply(story)
    assert story.fleet.operations == {}
    return story


# -- start, stop, drain, resume, kill


def test_a_start_ends_when_the_edges_use_the_node() -> None:
    """Serving is not enough: somebody must send it traffic."""
    story = stopped("seoul-1", "seoul-2") >> Start(nodes=("seoul-1", "seoul-2")) << OperationBegan << Spawn << Spawn
    story >> spawned("seoul-1") >> healthy("seoul-1") >> spawned("seoul-2") >> healthy("seoul-2")
    assert len(story.fleet.operations) == 1
    story >> applied("edge-1")
    assert len(story.fleet.operations) == 1
    story >> applied("edge-2") << DONE


def test_a_start_that_ends_in_a_crash_loop_fails_and_says_why() -> None:
    """Nobody waits for what keeps dying."""
    story = Script(serving(a_spec(restart={"budget": 0}))) >> Stop(nodes=("seoul-1",)) >> idle("seoul-1")
    story >> exited("seoul-1", code=0) >> applied("edge-1") >> applied("edge-2") >> Start(nodes=("seoul-1",))
    story >> spawned("seoul-1") >> exited("seoul-1", code=3) << FAILED
    (_, event) = [event for event in story.events if isinstance(event, OperationEnded)]
    assert "'seoul-1' keeps dying" in event.sentence
    assert "exited with code 3" in event.sentence
    assert event.hint


def test_a_stop_ends_when_the_process_has_gone() -> None:
    """Drain, signal, exit; its duration is measured."""
    story = Script(serving()) >> Stop(nodes=("seoul-1",)) >> after(0.5) >> idle("seoul-1") << SendSignal
    story >> after(0.25) >> exited("seoul-1", code=0) << DONE
    assert ending(story).ms == pytest.approx(750.0)
    assert story.node("seoul-1").goal is Goal.DOWN


def test_a_stop_and_a_start_that_cross_end_one_another() -> None:
    """The later order wins, and the earlier operation says so."""
    story = Script(serving()) >> Stop(nodes=("seoul-1",)) >> Start(nodes=("seoul-1",))
    story << like(OperationEnded, outcome=Outcome.FAILED, sentence="'seoul-1' was started again")
    assert story.node("seoul-1").state is S.SERVING
    story = stopped("seoul-1") >> Start(nodes=("seoul-1",)) >> Stop(nodes=("seoul-1",))
    story << like(OperationEnded, outcome=Outcome.FAILED, sentence="'seoul-1' was stopped")


def test_a_drain_ends_when_the_node_is_idle_and_the_edges_know() -> None:
    """The node stays up, out of rotation; a resume ends when every edge has it back."""
    story = Script(serving()) >> Drain(nodes=("seoul-1",)) >> idle("seoul-1") >> applied("edge-1")
    assert len(story.fleet.operations) == 1
    story >> applied("edge-2") << DONE
    story >> Resume(nodes=("seoul-1",)) >> applied("edge-1") >> applied("edge-2") << DONE
    assert story.node("seoul-1").serviceable


def test_a_drain_and_a_resume_that_cross_end_one_another() -> None:
    """The later order wins here too."""
    story = Script(serving()) >> Drain(nodes=("seoul-1",)) >> Resume(nodes=("seoul-1",))
    story << like(OperationEnded, outcome=Outcome.FAILED, sentence="'seoul-1' was resumed")
    story = Script(serving()) >> Drain(nodes=("seoul-1",)) >> idle("seoul-1")
    both_apply(story) >> Resume(nodes=("seoul-1",)) >> Drain(nodes=("seoul-1",))
    story << like(OperationEnded, outcome=Outcome.FAILED, sentence="'seoul-1' was taken out again")


def test_a_resume_of_a_stopped_node_is_done_at_once() -> None:
    """There is nothing to wait for: it will take traffic when somebody starts it."""
    story = Script(serving()) >> Drain(nodes=("seoul-1",)) >> idle("seoul-1")
    both_apply(story) >> Stop(nodes=("seoul-1",)) >> exited("seoul-1", code=0) << DONE
    story >> Resume(nodes=("seoul-1",)) << DONE
    assert not story.node("seoul-1").drained
    comes_up(story >> Start(nodes=("seoul-1",)), "seoul-1")
    assert story.node("seoul-1").serviceable


def test_a_kill_ends_when_the_capacity_is_back() -> None:
    """Not with the signal, not with the exit, not with the new process: when every edge uses it."""
    story = Script(serving()) >> Kill(nodes=("seoul-1",)) << like(SendSignal, signal="KILL")
    story >> exited("seoul-1", signal=9) >> spawned("seoul-1") >> healthy("seoul-1") >> applied("edge-1")
    assert len(story.fleet.operations) == 1
    story >> applied("edge-2") << DONE


def test_several_targets_are_counted_one_by_one() -> None:
    """An operation tells how far it is."""
    story = Script(serving()) >> Stop(nodes=("seoul-1", "seoul-2")) >> idle("seoul-2") >> exited("seoul-2", code=0)
    story << like(OperationMoved, operation__done=1)
    story >> idle("seoul-1") >> exited("seoul-1", code=0) << DONE


def test_an_operation_that_takes_too_long_fails_and_names_whom_it_waits_for() -> None:
    """It never hangs: a minute or so later it says what did not happen."""
    story = Script(serving()) >> Kill(nodes=("seoul-1",)) >> after(300.0)
    assert ending(story).outcome is Outcome.FAILED
    assert ending(story).sentence == "still waiting for 'seoul-1' at the deadline"
    assert ending(story).hint == "hactl status"


# -- rolling restart


def test_a_rolling_restart_takes_one_at_a_time() -> None:
    """Each is drained, stopped, started and used by every edge before the next is touched."""
    story = Script(serving()) >> Restart(nodes=("seoul-1", "seoul-2"))
    assert [node.name for node in story.fleet.gateways if not node.serviceable] == ["seoul-1"]
    story >> idle("seoul-1") >> exited("seoul-1", code=0) << like(Spawn, instance="f1/seoul-1/2")
    story >> spawned("seoul-1") >> healthy("seoul-1") >> applied("edge-1")
    assert story.node("seoul-2").state is S.SERVING, "not before the second edge has the first node back"
    story >> applied("edge-2")
    assert story.node("seoul-2").state is S.DRAINING
    story >> idle("seoul-2") >> exited("seoul-2", code=0)
    comes_up(story, "seoul-2") << like(OperationEnded, outcome=Outcome.DONE, sentence="restarted 2, one at a time")
    assert {node.name: node.launches for node in story.fleet.gateways} == {"seoul-1": 2, "seoul-2": 2, "seoul-3": 1}
    assert all(node.goal is Goal.UP for node in story.fleet.gateways)


def test_a_rolling_restart_waits_while_another_node_is_out() -> None:
    """N-1: the gate opens when everything else that should serve does, and the edges agree."""
    story = Script(serving()) >> exited("seoul-3", signal=9) >> Restart(nodes=("seoul-1",))
    assert story.node("seoul-1").state is S.SERVING
    story >> spawned("seoul-3") >> healthy("seoul-3")
    assert story.node("seoul-1").state is S.SERVING
    both_apply(story)
    assert story.node("seoul-1").state is S.DRAINING


def test_two_rolling_restarts_do_not_take_two_nodes_at_once() -> None:
    """What one of them holds down for the moment is missing for the other."""
    story = Script(serving()) >> Restart(nodes=("seoul-1",)) >> Restart(nodes=("seoul-2",))
    assert story.node("seoul-2").state is S.SERVING
    both_apply(story) >> idle("seoul-1") >> exited("seoul-1", code=0)
    assert story.node("seoul-2").state is S.SERVING
    comes_up(story, "seoul-1")
    assert story.node("seoul-2").state is S.DRAINING


def test_what_was_stopped_or_drained_on_purpose_holds_no_restart_up() -> None:
    """The gate waits for those that should serve, not for those that should not."""
    story = stopped("seoul-3") >> Restart(nodes=("seoul-1",))
    assert story.node("seoul-1").state is S.DRAINING
    only = Script(serving(a_spec(nodes=2))) >> Stop(nodes=("seoul-2",)) >> idle("seoul-2") >> exited("seoul-2", code=0)
    both_apply(only) >> Request(command=Restart(nodes=("seoul-1",)), by="alice", confirm="default")
    assert only.node("seoul-1").state is S.DRAINING, "the last one, because somebody insisted"


def test_edges_restart_one_at_a_time_too() -> None:
    """An edge counts as back when it has proved the plan."""
    story = Script(serving()) >> Restart(nodes=("edge-1", "edge-2")) >> idle("edge-1") >> exited("edge-1", code=0)
    story >> spawned("edge-1") >> healthy("edge-1")
    assert story.node("edge-2").state is S.SERVING
    story >> applied("edge-1")
    assert story.node("edge-2").state is S.DRAINING


@pytest.mark.parametrize("state", [S.STOPPED, S.BACKOFF, S.FAILED, S.STARTING])
def test_a_restart_brings_up_what_was_down(state: NodeState) -> None:
    """Restarting what does not run is starting it."""
    story = Script(serving(a_spec(restart={"budget": 1, "initial": 1.0})))
    match state:
        case S.STOPPED:
            story >> Stop(nodes=("seoul-1",)) >> idle("seoul-1") >> exited("seoul-1", code=0)
        case S.BACKOFF:
            story >> exited("seoul-1", code=1)
        case S.FAILED:
            story >> exited("seoul-1", code=1) >> after(1.0) >> spawned("seoul-1") >> exited("seoul-1", code=1)
        case _:
            story >> exited("seoul-1", code=1) >> after(1.0) >> spawned("seoul-1")
    both_apply(story)
    assert story.node("seoul-1").state is state
    story >> Restart(nodes=("seoul-1",))
    if state is S.STARTING:
        story >> exited("seoul-1", signal=15)
    comes_up(story, "seoul-1") << DONE
    assert story.node("seoul-1").serviceable


def test_a_drained_node_is_restarted_and_stays_drained() -> None:
    """The drain is the operator's, whatever process runs."""
    story = Script(serving()) >> Drain(nodes=("seoul-1",)) >> idle("seoul-1")
    both_apply(story) >> Restart(nodes=("seoul-1",)) >> exited("seoul-1", code=0)
    story >> spawned("seoul-1") >> healthy("seoul-1") << DONE
    assert (story.node("seoul-1").state, story.node("seoul-1").drained) == (S.DRAINING, True)


def test_a_rolling_restart_that_takes_too_long_gives_back_what_it_holds_down() -> None:
    """The node in hand is started again; those that were not touched yet stay as they are."""
    story = stopped("seoul-3") >> Restart(nodes=("seoul-1", "seoul-2", "seoul-3"))
    (operation,) = story.fleet.operations.values()
    assert [target.phase for target in operation.targets] == [Phase.STOPPING, Phase.WAITING, Phase.WAITING]
    story >> after(operation.deadline - story.mono) << FAILED
    assert ending(story, operation.id).sentence == "still waiting for 'seoul-1', 'seoul-2', 'seoul-3' at the deadline"
    assert [node.goal for node in story.fleet.gateways] == [Goal.UP, Goal.UP, Goal.DOWN]
    story >> exited("seoul-1", signal=9) << like(Spawn, instance="f1/seoul-1/2")


def test_a_restart_of_a_node_that_cannot_come_up_stops_there() -> None:
    """The next one is left alone: a broken configuration does not roll through the fleet."""
    story = Script(serving(a_spec(restart={"budget": 0}))) >> Restart(nodes=("seoul-1", "seoul-2"))
    story >> idle("seoul-1") >> exited("seoul-1", code=0) >> spawned("seoul-1") >> exited("seoul-1", code=1) << FAILED
    assert "keeps dying" in ending(story).sentence
    assert ending(story).hint == "hactl status; then: hactl start seoul-1"
    assert story.node("seoul-2").state is S.SERVING


# -- weights and policies


def test_a_weight_is_done_when_every_edge_has_proved_it() -> None:
    """Set, told, proved."""
    story = Script(serving()) >> SetWeight(nodes=("seoul-1",), weight=10) << WeightsChanged << TrafficShifted
    story >> applied("edge-1")
    assert len(story.fleet.operations) == 1
    story >> applied("edge-2")
    story << like(OperationEnded, outcome=Outcome.DONE, sentence="weight of seoul-1 = 10: confirmed by every edge")


def test_a_change_that_changes_nothing_is_done_at_once() -> None:
    """No new plan, nothing to wait for."""
    story = Script(serving()) >> SetWeight(nodes=("seoul-1",), weight=100) << DONE
    story >> SetPolicy(policy=Policy.LEAST_REQUEST) << DONE


def test_a_change_is_not_held_up_by_later_plans() -> None:
    """Proved is proved, even when a failover has already made the next plan."""
    story = Script(serving()) >> SetWeight(nodes=("seoul-1",), weight=10)
    version = story.fleet.plan.version
    story >> exited("seoul-2", signal=9)
    assert story.fleet.plan.version == version + 1
    story >> applied("edge-1", version) >> applied("edge-2", version) << DONE


@pytest.mark.parametrize(
    "command", [SetWeight(nodes=("seoul-1",), weight=10), SetWeight(regions=("seoul",), weight=7)], ids=str
)
def test_a_weight_that_an_edge_refuses_is_taken_back(command: Command) -> None:
    """The old weight is in force again, told to the edges, and the operation says who refused it and why."""
    before = serving()
    story = Script(before) >> command >> refused("edge-2", "no such cluster")
    (
        story
        << TrafficRejected
        << WeightsChanged
        << like(
            OperationEnded, outcome=Outcome.ROLLED_BACK, sentence="rolled back: edge-2 rejected it: no such cluster"
        )
        << TrafficShifted
    )
    assert ending(story).hint == "hactl doctor"
    assert story.node("seoul-1").weight == 100
    assert story.fleet.plan.regions == before.plan.regions


def test_a_policy_that_an_edge_refuses_is_taken_back() -> None:
    """As with weights."""
    story = Script(serving()) >> SetPolicy(policy=Policy.ROUND_ROBIN) << PolicyChanged >> refused("edge-1")
    story << PolicyChanged << BACK << TrafficShifted
    assert story.fleet.policy is story.fleet.plan.policy is Policy.LEAST_REQUEST


def test_a_change_that_is_not_proved_in_time_is_taken_back() -> None:
    """An edge that says nothing is an edge that does not have it."""
    story = Script(serving()) >> SetWeight(nodes=("seoul-1",), weight=10) >> applied("edge-1") >> after(10.0)
    assert ending(story).outcome is Outcome.ROLLED_BACK
    assert story.node("seoul-1").weight == 100


def test_two_changes_of_one_weight_are_both_taken_back() -> None:
    """Back to what was before the first, whichever is undone first."""
    story = Script(serving()) >> SetWeight(nodes=("seoul-1",), weight=10) >> SetWeight(nodes=("seoul-1",), weight=20)
    story >> refused("edge-1") << BACK << BACK
    assert story.node("seoul-1").weight == 100


def test_the_first_change_is_refused_while_a_second_is_in_progress() -> None:
    """What the second has set again stays; undoing the second later leads back to before both."""
    story = Script(serving()) >> SetWeight(nodes=("seoul-1", "seoul-2"), weight=10)
    first = story.fleet.plan.version
    story >> SetWeight(nodes=("seoul-1",), weight=20) >> refused("edge-1", version=first) << OperationMoved << BACK
    assert (story.node("seoul-1").weight, story.node("seoul-2").weight) == (20, 100)
    assert len(story.fleet.operations) == 1
    story >> refused("edge-1") << BACK
    assert (story.node("seoul-1").weight, story.node("seoul-2").weight) == (100, 100)
    assert story.fleet.operations == {}


def test_a_policy_and_a_weight_in_progress_are_undone_independently() -> None:
    """Neither has anything of the other's to take back."""
    story = Script(serving()) >> SetPolicy(policy=Policy.ROUND_ROBIN)
    first = story.fleet.plan.version
    story >> SetWeight(nodes=("seoul-1",), weight=20) >> refused("edge-1", version=first) << BACK
    assert story.fleet.policy is Policy.LEAST_REQUEST
    assert story.node("seoul-1").weight == 20
    both_apply(story) << DONE
    story = Script(serving()) >> SetWeight(nodes=("seoul-1",), weight=20)
    first = story.fleet.plan.version
    story >> SetPolicy(policy=Policy.ROUND_ROBIN) >> refused("edge-1", version=first) << BACK
    assert (story.node("seoul-1").weight, story.fleet.policy) == (100, Policy.ROUND_ROBIN)
    story >> refused("edge-1") << BACK
    assert story.fleet.policy is Policy.LEAST_REQUEST


def test_two_policies_in_progress_go_back_to_the_first_of_all() -> None:
    """The second undo is handed what the first would have restored."""
    story = Script(serving()) >> SetPolicy(policy=Policy.ROUND_ROBIN)
    first = story.fleet.plan.version
    story >> SetPolicy(policy=Policy.RANDOM) >> refused("edge-1", version=first) << BACK
    assert story.fleet.policy is Policy.RANDOM
    story >> refused("edge-1") << BACK
    assert story.fleet.policy is Policy.LEAST_REQUEST


def test_a_change_that_every_edge_has_proved_is_not_taken_back_with_a_later_one() -> None:
    """A refusal is about what is new in the plan."""
    story = Script(serving()) >> SetWeight(nodes=("seoul-1",), weight=10)
    both_apply(story) << DONE
    story >> SetWeight(nodes=("seoul-2",), weight=20) >> refused("edge-2") << BACK
    assert (story.node("seoul-1").weight, story.node("seoul-2").weight) == (10, 100)


def test_a_refused_failover_plan_undoes_no_change() -> None:
    """Nobody ordered it, so there is nothing to take back."""
    story = Script(serving()) >> exited("seoul-1", signal=9) >> refused("edge-1") << TrafficRejected
    assert [event for event in story.outcomes if not isinstance(event, TrafficRejected)] == []


# -- down


def test_down_stops_the_edges_first_and_then_everything_else() -> None:
    """No client meets a gateway without nodes; when all have gone the daemon leaves."""
    story = Script(serving()) >> Down() << OperationBegan << FleetClosing
    assert {node.name for node in story.fleet.nodes.values() if not node.serviceable} == {"edge-1", "edge-2"}
    for edge in ("edge-1", "edge-2"):
        assert story.node("seoul-1").serviceable
        story >> idle(edge) >> exited(edge, code=0)
    assert {node.state for node in story.fleet.gateways} == {S.STOPPING}, "with no edge left nothing is in flight"
    story >> exited("seoul-1", code=0) >> exited("seoul-2", code=0)
    assert len(story.fleet.operations) == 1
    story >> exited("seoul-3", code=0) << like(OperationEnded, sentence="everything has stopped") << Halt
    assert all(node.goal is Goal.UP for node in story.fleet.nodes.values())


def test_down_ends_what_was_in_progress() -> None:
    """Nobody goes on waiting for it."""
    story = Script(serving()) >> Kill(nodes=("seoul-1",))
    (kill,) = story.fleet.operations
    story >> Down() << like(OperationEnded, id=kill, sentence="the fleet was taken down by alice", hint="hactl up")


def test_down_takes_along_what_waits_has_failed_or_is_starting() -> None:
    """Whatever state it is in."""
    story = Script(serving(a_spec(nodes=4, restart={"budget": 1, "initial": 1.0}))) >> exited("seoul-1", code=1)
    story >> after(1.0) >> spawned("seoul-1") >> exited("seoul-1", code=1) >> exited("seoul-2", code=1)
    story >> after(1.0) >> spawned("seoul-2") >> exited("seoul-3", code=1)
    assert [node.state for node in story.fleet.gateways] == [S.FAILED, S.STARTING, S.BACKOFF, S.SERVING]
    story >> Down() >> idle("edge-1") >> exited("edge-1", code=0) >> idle("edge-2") >> exited("edge-2", code=0)
    assert [node.state for node in story.fleet.gateways] == [S.STOPPED, S.STOPPING, S.STOPPED, S.STOPPING]
    story >> exited("seoul-2", code=0) >> exited("seoul-4", code=0) << DONE << Halt


def test_a_down_that_cannot_be_finished_ends_all_the_same() -> None:
    """A process that not even SIGKILL ends: the daemon says so and leaves; whoever comes next adopts it."""
    story = Script(serving()) >> Down() >> after(1000.0)
    assert ending(story).outcome is Outcome.FAILED
    assert "'edge-1', 'edge-2', 'seoul-1'" in ending(story).sentence
    assert Halt() in story.outcomes


def test_a_slow_stop_is_no_reason_to_give_up_a_down() -> None:
    """Its patience is measured by the drains and stops it has to wait for."""
    world = MemoryWorld(founded(a_spec(gateway={"stop_timeout": 120.0}))).begin()
    world.busy = world.stubborn = set(world.fleet.nodes)
    down = world.submit(Down())
    world.settle()
    assert world.ending(down).outcome is Outcome.DONE
    assert world.halted


# -- a freeze


def test_a_freeze_is_over_when_the_capacity_is_back() -> None:
    """Stopped, found out, taken out, killed, started again, proved by every edge; charged to nobody."""
    story = Script(serving()) >> Request(command=Freeze(nodes=("seoul-1",)), by="bob")
    story << OperationBegan << like(SendSignal, node="seoul-1", signal="STOP")
    assert story.node("seoul-1").serviceable, "only the probes can say that it hangs"
    story >> unhealthy("seoul-1", "stopped (state T)", hung=True) << TrafficShifted
    story << like(SendSignal, node="seoul-1", signal="KILL")
    both_apply(story >> exited("seoul-1", signal=9))
    assert story.fleet.operations
    comes_up(story, "seoul-1") << DONE
    node = story.node("seoul-1")
    assert (node.exits, node.attempt, node.restarts) == ((), 0, 1)
    assert (node.frozen, node.excused) == ("", "")


def test_a_freeze_can_be_thawed_before_anybody_has_noticed() -> None:
    """It never left the rotation; the freeze has failed, the thaw is done."""
    story = Script(serving()) >> Freeze(nodes=("seoul-1",)) >> Thaw(nodes=("seoul-1",))
    story << like(SendSignal, signal="CONT")
    freeze, thaw = [event for event in story.events if isinstance(event, OperationEnded)]
    assert (freeze.outcome, freeze.sentence) == (Outcome.FAILED, "'seoul-1' was thawed")
    assert thaw.outcome is Outcome.DONE
    assert story.node("seoul-1").serviceable


def test_a_freeze_that_is_answered_already_cannot_be_thawed() -> None:
    """SIGKILL is on its way: the thaw would come too late, and says so."""
    story = Script(serving()) >> Freeze(nodes=("seoul-1",)) >> unhealthy("seoul-1", hung=True)
    rejected = story.refuses(Thaw(nodes=("seoul-1",)))
    assert (rejected.message, rejected.hint) == ("'seoul-1' is being killed", "hactl wait seoul-1")


def test_a_frozen_start_is_ended_by_its_deadline() -> None:
    """Nobody probes for a hang what is not ready yet: the start deadline finds it, and the exit is the operator's."""
    story = Script(serving()) >> Kill(nodes=("seoul-1",)) >> exited("seoul-1", signal=9) >> spawned("seoul-1")
    story >> Freeze(nodes=("seoul-1",)) >> after(10.0) >> exited("seoul-1", signal=9)
    assert story.node("seoul-1").exits == ()
    comes_up(story, "seoul-1")
    assert story.fleet.operations == {}


def test_a_frozen_node_that_is_stopping_ends_by_its_deadline() -> None:
    """And both orders are done."""
    story = Script(serving()) >> Stop(nodes=("seoul-1",)) >> idle("seoul-1") >> Freeze(nodes=("seoul-1",))
    story >> after(10.0) >> exited("seoul-1", signal=9)
    assert story.node("seoul-1").state is S.STOPPED
    assert {event.outcome for event in story.events if isinstance(event, OperationEnded)} == {Outcome.DONE}


def test_a_kill_of_what_is_frozen_is_a_kill() -> None:
    """The newer order is the reason, and both are over when the capacity is back."""
    story = Script(serving()) >> Freeze(nodes=("seoul-1",)) >> Request(command=Kill(nodes=("seoul-1",)), by="bob")
    both_apply(story >> exited("seoul-1", signal=9))
    reason = story.node("seoul-1").reason
    assert reason is not None
    assert reason.text == "killed by bob"
    comes_up(story, "seoul-1")
    assert story.fleet.operations == {}
    assert {event.outcome for event in story.events if isinstance(event, OperationEnded)} == {Outcome.DONE}


def test_a_freeze_may_cut_into_a_rolling_restart() -> None:
    """As a kill may, and as the world could."""
    story = Script(serving()) >> Restart(nodes=("seoul-1", "seoul-2")) >> Freeze(nodes=("seoul-2",))
    assert len(story.fleet.operations) == 2


def test_a_silent_edge_has_no_objections() -> None:
    """A frozen edge does not take a weight change back: it is out of rotation, and will take what is newest then."""
    story = Script(serving()) >> Pause() >> Freeze(nodes=("edge-1",)) >> unhealthy("edge-1", hung=True)
    story >> SetWeight(nodes=("seoul-1",), weight=9) >> refused("edge-1", "does not answer") << TrafficRejected
    story >> applied("edge-2") << DONE
    assert story.node("seoul-1").weight == 9
    story >> Thaw(nodes=("edge-1",)) >> healthy("edge-1") << like(ApplyTraffic, plan__version=story.fleet.plan.version)


# -- what drains did not see the end of


TEN = 10.0
"""Seconds: the deadline of a drain."""


def test_a_stop_says_how_many_requests_it_cut_off() -> None:
    """Those that were open when its deadline came; the process is asked to leave then."""
    story = Script(serving()) >> Stop(nodes=("seoul-1", "seoul-2")) >> idle("seoul-2") >> exited("seoul-2", code=0)
    story >> after(TEN - 0.1) >> still_busy("seoul-1", 3) >> still_busy("seoul-1", 2) >> after(0.1)
    story << like(SendSignal, node="seoul-1", signal="TERM")
    story >> exited("seoul-1", code=0) << DONE
    assert ending(story).sentence == "stop seoul-1, seoul-2; 2 requests were cut off at the drain deadline"
    assert story.replayed() == story.fleet


def test_what_finishes_at_the_last_moment_was_not_cut_off() -> None:
    """Nothing is said of it."""
    story = Script(serving()) >> Stop(nodes=("seoul-1",)) >> after(TEN - 0.1) >> still_busy("seoul-1", 1)
    story >> idle("seoul-1") >> exited("seoul-1", code=0) << DONE
    assert ending(story).sentence == "stop seoul-1"


def test_a_rolling_restart_adds_up_what_it_cut_off() -> None:
    """A node that runs again has forgotten it; the operation has not."""
    story = Script(serving()) >> Restart(nodes=("seoul-1", "seoul-2"))
    for name, open_ in (("seoul-1", 2), ("seoul-2", 1)):
        both_apply(story) >> after(TEN - 0.1) >> still_busy(name, open_) >> after(0.1) >> exited(name, code=0)
        comes_up(story, name)
        assert story.node(name).unfinished == 0
    told = "restarted 2, one at a time; 3 requests were cut off at the drain deadline"
    assert ending(story).sentence == told


def test_a_node_that_stays_up_cuts_nothing_off() -> None:
    """A drain is done at its deadline and says what goes on; when that has ended, it is over."""
    story = Script(serving()) >> Drain(nodes=("seoul-1",)) >> after(TEN - 0.1) >> still_busy("seoul-1", 3) >> after(0.1)
    both_apply(story)
    assert ending(story).sentence == "drain seoul-1; 3 requests still open at the drain deadline"
    assert explain(story.node("seoul-1")) == "drained by alice; 3 requests still open at the drain deadline"
    story >> idle("seoul-1")
    assert explain(story.node("seoul-1")) == "drained by alice"
    assert (story.node("seoul-1").idle, story.node("seoul-1").unfinished) == (True, 0)


def test_a_drained_node_with_open_requests_gets_time_before_it_stops() -> None:
    """As much as any other; what is open then is counted again, and is cut off."""
    story = Script(serving()) >> Drain(nodes=("seoul-1",)) >> after(TEN - 0.1) >> still_busy("seoul-1", 3) >> after(0.1)
    both_apply(story) >> Stop(nodes=("seoul-1",)) << like(BeginDrain, node__name="seoul-1")
    assert story.node("seoul-1").state is S.DRAINING
    assert not story.node("seoul-1").idle
    story >> after(TEN - 0.1) >> still_busy("seoul-1", 1) >> after(0.1) >> exited("seoul-1", code=0)
    told = [event.sentence for event in story.events if isinstance(event, OperationEnded)]
    assert told[-1] == "stop seoul-1; 1 request was cut off at the drain deadline"


def test_down_says_what_the_edges_cut_off() -> None:
    """What their clients had open."""
    story = Script(serving()) >> Down() >> after(TEN - 0.1) >> still_busy("edge-1", 2) >> idle("edge-2") >> after(0.1)
    for name in ("edge-1", "edge-2", "seoul-1", "seoul-2", "seoul-3"):
        if story.node(name).state is S.DRAINING:
            story >> idle(name)
        story >> exited(name, code=0)
    assert ending(story).sentence == "everything has stopped; 2 requests were cut off at the drain deadline"


def test_a_resumed_node_has_cut_nothing_off() -> None:
    """What was open when it was drained before is nobody's concern in the next drain."""
    story = Script(serving()) >> Drain(nodes=("seoul-1",)) >> after(TEN - 0.1) >> still_busy("seoul-1", 3) >> after(0.1)
    both_apply(story) >> Resume(nodes=("seoul-1",))
    both_apply(story) >> Stop(nodes=("seoul-1",)) >> idle("seoul-1") >> exited("seoul-1", code=0)
    assert [event.sentence for event in story.events if isinstance(event, OperationEnded)][-1] == "stop seoul-1"
