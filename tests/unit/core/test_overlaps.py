"""Two failures at once, in every order in which their news and the edges' confirmations can come in."""

from collections.abc import Iterator

import pytest
from support.build import a_spec, at
from support.script import Cue, Script, applied, exited, healthy, serving, spawned, unhealthy

from hactl.core.commands import Freeze, Pause, Thaw
from hactl.core.events import Event, FailoverBegan, FailoverEnded, FailoverMoved
from hactl.core.machine import step
from hactl.core.model import Fleet
from hactl.core.node import NodeState
from hactl.core.plan import EndpointStatus
from hactl.core.reading import Verdict, read
from hactl.core.spec import FleetSpec
from hactl.core.traffic import shares

START = 2000.0
"""Virtual seconds at which the first news comes in; a millisecond later the next, and so on."""


class Line:
    """A process and what is heard of it, in this order and no other."""

    def __init__(self, *cues: Cue) -> None:
        self.cues = cues


def comes_back(name: str) -> Line:
    """It dies, is started again and becomes ready."""
    return Line(exited(name, signal=9), spawned(name), healthy(name))


def confirms(edge: str, times: int = 2) -> Line:
    """An edge proves whatever plan is the newest then."""
    return Line(*[applied(edge)] * times)


class Ending:
    """Where one interleaving led."""

    def __init__(self, fleet: Fleet, events: tuple[Event, ...], order: str) -> None:
        self.fleet = fleet
        self.events = events
        self.order = order


def interleavings(fleet: Fleet, lines: list[Line]) -> Iterator[Ending]:
    """Every order that keeps each line in its own order, played; the edges confirm once more at the end."""

    def play(fleet: Fleet, cue: Cue, turn: int) -> tuple[Fleet, tuple[Event, ...]]:
        now = at(START + turn / 1000)
        decision = step(fleet, cue(fleet, now), now)
        return decision.fleet, decision.events

    def walk(fleet: Fleet, places: tuple[int, ...], events: tuple[Event, ...], order: str) -> Iterator[Ending]:
        turn = sum(places)
        open_lines = [number for number, place in enumerate(places) if place < len(lines[number].cues)]
        for number in open_lines:
            after, more = play(fleet, lines[number].cues[places[number]], turn)
            further = tuple(place + (index == number) for index, place in enumerate(places))
            yield from walk(after, further, events + more, f"{order}{number}")
        if not open_lines:
            for late, edge in enumerate(fleet.edges):
                fleet, more = play(fleet, applied(edge.name), turn + late)
                events += more
            yield Ending(fleet, events, order)

    yield from walk(fleet, (0,) * len(lines), (), "")


def check(ending: Ending, lost: tuple[str, ...], *, always_moved: bool) -> None:
    """All serve, every edge has the newest plan, every loss has its numbers and no other plan is left over."""
    fleet, order = ending.fleet, ending.order
    assert all(node.serviceable for node in fleet.nodes.values()), order
    assert read(fleet).verdict is Verdict.OK, f"{order}: {read(fleet).sentence}"
    assert set(fleet.confirmed.values()) == {fleet.plan.version}, order
    listed = {endpoint.node for endpoint in fleet.plan.endpoints if endpoint.status is EndpointStatus.ACTIVE}
    assert listed == {node.name for node in fleet.gateways}, order
    assert sum(share.part for share in shares(fleet)) == pytest.approx(1.0)
    assert fleet.failovers == {}
    began = {event.failover.node: event.failover for event in ending.events if isinstance(event, FailoverBegan)}
    ended = {event.node: event for event in ending.events if isinstance(event, FailoverEnded)}
    assert set(began) == set(ended) == set(lost), order
    assert sum(isinstance(event, FailoverEnded) for event in ending.events) == len(lost), order
    for event in ended.values():
        assert event.back_ms is not None, order
        assert event.back_ms > 1.999, f"{order}: it takes a start and a probe to come back"
        if always_moved:
            assert event.moved_ms is not None, order
            assert 0 < event.moved_ms <= event.back_ms, order
    moved = [event for event in ending.events if isinstance(event, FailoverMoved)]
    assert fleet.last_failover_ms == (moved[-1].ms if moved else None)


@pytest.mark.parametrize(
    ("spec", "always_moved"),
    [
        pytest.param(a_spec(nodes=3), True, id="a third one serves"),
        pytest.param(a_spec(nodes=2), False, id="nobody else serves"),
    ],
)
def test_two_nodes_of_a_region(spec: FleetSpec, always_moved: bool) -> None:
    """Both come back whatever the order, and both losses are measured. With nobody left the last good plan is held."""
    lines = [comes_back("seoul-1"), comes_back("seoul-2"), confirms("edge-1"), confirms("edge-2", 1)]
    count = 0
    for ending in interleavings(serving(spec), lines):
        check(ending, ("seoul-1", "seoul-2"), always_moved=always_moved)
        count += 1
    assert count == 5_040


@pytest.mark.parametrize("standby", [False, True], ids=["both active", "one waiting"])
def test_one_node_in_each_of_two_regions(standby: bool) -> None:
    """A whole region is lost for a moment, and with it the other one."""
    spec = a_spec(regions=2, nodes=1, standby=standby)
    lines = [comes_back("seoul-1"), comes_back("osaka-1"), confirms("edge-1", 1), confirms("edge-2", 1)]
    for ending in interleavings(serving(spec), lines):
        check(ending, ("seoul-1", "osaka-1"), always_moved=False)


def test_a_node_and_an_edge() -> None:
    """An edge that was restarted counts again only when it has proved the newest plan itself."""
    lines = [comes_back("seoul-1"), comes_back("edge-1"), confirms("edge-1", 1), confirms("edge-2", 1)]
    for ending in interleavings(serving(), lines):
        check(ending, ("seoul-1",), always_moved=True)


def test_both_edges_and_a_node() -> None:
    """Nothing is confirmed while no edge serves; the loss is over when an edge is back and has proved the plan."""
    lines = [comes_back("seoul-1"), comes_back("edge-1"), comes_back("edge-2")]
    for ending in interleavings(serving(), lines):
        check(ending, ("seoul-1",), always_moved=True)


def test_the_same_node_dies_again_while_another_is_down() -> None:
    """A second loss before the first is over is the same loss: it began once and ends once, when it is really back."""
    twice = Line(exited("seoul-1", signal=9), spawned("seoul-1"), exited("seoul-1", code=1))
    for ending in interleavings(serving(), [twice, comes_back("seoul-2"), confirms("edge-1"), confirms("edge-2", 1)]):
        node = ending.fleet.nodes["seoul-1"]
        assert node.state is NodeState.BACKOFF
        assert len(node.exits) == 2
        assert list(ending.fleet.failovers) == ["seoul-1"], ending.order
        ended = [event.node for event in ending.events if isinstance(event, FailoverEnded)]
        assert ended == ["seoul-2"], ending.order


def test_one_node_is_frozen_while_another_dies() -> None:
    """A hang that was ordered and a crash that was not: both come back whatever the order, and both are measured."""
    fleet = (Script(serving(), START - 1.0) >> Freeze(nodes=("seoul-1",))).fleet
    thaws = Line(unhealthy("seoul-1", "stopped (state T)", hung=True), *comes_back("seoul-1").cues)
    for ending in interleavings(fleet, [thaws, comes_back("seoul-2"), confirms("edge-1", 1), confirms("edge-2", 1)]):
        check(ending, ("seoul-1", "seoul-2"), always_moved=True)
        assert ending.fleet.operations == {}, ending.order
        assert ending.fleet.nodes["seoul-1"].exits == (), "ordered"
        assert len(ending.fleet.nodes["seoul-2"].exits) == 1, "not ordered"


def test_a_thaw_while_another_dies_in_a_pause() -> None:
    """The thawed one serves again, the dead one waits; whatever overtakes what."""
    story = Script(serving(), START - 1.0) >> Pause() >> Freeze(nodes=("seoul-1",))
    story >> unhealthy("seoul-1", "stopped (state T)", hung=True) >> Thaw(nodes=("seoul-1",))
    lines = [Line(healthy("seoul-1")), Line(exited("seoul-2", signal=9)), confirms("edge-1"), confirms("edge-2")]
    for ending in interleavings(story.fleet, lines):
        fleet = ending.fleet
        assert [node.name for node in fleet.gateways if node.serviceable] == ["seoul-1", "seoul-3"], ending.order
        assert fleet.nodes["seoul-2"].state is NodeState.BACKOFF
        assert fleet.operations == {}
        assert fleet.failovers == {}, ending.order
