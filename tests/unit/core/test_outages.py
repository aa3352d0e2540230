"""Outages, from what was lost until it serves again: whoever repairs it, and however long that takes."""

import json

import pytest
from support.build import a_spec, founded
from support.script import Script, applied, exited, healthy, serving, spawned, unhealthy
from support.world import MemoryWorld

from hactl.core.codec import decode_fleet, encode
from hactl.core.commands import Command, Down, Drain, Kill, Pause, Start, Stop, Unpause
from hactl.core.config_events import NodesRemoved
from hactl.core.draft import evolve
from hactl.core.node import NodeState
from hactl.core.outage import Extent, Outage
from hactl.core.outages import begun, ended
from hactl.core.recovery import Arrival, Found, recover

FRAIL = a_spec(nodes=2, edges=1, restart={"budget": 1, "initial": 0.0})


def out(story: Script) -> list[tuple[str, str]]:
    return sorted((outage.extent.value, outage.name) for outage in story.fleet.outages)


def crashes_again_and_again(story: Script, name: str) -> None:
    story >> exited(name, code=3) >> spawned(name) >> healthy(name) >> exited(name, code=3)
    assert story.node(name).state is NodeState.FAILED


def test_an_outage_lasts_until_what_was_lost_serves_again_and_not_until_somebody_orders_that() -> None:
    """The order overwrites the reason; the outage is not over for that."""
    story = Script(serving(FRAIL))
    crashes_again_and_again(story, "seoul-1")
    assert out(story) == [("node", "seoul-1")]
    crashes_again_and_again(story, "seoul-2")
    assert out(story) == [("fleet", "default"), ("node", "seoul-1"), ("node", "seoul-2"), ("region", "seoul")]
    story >> Start(nodes=("seoul-1", "seoul-2")) >> spawned("seoul-1")
    assert len(out(story)) == 4
    story >> healthy("seoul-1")
    assert out(story) == [("node", "seoul-2")]
    story >> spawned("seoul-2") >> healthy("seoul-2")
    assert out(story) == []
    assert story.replayed() == story.fleet


def test_an_edge_is_out_until_it_serves_and_has_proved_the_plan() -> None:
    story = Script(serving()) >> exited("edge-1", signal=9)
    assert out(story) == [("edge", "edge-1")]
    story >> spawned("edge-1") >> healthy("edge-1")
    assert out(story) == [("edge", "edge-1")]
    story >> applied("edge-1")
    assert out(story) == []


def test_the_loss_of_a_node_in_a_pause_is_over_when_it_serves_after_it() -> None:
    """Nothing is measured then; it was lost all the same."""
    story = Script(serving()) >> Pause() >> exited("seoul-1", signal=9)
    for edge in story.fleet.edges:
        story >> applied(edge.name)
    assert story.fleet.failovers == {}
    story >> Unpause() >> spawned("seoul-1")
    assert out(story) == [("node", "seoul-1")]
    story >> healthy("seoul-1")
    assert out(story) == []


@pytest.mark.parametrize("order", [Drain(nodes=("seoul-1",)), Stop(nodes=("seoul-1", "edge-1"))])
def test_what_was_ordered_is_no_outage(order: Command) -> None:
    world = MemoryWorld(founded(a_spec(nodes=2, edges=2))).begin()
    world.submit(order)
    world.settle()
    assert world.fleet.outages == ()


def test_a_spare_that_steps_in_saves_the_region_and_not_the_node() -> None:
    """In the same step, so the region was never out; the node is back when it stands by in its turn."""
    story = Script(MemoryWorld(founded(a_spec(nodes=1, spares=1))).begin().fleet)
    story >> exited("seoul-1", signal=9)
    for edge in story.fleet.edges:
        story >> applied(edge.name)
    assert story.fleet.failovers == {}
    assert out(story) == [("node", "seoul-1")]
    story >> spawned("seoul-1") >> healthy("seoul-1")
    assert story.node("seoul-1").standing_by
    assert out(story) == []


def test_an_edge_that_is_only_unwell_is_out() -> None:
    story = Script(serving()) >> unhealthy("edge-1", "it answers 503")
    assert out(story) == [("edge", "edge-1")]
    story >> healthy("edge-1")
    assert out(story) == []


def test_an_outage_outlives_the_daemon_and_the_boot() -> None:
    """A checkpoint has it; and the nodes that a reboot starts again are back when they serve."""
    story = Script(serving(FRAIL)) >> Kill(nodes=("seoul-1",), hold=True) >> exited("seoul-1", signal=9)
    story.fleet = decode_fleet(encode(story.fleet))
    assert out(story) == [("node", "seoul-1")]
    story.take(recover(story.fleet, Found(), Arrival(pid=2, version="0"), story.now))
    assert ("node", "seoul-1") in out(story)
    story >> Start(nodes=("seoul-1",)) >> spawned("seoul-1") >> healthy("seoul-1")
    assert ("node", "seoul-1") not in out(story)


def test_a_checkpoint_of_an_older_hactl_knows_of_none() -> None:
    kept = json.loads(encode(serving()))
    del kept["outages"]
    assert decode_fleet(json.dumps(kept)).outages == ()


def test_whoever_is_removed_is_out_no_longer_and_has_not_come_back() -> None:
    story = Script(serving()) >> exited("seoul-1", signal=9)
    after_ = evolve(story.fleet, NodesRemoved(nodes=("seoul-1",)))
    assert after_.outages == ()
    assert ended(story.fleet, after_) == ()


def test_the_widest_goes_first() -> None:
    story = Script(serving(a_spec(nodes=1)))
    before = story.fleet
    story >> exited("seoul-1", signal=9)
    assert [outage.extent for outage in begun(before, story.fleet)] == [Extent.FLEET, Extent.REGION, Extent.NODE]
    lost = story.fleet
    story >> spawned("seoul-1") >> healthy("seoul-1")
    assert ended(lost, story.fleet)[0] == Outage(extent=Extent.FLEET, name="default")


def test_a_fleet_that_is_taken_down_loses_nothing_by_it() -> None:
    """Also when one was out before, and so not all are out by order."""
    world = MemoryWorld(founded(a_spec(nodes=2))).begin()
    world.submit(Kill(nodes=("seoul-1",), hold=True))
    world.settle()
    world.submit(Down())
    world.settle()
    assert [outage.name for outage in world.fleet.outages] == ["seoul-1"]
