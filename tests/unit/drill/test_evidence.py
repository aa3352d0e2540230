"""What the journal says about when things happened, played by the real core."""

from support.build import a_spec, founded
from support.script import after, applied, exited, healthy, idle, serving, slow, spawned
from support.told import Told

from hactl.core.commands import BeginDrill, Drain, Kill, Start
from hactl.core.events import NodeChanged, Record
from hactl.core.observations import RegionFaltered
from hactl.core.value import replace
from hactl.drill.evidence import capacity_back, detected, gateways, others, rerouted, returned


def test_a_killed_node_from_its_death_to_its_return() -> None:
    told = Told(serving(a_spec(nodes=3)))
    told.play(Kill(nodes=("seoul-1",)), after(1), exited("seoul-1", signal=9), after(1))
    told.play(applied("edge-1"), after(1), applied("edge-2"), after(1))
    told.play(spawned("seoul-1"), healthy("seoul-1"), after(1), applied("edge-1"), applied("edge-2"))
    assert detected(told.records, ("seoul-1",), 1000.0) == 1001.0
    assert rerouted(told.before, told.records, ("seoul-1",)) == 1003.0
    assert rerouted(told.before, told.records, ("seoul-1",), edges=any) == 1002.0, "the first edge knew before"
    assert returned(told.before, told.records, ("seoul-1",), 1000.0) == 1004.0
    assert returned(told.before, told.records, ("seoul-2",), 1000.0) is None, "it had never been away"
    assert capacity_back(told.before, told.records, 1000.0) == 1005.0


def test_a_node_that_is_kept_down_is_back_when_as_many_serve_as_before() -> None:
    """That it is not wanted meanwhile makes the fleet no less than it was."""
    told = Told(serving(a_spec(nodes=3)))
    told.play(Kill(nodes=("seoul-1",), hold=True), exited("seoul-1", signal=9), applied("edge-1"), applied("edge-2"))
    told.play(after(5))
    assert capacity_back(told.before, told.records, 1000.0) is None
    told.play(Start(nodes=("seoul-1",)), spawned("seoul-1"), healthy("seoul-1"), after(1))
    told.play(applied("edge-1"), applied("edge-2"))
    assert capacity_back(told.before, told.records, 1005.0) == 1006.0


def test_what_never_went_never_came_back() -> None:
    told = Told(serving(a_spec(nodes=3))).play(Drain(nodes=("seoul-2",)))
    assert detected(told.records, ("seoul-1",), 1000.0) is None
    assert rerouted(told.before, told.records, ("seoul-1",)) is None


def test_an_edge_has_nobody_to_route_around_it() -> None:
    told = Told(serving(a_spec(nodes=3))).play(Kill(nodes=("edge-1",)), exited("edge-1", signal=9))
    assert rerouted(told.before, told.records, ("edge-1",)) is None
    assert detected(told.records, ("edge-1",), 1000.0) == 1000.0


def test_spares_and_those_that_join_meanwhile_belong_to_the_fleet() -> None:
    """Whoever leaves it has belonged to it; edges answer nobody under a name of their own."""
    fleet = founded(a_spec(nodes=2, spares=1))
    assert gateways(fleet, []) == ("seoul-1", "seoul-2", "seoul-3")
    new = replace(fleet.nodes["seoul-3"], name="seoul-4")
    events = [NodeChanged(was=node.state, node=node) for node in (new, fleet.nodes["edge-1"])]
    records = [Record(seq=at, wall=0.0, mono=0.0, event=event) for at, event in enumerate(events)]
    assert gateways(fleet, records) == ("seoul-1", "seoul-2", "seoul-3", "seoul-4")


def test_what_somebody_else_began_meanwhile_is_told() -> None:
    """Not what was there before, nor what the drill itself did."""
    told = Told(serving(a_spec(nodes=3)))
    told.play(Drain(nodes=("seoul-3",)), after(1), by="alice")
    told.play(idle("seoul-3"), applied("edge-1"), applied("edge-2"))
    assert not told.story.fleet.operations, "what was there before is over"
    told.play(BeginDrill(name="d", nodes=("seoul-1",)), Kill(nodes=("seoul-1",)), by="me")
    (drill,) = [name for name, one in told.story.fleet.operations.items() if one.drill is not None]
    assert others(told.records, drill) == ()
    told.play(Drain(nodes=("seoul-2",)), by="bob")
    assert others(told.records, drill) == ("drain seoul-2 by bob",)


def test_a_node_that_is_seen_to_be_slow_or_whose_region_is_has_been_detected() -> None:
    """What is impaired goes on serving: that it is slow, or that its region answers badly, is how one sees it."""
    told = Told(serving(a_spec(regions=2, nodes=2)))
    told.play(after(3), slow("seoul-1"), after(3), RegionFaltered(region="osaka", why="20 % of the answers fail"))
    assert detected(told.records, ("seoul-1",), 1000.0) == 1003.0
    assert detected(told.records, ("osaka-1",), 1000.0) is None
    assert detected(told.records, ("osaka-1",), 1000.0, ("osaka",)) == 1006.0
