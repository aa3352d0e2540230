"""The clock on every loss of capacity: seen, moved away on every edge, back; all in virtual milliseconds."""

import pytest
from support.build import a_spec
from support.script import (
    Script,
    after,
    applied,
    exited,
    healthy,
    idle,
    like,
    serving,
    spawned,
    unhealthy,
)

from hactl.core.commands import Drain, Kill, Request, SetWeight, Stop
from hactl.core.events import Event, FailoverBegan, FailoverEnded, FailoverMoved, TrafficApplied, TrafficShifted
from hactl.core.node import ReasonCode


def of(story: Script, kind: type[Event]) -> list[Event]:
    return [event for event in story.events if isinstance(event, kind)]


def ended(story: Script) -> FailoverEnded:
    (event,) = of(story, FailoverEnded)
    assert isinstance(event, FailoverEnded)
    return event


def test_a_loss_is_measured_at_the_edges() -> None:
    """From the exit seen until the last edge's proof, and until the capacity is back on every edge."""
    story = Script(serving())
    story >> exited("seoul-2", signal=9) << TrafficShifted << like(FailoverBegan, failover__node="seoul-2")
    version = story.fleet.plan.version
    story >> after(0.020) >> applied("edge-1") << like(TrafficApplied, edge="edge-1", version=version)
    assert of(story, FailoverMoved) == []
    story >> after(0.011) >> applied("edge-2") << like(FailoverMoved, failover__node="seoul-2")
    assert story.fleet.last_failover_ms == pytest.approx(31.0)
    story >> after(0.069) >> spawned("seoul-2") >> after(0.1) >> healthy("seoul-2") << TrafficShifted
    assert of(story, FailoverEnded) == []
    story >> after(0.01) >> applied("edge-2") >> after(0.01) >> applied("edge-1") << FailoverEnded
    assert ended(story).moved_ms == pytest.approx(31.0)
    assert ended(story).back_ms == pytest.approx(220.0)
    assert story.fleet.failovers == {}


def test_each_edge_says_how_long_it_took() -> None:
    """From the decision to the proof; an edge that has just started has taken no time anybody could measure."""
    story = Script(serving()) >> exited("seoul-2", signal=9) >> after(0.5) >> applied("edge-1")
    (event,) = [outcome for outcome in story.outcomes if isinstance(outcome, TrafficApplied)]
    assert event.ms == pytest.approx(500.0)
    story >> exited("edge-2", signal=9) >> spawned("edge-2") >> healthy("edge-2") >> after(1.0)
    story >> applied("edge-2") << like(TrafficApplied, edge="edge-2", ms=None)


def test_an_old_proof_moves_nothing() -> None:
    """An edge that proves the plan before the loss has not moved."""
    story = Script(serving())
    story >> exited("seoul-2", signal=9) >> applied("edge-1") >> applied("edge-2", version=story.fleet.plan.version - 1)
    assert of(story, FailoverMoved) == []


def test_an_unwell_node_is_a_loss_too() -> None:
    """Probes count like an exit; the cause says which."""
    story = Script(serving()) >> unhealthy("seoul-2", "503")
    story << like(FailoverBegan, failover__cause__code=ReasonCode.PROBE_FAILED, failover__cause__text="503")
    story >> applied("edge-1") >> applied("edge-2") << FailoverMoved
    story >> after(1.0) >> healthy("seoul-2") >> applied("edge-1") >> applied("edge-2") << FailoverEnded
    assert ended(story).back_ms == pytest.approx(1000.0)


def test_a_drain_or_a_stop_is_no_loss() -> None:
    """Nobody measures what was ordered; a kill is measured, because it does what a crash does."""
    story = Script(serving()) >> Drain(nodes=("seoul-1",)) >> idle("seoul-1")
    story >> Stop(nodes=("seoul-2",)) >> idle("seoul-2") >> exited("seoul-2", code=0)
    assert of(story, FailoverBegan) == []
    story >> Request(command=Kill(nodes=("seoul-3",)), by="alice", confirm="default") >> exited("seoul-3", signal=9)
    story << like(FailoverBegan, failover__cause__code=ReasonCode.KILLED, failover__cause__by="alice")


def test_with_nobody_left_the_plan_is_held_and_nothing_has_moved() -> None:
    """The edges keep the last good plan: until there is another one no traffic can be said to have moved."""
    story = Script(serving(a_spec(nodes=1))) >> exited("seoul-1", signal=9)
    assert [event for event in story.outcomes if isinstance(event, TrafficShifted)] == []
    story << FailoverBegan
    story >> applied("edge-1") >> applied("edge-2")
    assert of(story, FailoverMoved) == []
    story >> after(0.4) >> spawned("seoul-1") >> healthy("seoul-1") << FailoverEnded
    assert (ended(story).moved_ms, ended(story).back_ms) == (None, pytest.approx(400.0))


@pytest.mark.parametrize("how", ["stopped", "drained"])
def test_a_loss_that_somebody_settles_is_over(how: str) -> None:
    """A node that is taken out on purpose while it is lost will not be back: no number is made up."""
    story = Script(serving()) >> unhealthy("seoul-2") >> applied("edge-1") >> applied("edge-2")
    story >> (Stop(nodes=("seoul-2",)) if how == "stopped" else Drain(nodes=("seoul-2",)))
    story << like(FailoverEnded, node="seoul-2", back_ms=None)
    assert ended(story).moved_ms is not None


def test_a_loss_that_ends_in_a_crash_loop_is_over() -> None:
    """Nobody waits for a node that has failed."""
    story = Script(serving(a_spec(restart={"budget": 1}))) >> exited("seoul-2", code=1)
    story >> spawned("seoul-2") >> exited("seoul-2", code=1)
    story << like(FailoverEnded, node="seoul-2", moved_ms=None, back_ms=None)


def test_a_node_of_weight_0_or_of_a_region_of_weight_0_comes_back_too() -> None:
    """It is back when the edges list it again as it is meant to be used, which is: for nobody new."""
    story = Script(serving(a_spec(regions=2))) >> SetWeight(nodes=("seoul-1",), weight=0)
    story >> SetWeight(regions=("osaka",), weight=0) >> applied("edge-1") >> applied("edge-2")
    for name in ("seoul-1", "osaka-1"):
        story >> exited(name, signal=9) << like(FailoverBegan, failover__node=name)
        story >> applied("edge-1") >> applied("edge-2") << like(FailoverMoved, failover__node=name)
        story >> spawned(name) >> healthy(name) >> applied("edge-1") >> applied("edge-2")
        story << like(FailoverEnded, node=name)
    assert story.fleet.failovers == {}


def test_the_loss_of_an_edge_is_not_a_loss_of_capacity() -> None:
    """Edges share their port: the other one takes its clients, and no plan changes."""
    story = Script(serving()) >> exited("edge-1", signal=9)
    assert of(story, FailoverBegan) == []
    assert of(story, TrafficShifted) == []
