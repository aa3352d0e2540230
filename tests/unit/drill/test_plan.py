"""Who is struck: drawn once, with a seed, from those that serve."""

import pytest
from support.build import a_spec
from support.script import Script, exited, serving

from hactl.core.errors import HactlError
from hactl.core.hop import Disturbance, HopFault
from hactl.core.impairment import Impairment
from hactl.core.model import Fleet
from hactl.core.spec import GatewayKind
from hactl.core.value import replace
from hactl.drill.definition import Connections, Definition, Fault, FaultKind, LoadSpec, Target
from hactl.drill.plan import plan

FLEET = serving(a_spec(regions=2, nodes=3))


def a_drill(*targets: Target, keep_down: bool = False) -> Definition:
    faults = tuple(Fault(kind=FaultKind.KILL, target=target, keep_down=keep_down) for target in targets)
    return Definition(name="d", title="t", faults=faults)


def struck(target: Target, fleet: Fleet = FLEET, seed: int = 1) -> tuple[str, ...]:
    return plan(a_drill(target), fleet, seed).nodes


def test_the_same_seed_draws_the_same() -> None:
    """And over many seeds everybody's turn comes."""
    assert struck(Target(nodes=1), seed=7) == struck(Target(nodes=1), seed=7)
    assert {struck(Target(nodes=1), seed=seed)[0] for seed in range(100)} == {node.name for node in FLEET.gateways}


def test_each_way_to_aim_hits_what_it_says() -> None:
    assert struck(Target(names=("edge-1", "osaka-2"))) == ("edge-1", "osaka-2")
    assert set(struck(Target(edges=1))) <= {"edge-1", "edge-2"}
    assert struck(Target(nodes=0, region="osaka")) == ("osaka-1", "osaka-2", "osaka-3")
    assert len(struck(Target(nodes=2, region="osaka"))) == 2
    assert {name.partition("-")[0] for name in struck(Target(nodes=0, region="random"))} in ({"seoul"}, {"osaka"})


def test_only_those_that_serve_are_drawn() -> None:
    fleet = (Script(FLEET) >> exited("seoul-1", signal=9)).fleet
    assert "seoul-1" not in {struck(Target(nodes=1), fleet, seed)[0] for seed in range(100)}


def test_a_region_that_loses_everybody_is_one_whose_traffic_moves() -> None:
    whole = plan(a_drill(Target(nodes=0, region="osaka"), keep_down=True), FLEET, 1)
    assert whole.regions == ("osaka",)
    assert whole.keeps_down == whole.nodes
    assert plan(a_drill(Target(nodes=2, region="osaka")), FLEET, 1).regions == ()


def test_who_is_restarted_in_turn_is_struck_and_no_region_is_lost_by_it() -> None:
    """Struck at once is who is struck by anything else."""
    rolling = Fault(kind=FaultKind.RESTART, target=Target(nodes=0))
    kill = Fault(kind=FaultKind.KILL, target=Target(names=("seoul-1",)))
    drawn = plan(Definition(name="d", title="t", faults=(rolling, kill)), FLEET, 1)
    assert drawn.regions == ()
    assert drawn.at_once == ("seoul-1",)
    assert drawn.in_turn == ("seoul-2", "seoul-3", "osaka-1", "osaka-2", "osaka-3")


@pytest.mark.parametrize("connections", Connections)
def test_clients_come_anew_where_the_drill_says_so(connections: Connections) -> None:
    drill = replace(a_drill(Target(edges=1)), load=LoadSpec(connections=connections))
    assert plan(drill, FLEET, 1).load.fresh_connections is (connections is Connections.FRESH)


def test_clients_go_where_the_edges_listen() -> None:
    load = plan(a_drill(Target(nodes=1)), FLEET, 1).load
    assert load.url == "http://127.0.0.1:8080/-/echo"
    assert load.node_header == "x-hactl-node"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (Target(names=("nobody",)), "no node 'nobody'"),
        (Target(nodes=1, region="mars"), "no region 'mars'"),
        (Target(nodes=99), "the drill needs 99 serving nodes, but there are 6"),
        (Target(edges=3), "the drill needs 3 serving edges, but there are 2"),
    ],
)
def test_what_is_not_there_cannot_be_struck(target: Target, said: str) -> None:
    with pytest.raises(HactlError) as error:
        struck(target)
    assert said in error.value.message
    assert error.value.hint


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [("edge-1", GatewayKind.ENVOY, "is an edge"), ("seoul-1", GatewayKind.COMMAND, "runs a program of your own")],
)
def test_who_has_no_fault_filter_cannot_be_impaired(name: str, kind: GatewayKind, said: str) -> None:
    """The plan says so: the daemon allows nothing of the kind before it has lent the fleet."""
    fleet = replace(FLEET, spec=replace(FLEET.spec, gateway=replace(FLEET.spec.gateway, kind=kind)))
    fault = Fault(kind=FaultKind.IMPAIR, target=Target(names=(name,)), impairment=Impairment(failed=20))
    with pytest.raises(HactlError, match=f"'{name}' {said}") as error:
        plan(Definition(name="d", title="t", faults=(fault,)), fleet, 1)
    assert error.value.hint


def test_a_strike_says_what_it_does() -> None:
    slow = Fault(kind=FaultKind.IMPAIR, target=Target(names=("seoul-1",)), impairment=Impairment(delay=0.3, delayed=50))
    brief = replace(slow, target=Target(names=("seoul-2",)), at=2.0, lasting=3.0)
    drill = Definition(name="d", title="t", faults=(slow, brief))
    assert [str(strike) for strike in plan(drill, FLEET, 1).strikes] == [
        "node.impair of seoul-1 (+300 ms on 50 %)",
        "node.impair of seoul-2 (+300 ms on 50 %, for 3 s)",
    ]


SLOW = Fault(kind=FaultKind.IMPAIR, target=Target(names=("seoul-1",)), impairment=Impairment(failed=20))
CUT = Fault(kind=FaultKind.PARTITION, target=Target(nodes=0), hop=HopFault(what=Disturbance.HOLD))


@pytest.mark.parametrize(
    ("first", "later", "hint"),
    [
        (SLOW, replace(SLOW, at=5.0), 'for = "5s" there'),
        (replace(SLOW, lasting=5.0), replace(SLOW, at=4.0, lasting=1.0), 'for = "4s" there'),
        (CUT, replace(CUT, target=Target(names=("osaka-2",))), "another time"),
    ],
)
def test_a_fault_that_would_take_the_place_of_another_before_its_end_is_refused(
    first: Fault, later: Fault, hint: str
) -> None:
    """A node has one impairment at a time, and a hop one disturbance: the first would not be what the file says."""
    with pytest.raises(HactlError, match="would take the place of") as error:
        plan(Definition(name="d", title="t", faults=(first, later)), FLEET, 1)
    assert hint in error.value.hint


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (replace(SLOW, lasting=0.2), replace(SLOW, at=0.2)),
        (replace(SLOW, at=0.1, lasting=0.2), replace(SLOW, at=0.3)),
        (SLOW, replace(SLOW, target=Target(names=("seoul-2",)))),
        (SLOW, replace(CUT, at=1.0)),
    ],
    ids=["one after the other", "however that is counted", "another node", "of another sort"],
)
def test_faults_that_leave_each_other_alone_may_follow_or_join(first: Fault, later: Fault) -> None:
    assert len(plan(Definition(name="d", title="t", faults=(first, later)), FLEET, 1).strikes) == 2


def test_who_suffers_such_a_fault_already_is_not_drawn_for_another() -> None:
    """By chance it would be now and then, and the drill refused."""
    drawn = replace(SLOW, target=Target(nodes=3), at=1.0)
    for seed in range(20):
        one, three = plan(Definition(name="d", title="t", faults=(SLOW, drawn)), FLEET, seed).strikes
        assert not {*one.nodes} & {*three.nodes}
    with pytest.raises(HactlError, match="would take the place of"):
        plan(Definition(name="d", title="t", faults=(SLOW, replace(drawn, target=Target(nodes=6)))), FLEET, 1)
