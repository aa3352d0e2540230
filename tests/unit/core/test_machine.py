"""`step`, as whole stories: causes in, events and effects out, in the order in which they matter."""

import pytest
from support.build import a_spec, founded
from support.script import (
    NOTHING,
    Script,
    after,
    applied,
    exited,
    healthy,
    idle,
    like,
    serving,
    spawned,
)

from hactl.core.commands import Down, Drain, Kill, Request, Resume, SetPolicy, SetWeight, Start, Stop
from hactl.core.effects import ApplyTraffic, BeginDrain, SendSignal, Spawn
from hactl.core.events import (
    FailoverBegan,
    FailoverEnded,
    FailoverMoved,
    NodeChanged,
    OperationBegan,
    OperationEnded,
    TrafficApplied,
    TrafficShifted,
)
from hactl.core.machine import step
from hactl.core.model import Now
from hactl.core.node import Goal, NodeState
from hactl.core.observations import Ticked
from hactl.core.operation import Outcome, Verb
from hactl.core.spec import Policy

S = NodeState


def test_one_action_all_the_way() -> None:
    """Kill a node: signal, exit, the edges move, it starts again, the edges take it back, the operation ends."""
    story = Script(serving())
    story >> Kill(nodes=("seoul-2",))
    story << like(OperationBegan, operation__verb=Verb.KILL, operation__by="alice")
    story << like(NodeChanged, node__excused="alice", node__state=S.SERVING)
    story << like(SendSignal, node="seoul-2", signal="KILL")

    story >> exited("seoul-2", signal=9)
    story << like(NodeChanged, was=S.SERVING, node__state=S.STARTING) << TrafficShifted << FailoverBegan
    story << like(ApplyTraffic, plan=story.fleet.plan) << like(Spawn, instance="f1/seoul-2/2")

    story >> after(0.03) >> applied("edge-1") << TrafficApplied
    story >> applied("edge-2") << TrafficApplied << FailoverMoved
    story >> spawned("seoul-2") << like(NodeChanged, node__state=S.STARTING)
    story >> healthy("seoul-2") << like(NodeChanged, node__state=S.SERVING) << TrafficShifted << ApplyTraffic
    story >> applied("edge-1") << TrafficApplied
    story >> applied("edge-2") << TrafficApplied << FailoverEnded << like(OperationEnded, outcome=Outcome.DONE)
    story >> Ticked() << NOTHING


def test_what_clients_wait_for_comes_first() -> None:
    """Of the effects of one step: the newest plan, then signals, then starts, then the rest."""
    story = Script(serving(a_spec(nodes=4))) >> Drain(nodes=("seoul-1", "seoul-2"))
    kinds = [type(outcome) for outcome in story.outcomes if isinstance(outcome, ApplyTraffic | BeginDrain)]
    assert kinds == [ApplyTraffic, BeginDrain, BeginDrain]


def test_the_order_of_a_crash_with_several_plans() -> None:
    """However often the plan changed within a step, the edges are told once, and the newest."""
    story = Script(serving()) >> exited("seoul-1", signal=9)
    plans = [outcome.plan for outcome in story.outcomes if isinstance(outcome, ApplyTraffic)]
    assert plans == [story.fleet.plan]


def test_an_edge_that_comes_into_service_must_prove_the_plan() -> None:
    """What it proved before died with its process, even when the next one was started in the same breath."""
    story = Script(serving())
    assert story.fleet.confirmed == {"edge-1": story.fleet.plan.version, "edge-2": story.fleet.plan.version}
    story >> exited("edge-1", signal=9) << like(NodeChanged, was=S.SERVING, node__state=S.STARTING)
    assert set(story.fleet.confirmed) == {"edge-2"}
    story >> spawned("edge-1") >> healthy("edge-1") << like(ApplyTraffic, plan=story.fleet.plan)
    story >> applied("edge-1") << like(TrafficApplied, edge="edge-1")


def test_an_edge_cannot_take_a_drain_back() -> None:
    """It has begun to close its door: started again while it drains, it stops first, and then comes up anew."""
    story = Script(serving()) >> Stop(nodes=("edge-1",)) >> Start(nodes=("edge-1",))
    assert (story.node("edge-1").state, story.node("edge-1").goal) == (S.DRAINING, Goal.UP)
    story >> idle("edge-1")
    assert story.node("edge-1").state is S.STOPPING
    story >> exited("edge-1", code=0) << like(Spawn, instance="f1/edge-1/2")


def test_a_decision_says_what_it_is_about() -> None:
    """The receipt of a command: the operation's id and a sentence; news has neither."""
    fleet, now = serving(), Now(mono=2000.0, wall=5.0)
    sentences = {
        Kill(nodes=("seoul-1",)): "kill seoul-1 with SIGKILL",
        Stop(nodes=("seoul-1", "seoul-2")): "stop seoul-1, seoul-2",
        Drain(nodes=("seoul-1",)): "drain seoul-1",
        SetWeight(nodes=("seoul-1",), regions=("seoul",), weight=5): "weight of seoul-1, seoul = 5",
        SetPolicy(policy=Policy.ROUND_ROBIN): "policy = round-robin",
        Down(): "stop everything",
    }
    for command, sentence in sentences.items():
        decision = step(fleet, Request(command=command, by="alice", reason="because"), now)
        assert decision.sentence == sentence
        assert decision.operation == f"op-{fleet.seq + 1}"
        began = decision.events[0]
        assert isinstance(began, OperationBegan)
        assert (began.operation.reason, began.operation.wall) == ("because", 5.0)
    assert step(fleet, Ticked(), now).operation == ""


def test_a_step_changes_nothing_but_what_it_returns() -> None:
    """The fleet that went in is as it was: a dry run is a step whose decision is thrown away."""
    fleet = serving()
    before = fleet.seq, dict(fleet.nodes), dict(fleet.operations)
    decision = step(fleet, Request(command=Down(), by="alice"), Now(mono=2000.0, wall=5.0))
    assert decision.fleet.closing
    assert not fleet.closing
    assert (fleet.seq, fleet.nodes, fleet.operations) == before


def test_the_sequence_number_counts_the_events() -> None:
    """`seq` is the journal position: one per event, in every step."""
    story = Script(serving())
    before = story.fleet.seq
    story >> Kill(nodes=("seoul-1",)) >> exited("seoul-1", signal=9) >> applied("edge-1") >> Ticked()
    assert story.fleet.seq == before + len(story.events)
    assert story.replayed() == story.fleet


@pytest.mark.parametrize("state", ["drained", "weight"])
def test_a_node_comes_back_as_the_operator_left_it(state: str) -> None:
    """Drains and weights are not the process's: they outlive it."""
    story = Script(serving())
    if state == "drained":
        story >> Drain(nodes=("seoul-1",)) >> idle("seoul-1")
    else:
        story >> SetWeight(nodes=("seoul-1",), weight=7)
    story >> applied("edge-1") >> applied("edge-2") >> exited("seoul-1", signal=11) >> spawned("seoul-1")
    story >> healthy("seoul-1")
    node = story.node("seoul-1")
    assert (node.drained, node.weight) == ((True, 100) if state == "drained" else (False, 7))
    assert node.state is (S.DRAINING if state == "drained" else S.SERVING)
    if state == "drained":
        story >> Resume(nodes=("seoul-1",))
        assert story.node("seoul-1").serviceable


def test_a_founded_fleet_waits_for_its_first_daemon() -> None:
    """Nothing starts by itself: `step` has nothing to say about a fleet in which nothing happens."""
    story = Script(founded()) >> Ticked() << NOTHING
    assert all(node.state is S.STOPPED for node in story.fleet.nodes.values())
