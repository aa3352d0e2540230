"""One process after another: when the next may go, and when one is back."""

import pytest
from support.build import a_proposal, a_spec, founded
from support.world import MemoryWorld

from hactl.core.commands import Apply, Command, Drain, Kill, Restart, SetWeight, Start, Stop
from hactl.core.events import FailoverEnded
from hactl.core.node import NodeState
from hactl.core.operation import Outcome
from hactl.core.routing import RouteSpec
from hactl.core.value import replace

SOON = 5.0
"""Seconds; far less than any deadline here, and more than any of these stories takes in virtual time."""


def without_edges(*, dying: bool = False) -> MemoryWorld:
    """Nobody stands before the nodes: every edge is stopped, or keeps dying."""
    budget = {"budget": 0, "window": 3600.0} if dying else None
    world = MemoryWorld(founded(a_spec(regions=2, nodes=2, restart=budget))).begin()
    edges = [edge.name for edge in world.fleet.edges]
    if not dying:
        world.submit(Stop(nodes=tuple(edges)), confirm="default")
        return world.settle()
    world.broken.update(edges)
    for name in edges:
        world.die(name)
    while not all(edge.state is NodeState.FAILED for edge in world.fleet.edges):
        assert world.turn()
    return world


@pytest.mark.parametrize("dying", [False, True], ids=["stopped", "failed"])
@pytest.mark.parametrize(
    "command",
    [
        Restart(nodes=("seoul-1", "osaka-1")),
        Kill(nodes=("seoul-1",)),
        Drain(nodes=("osaka-2",)),
        SetWeight(nodes=("seoul-2",), weight=7),
        Apply(text=""),
    ],
)
def test_nobody_waits_for_edges_that_are_not_there(command: Command, dying: bool) -> None:
    """Whatever is ordered while no edge is up ends as soon as the processes are where they should be."""
    world = without_edges(dying=dying)
    began = world.mono
    spec = replace(world.fleet.spec, routes=(RouteSpec(prefix="/new", respond=200),))
    proposal = a_proposal(world.fleet, spec) if isinstance(command, Apply) else None
    operation = world.submit(command, proposal=proposal)
    while operation in world.fleet.operations:
        assert world.turn()
    assert world.ending(operation).outcome is Outcome.DONE
    assert world.mono - began < SOON


def test_a_loss_without_edges_ends_when_the_node_is_back() -> None:
    """Nobody could say that the traffic has moved, so nobody does; but the loss does not stay open for ever."""
    world = without_edges()
    world.die("seoul-1")
    world.settle().check_quiet()
    (ended,) = world.saw(FailoverEnded)
    assert isinstance(ended, FailoverEnded)
    assert ended.moved_ms is None
    assert ended.back_ms is not None


def test_the_first_edge_that_is_up_again_is_asked_again() -> None:
    """It proves the plan in force before anybody calls it back."""
    world = without_edges()
    operation = world.submit(Start(nodes=("edge-1",)))
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    assert world.fleet.confirmed["edge-1"] == world.fleet.plan.version
