"""What the journal says about when things happened, played by the real core."""

from collections.abc import Callable, Iterable

from support.build import a_spec
from support.script import after, applied, exited, healthy, serving, slow, spawned
from support.told import Told

from hactl.core.commands import Drain, Kill, Start
from hactl.core.observations import RegionFaltered
from hactl.drill.unfolding import Capacity, Detected, Rerouted, Returned, Unfolding


def unfold(told: Told, *what: Rerouted | Returned | Capacity) -> None:
    """Have each look at everything, one record after the other."""
    unfolding = Unfolding(told.before)
    for record in told.records:
        moment = unfolding.after(record)
        for one in what:
            one.take(moment)


def detected(told: Told, nodes: tuple[str, ...], asked: float, regions: tuple[str, ...] = ()) -> float | None:
    seen = Detected(nodes, regions, asked=asked, since=asked)
    for record in told.records:
        seen.take(record)
    return seen.at


def rerouted(told: Told, nodes: tuple[str, ...], *, edges: Callable[[Iterable[bool]], bool] = all) -> float | None:
    seen = Rerouted(told.before, nodes, edges=edges)
    unfold(told, seen)
    return seen.at


def returned(told: Told, nodes: tuple[str, ...], asked: float) -> float | None:
    seen = Returned(nodes, asked)
    unfold(told, seen)
    return seen.at


def capacity_back(told: Told, since: float) -> float | None:
    seen = Capacity(told.before)
    seen.since = since
    unfold(told, seen)
    return seen.back


def test_a_killed_node_from_its_death_to_its_return() -> None:
    told = Told(serving(a_spec(nodes=3)))
    told.play(Kill(nodes=("seoul-1",)), after(1), exited("seoul-1", signal=9), after(1))
    told.play(applied("edge-1"), after(1), applied("edge-2"), after(1))
    told.play(spawned("seoul-1"), healthy("seoul-1"), after(1), applied("edge-1"), applied("edge-2"))
    assert detected(told, ("seoul-1",), 1000.0) == 1001.0
    assert rerouted(told, ("seoul-1",)) == 1003.0
    assert rerouted(told, ("seoul-1",), edges=any) == 1002.0, "the first edge knew before"
    assert returned(told, ("seoul-1",), 1000.0) == 1004.0
    assert returned(told, ("seoul-2",), 1000.0) is None, "it had never been away"
    assert capacity_back(told, 1000.0) == 1005.0


def test_a_node_that_is_kept_down_is_back_when_as_many_serve_as_before() -> None:
    """That it is not wanted meanwhile makes the fleet no less than it was."""
    told = Told(serving(a_spec(nodes=3)))
    told.play(Kill(nodes=("seoul-1",), hold=True), exited("seoul-1", signal=9), applied("edge-1"), applied("edge-2"))
    told.play(after(5))
    assert capacity_back(told, 1000.0) is None
    told.play(Start(nodes=("seoul-1",)), spawned("seoul-1"), healthy("seoul-1"), after(1))
    told.play(applied("edge-1"), applied("edge-2"))
    assert capacity_back(told, 1005.0) == 1006.0


def test_what_never_went_never_came_back() -> None:
    told = Told(serving(a_spec(nodes=3))).play(Drain(nodes=("seoul-2",)))
    assert detected(told, ("seoul-1",), 1000.0) is None
    assert rerouted(told, ("seoul-1",)) is None


def test_an_edge_has_nobody_to_route_around_it() -> None:
    told = Told(serving(a_spec(nodes=3))).play(Kill(nodes=("edge-1",)), exited("edge-1", signal=9))
    assert rerouted(told, ("edge-1",)) is None
    assert detected(told, ("edge-1",), 1000.0) == 1000.0


def test_a_node_that_is_seen_to_be_slow_or_whose_region_is_has_been_detected() -> None:
    """What is impaired goes on serving: that it is slow, or that its region answers badly, is how one sees it."""
    told = Told(serving(a_spec(regions=2, nodes=2)))
    told.play(after(3), slow("seoul-1"), after(3), RegionFaltered(region="osaka", why="20 % of the answers fail"))
    assert detected(told, ("seoul-1",), 1000.0) == 1003.0
    assert detected(told, ("osaka-1",), 1000.0) is None
    assert detected(told, ("osaka-1",), 1000.0, ("osaka",)) == 1006.0
