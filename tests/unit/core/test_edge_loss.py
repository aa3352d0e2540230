"""What an edge took with it, and how long it was away."""

import pytest
from support.build import a_spec
from support.script import Script, after, applied, exited, healthy, idle, like, serving, spawned, unhealthy

from hactl.core.causes import instance_of
from hactl.core.commands import Freeze, Kill, Pause, Request, Restart, Start, Stop, Unpause
from hactl.core.events import EdgeBack, EdgeGivenUp, EdgeLost
from hactl.core.model import EdgeUse
from hactl.core.node import ReasonCode
from hactl.core.observations import Exited
from hactl.core.recovery import Arrival, Found, recover

USE = (EdgeUse(edge="edge-1", connections=12, requests=3, age=0.3), EdgeUse(edge="edge-2", connections=14, requests=1))


def losses(story: Script) -> list[str]:
    """Every loss and its end so far."""
    kinds = (EdgeLost, EdgeBack, EdgeGivenUp)
    return [type(event).__name__ for event in story.events if isinstance(event, kinds)]


def test_an_edge_that_dies_costs_what_was_last_seen_there() -> None:
    """Its own connections are lost, the others carry on, and it is back when it has proved the plan: not before."""
    story = Script(serving())
    instance = instance_of(story.node("edge-1"), story.fleet.id)
    story >> Exited(node="edge-1", instance=instance, signal=9, in_use=USE)
    story << like(EdgeLost, loss__edge="edge-1", loss__use=USE[0], loss__others=("edge-2",), loss__carried=USE[1:])
    assert story.fleet.last_edge_loss == story.fleet.edge_losses["edge-1"]
    story >> after(0.1) >> spawned("edge-1") >> healthy("edge-1")
    assert losses(story) == ["EdgeLost"]
    story >> after(0.02) >> applied("edge-1") << EdgeBack
    assert story.fleet.edge_losses == {}
    assert story.fleet.last_edge_loss is not None
    assert story.fleet.last_edge_loss.back_ms == pytest.approx(120.0)
    assert story.replayed() == story.fleet


def test_what_nobody_has_read_is_unknown() -> None:
    """And so is what the others carry; a loss is a loss all the same."""
    story = Script(serving()) >> exited("edge-1", signal=9)
    story << like(EdgeLost, loss__use=None, loss__others=("edge-2",), loss__carried=())


def test_an_edge_that_hangs_is_lost_once() -> None:
    """When it is found out, because it is killed then; its exit is no second loss."""
    story = Script(serving()) >> unhealthy("edge-1", "stopped (state T)", hung=True)
    story << like(EdgeLost, loss__cause__code=ReasonCode.HUNG)
    story >> after(0.01) >> exited("edge-1", signal=9) >> spawned("edge-1") >> healthy("edge-1")
    story >> after(0.09) >> applied("edge-1") << like(EdgeBack, edge="edge-1", ms=pytest.approx(100.0))
    assert losses(story) == ["EdgeLost", "EdgeBack"]


def test_an_edge_that_is_only_unwell_has_its_connections_still() -> None:
    """It may be well again in a moment; when it dies instead, that is the loss."""
    story = Script(serving()) >> unhealthy("edge-1", "it answers 503") >> healthy("edge-1")
    story >> unhealthy("edge-1", "it answers 503")
    assert losses(story) == []
    story >> exited("edge-1", signal=11) << EdgeLost


def test_what_was_ordered_is_no_loss() -> None:
    """A stop and a rolling restart drain; a kill and a freeze do what a crash does, and are measured like one."""
    story = Script(serving())
    story >> Stop(nodes=("edge-1",)) >> idle("edge-1") >> exited("edge-1", code=0)
    story >> Start(nodes=("edge-1",)) >> spawned("edge-1") >> healthy("edge-1") >> applied("edge-1")
    story >> Restart(nodes=("edge-2",)) >> idle("edge-2") >> exited("edge-2", code=0)
    story >> spawned("edge-2") >> healthy("edge-2") >> applied("edge-2")
    assert losses(story) == []
    story >> Request(command=Kill(nodes=("edge-1",)), by="alice", confirm="default") >> exited("edge-1", signal=9)
    story << like(EdgeLost, loss__cause__by="alice")
    story >> spawned("edge-1") >> healthy("edge-1") >> applied("edge-1")
    story >> Freeze(nodes=("edge-1",)) >> unhealthy("edge-1", hung=True) << EdgeLost


@pytest.mark.parametrize("both", [False, True])
def test_a_second_loss_knows_who_is_left(both: bool) -> None:
    """With nobody left, that is what is said; each loss ends by itself."""
    story = Script(serving()) >> exited("edge-1", signal=9)
    if both:
        story >> exited("edge-2", signal=9) << like(EdgeLost, loss__edge="edge-2", loss__others=())
        story >> spawned("edge-2") >> healthy("edge-2") >> applied("edge-2") << like(EdgeBack, edge="edge-2")
    assert set(story.fleet.edge_losses) == {"edge-1"}


def test_a_lost_edge_that_is_stopped_or_keeps_dying_is_given_up() -> None:
    """No number is made up for how long that took."""
    story = Script(serving()) >> exited("edge-1", signal=9) >> spawned("edge-1")
    story >> Stop(nodes=("edge-1",)) << like(EdgeGivenUp, edge="edge-1")
    loop = Script(serving(a_spec(restart={"budget": 1}))) >> exited("edge-1", code=1) >> spawned("edge-1")
    loop >> exited("edge-1", code=1) << like(EdgeGivenUp, edge="edge-1")
    assert losses(loop) == ["EdgeLost", "EdgeGivenUp"]


def test_in_a_pause_a_hanging_edge_is_not_lost_yet() -> None:
    """Nobody kills it, so it may go on; when the pause ends first, it is killed, and that is the loss."""
    story = Script(serving()) >> Pause() >> unhealthy("edge-1", "silent", hung=True)
    assert losses(story) == []
    story >> Unpause() << like(EdgeLost, loss__edge="edge-1")
    held = Script(serving()) >> Pause() >> exited("edge-1", signal=9) << EdgeLost << EdgeGivenUp
    assert held.fleet.edge_losses == {}


def test_an_edge_that_died_while_no_daemon_ran_is_a_loss_seen_now() -> None:
    """What it was doing nobody can say any more."""
    fleet = serving()
    alive = tuple(node.launch for node in fleet.nodes.values() if node.launch and node.name != "edge-1")
    story = Script(fleet, 1010.0)
    story.take(recover(fleet, Found(alive=alive), Arrival(pid=2, version="0", gap=3.0), story.now))
    story << like(EdgeLost, loss__edge="edge-1", loss__use=None, loss__seen=1010.0)


def test_over_a_reboot_nothing_is_measured() -> None:
    """A loss in progress is given up; that every process went with the machine is no loss of edges."""
    story = Script(serving()) >> exited("edge-1", signal=9)
    later = Script(story.fleet, 5.0)
    now = type(later.now)(mono=5.0, wall=later.now.wall, boot="another")
    later.take(recover(story.fleet, Found(), Arrival(pid=2, version="0", gap=60.0), now))
    assert losses(later) == ["EdgeGivenUp"]
