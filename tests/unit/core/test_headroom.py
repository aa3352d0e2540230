"""Who would carry what when others are lost, how much room that leaves, and in which words that is said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.build import a_spec
from support.script import Script, exited, serving

from hactl.core.commands import Request, SetWeight
from hactl.core.headroom import Basis, CapacityVerdict, carrying, headroom, rate, told, worst
from hactl.core.load import Load
from hactl.core.model import Fleet
from hactl.core.node import NodeState
from hactl.core.spec import FailoverMode, FleetSpec
from hactl.core.traffic import shares
from hactl.core.value import replace

ROOM, UNPROVED, SHORT = CapacityVerdict.ROOM, CapacityVerdict.UNPROVED, CapacityVerdict.SHORT


def under(fleet: Fleet, total: float) -> Load:
    """So many requests per second, divided as they are meant to be."""
    return Load(rates={share.node: share.part * total for share in shares(fleet)}, at=1.0)


def declared(capacity: int, **shape: object) -> Fleet:
    return serving(a_spec(gateway={"capacity": capacity}, **shape))  # type: ignore[arg-type]


def seen(sustained: float, spec: FleetSpec | None = None) -> Fleet:
    return replace(serving(spec), sustained=sustained)


def test_the_rest_of_a_region_carries_what_the_lost_node_did() -> None:
    """Two of three nodes, half of the load each; the declared capacity says that it fits."""
    fleet = declared(230, nodes=3)
    left = carrying(fleet, under(fleet, 300), ("seoul-1",))
    assert (left.nodes, left.needed, left.capacity, left.basis) == (2, 150.0, 230.0, Basis.DECLARED)
    assert left.verdict is ROOM
    assert left.room == pytest.approx(1 - 150 / 230)
    assert left.sentence == "the other 2 nodes would carry 150/s each; declared capacity: 230/s per node"


@pytest.mark.parametrize(
    ("fleet", "verdict", "known"),
    [
        (declared(150), ROOM, "declared capacity: 150/s per node"),
        (declared(149), SHORT, "declared capacity: 149/s per node"),
        (seen(150.0), ROOM, "a node has been seen to sustain 150/s"),
        (seen(149.0), UNPROVED, "a node has been seen to sustain 149/s"),
        (serving(), UNPROVED, "no node has been seen to sustain a load yet"),
    ],
    ids=["fits what is declared", "more than that", "fits what was seen", "more than was seen", "nothing is known"],
)
def test_what_was_seen_is_a_lower_bound_and_only_what_is_declared_is_a_limit(
    fleet: Fleet, verdict: CapacityVerdict, known: str
) -> None:
    """More than anybody has seen is unproved; too much is only what is more than somebody declared."""
    left = carrying(fleet, under(fleet, 300), ("seoul-3",))
    assert left.verdict is verdict
    assert left.sentence == f"the other 2 nodes would carry 150/s each; {known}"


def test_what_is_declared_counts_before_what_was_seen() -> None:
    """The operator knows more than a lucky five seconds."""
    fleet = replace(declared(100), sustained=500.0)
    assert carrying(fleet, under(fleet, 300), ("seoul-1",)).verdict is SHORT


def test_nobody_left_is_never_enough() -> None:
    """Also when nothing is declared, and when nobody knows the load."""
    fleet = seen(1e6)
    all_three = ("seoul-1", "seoul-2", "seoul-3")
    left = carrying(fleet, under(fleet, 300), all_three)
    assert (left.verdict, left.nodes, left.room, left.more) == (SHORT, 0, None, True)
    assert left.sentence == "no node would be left to carry 300/s"
    assert carrying(fleet, None, all_three).sentence == "no node would be left to serve"


def test_an_unknown_load_is_no_load_that_fits() -> None:
    """What is not known is said to be unknown; that there is no traffic is known."""
    fleet = declared(1000)
    left = carrying(fleet, None, ("seoul-1",))
    assert (left.verdict, left.needed, left.room) == (UNPROVED, None, None)
    assert left.sentence == "the load on the other 2 nodes is unknown: none was measured in the last 5 s"
    idle = carrying(serving(), under(fleet, 0), ("seoul-1",))
    assert idle.verdict is ROOM
    assert idle.sentence == "the other 2 nodes would carry it: there is no traffic now"


def test_the_most_burdened_node_decides() -> None:
    """Weights divide the load unevenly, and the heaviest of those left is looked at."""
    fleet = (Script(declared(250)) >> SetWeight(nodes=("seoul-3",), weight=300)).fleet
    left = carrying(fleet, under(fleet, 300), ("seoul-1",))
    assert (left.node, left.needed, left.verdict) == ("seoul-3", 225.0, ROOM)
    assert left.sentence == "the other 2 nodes would carry up to 225/s (seoul-3); declared capacity: 250/s per node"
    assert carrying(fleet, under(fleet, 400), ("seoul-1",)).verdict is SHORT


def test_one_node_left_is_called_by_its_name() -> None:
    """It is all there is."""
    fleet = declared(500)
    left = carrying(fleet, under(fleet, 300), ("seoul-1", "seoul-2"))
    assert left.sentence == "seoul-3 alone would carry 300/s; declared capacity: 500/s per node"


def test_a_standby_region_takes_over_whole() -> None:
    """Its nodes carry nothing before, and everything when the region before them is lost."""
    fleet = declared(100, regions=2, nodes=2, standby=True)
    assert carrying(fleet, under(fleet, 150), ("osaka-1",)).more is False
    left = carrying(fleet, under(fleet, 150), ("seoul-1", "seoul-2"))
    assert (left.nodes, left.node, left.needed) == (2, "osaka-1", 75.0)
    assert left.more is False, "no node carries more than one does now"
    assert carrying(fleet, under(fleet, 150), ("seoul-1",)).verdict is SHORT, "what is left of seoul keeps it all"


def test_spares_step_in() -> None:
    """As they would at once: losing one node of a region with a spare costs no capacity."""
    bare = declared(160, nodes=2)
    left = carrying(bare, under(bare, 300), ("seoul-1",))
    assert (left.nodes, left.needed, left.more, left.verdict) == (1, 300.0, True, SHORT)
    standing_by = replace(bare.nodes["seoul-2"], name="seoul-3", state=NodeState.STANDBY)
    fleet = replace(bare, nodes=bare.nodes | {"seoul-3": standing_by})
    left = carrying(fleet, under(fleet, 300), ("seoul-1",))
    assert (left.nodes, left.needed, left.more, left.verdict) == (2, 150.0, False, ROOM)
    left = carrying(fleet, under(fleet, 300), ("seoul-1", "seoul-3"))
    assert (left.nodes, left.verdict) == (1, SHORT), "a spare that is lost steps in for nobody"


def test_headroom_is_what_the_worst_loss_leaves() -> None:
    """N-1 is the heaviest node's loss when that leaves the least; N-region the worst region's, and there may be one."""
    fleet = declared(100, regions=2, nodes=2)
    found = headroom(fleet, under(fleet, 160))
    assert found.n_minus_1 is not None
    assert found.n_minus_region is not None
    assert (found.load, found.capacity, found.basis) == (160.0, 100.0, Basis.DECLARED)
    assert (found.n_minus_1.nodes, found.n_minus_1.needed) == (3, 80.0), "half of the traffic stays in each region"
    assert (found.n_minus_region.nodes, found.n_minus_region.needed) == (2, 80.0)
    assert headroom(serving(), None).n_minus_region is None


def test_a_fleet_in_which_nobody_serves_has_none() -> None:
    """There is nobody to lose."""
    story = Script(declared(100))
    for name in ("seoul-1", "seoul-2", "seoul-3"):
        story >> exited(name, signal=9)
    found = headroom(story.fleet, Load())
    assert (found.n_minus_1, found.n_minus_region) == (None, None)
    assert told(found) == "headroom: none, no node is serving"


TOLD = [
    (declared(230, nodes=4), 400.0, "headroom: N-1 42 % left (3 nodes at 133/s of 230/s declared)"),
    (seen(230.0, a_spec(nodes=4)), 400.0, "headroom: N-1 42 % left (3 nodes at 133/s of 230/s seen)"),
    (seen(110.0, a_spec(nodes=4)), 400.0, "headroom: N-1 unproved (3 nodes at 133/s, 110/s seen)"),
    (declared(100), 300.0, "headroom: N-1 SHORT by 50 % (2 nodes at 150/s of 100/s declared)"),
    (serving(), 3.0, "headroom: N-1 unproved (2 nodes at 1.5/s, capacity not known yet)"),
    (declared(100, nodes=1), 30.0, "headroom: N-1 NONE (no other node would be serving)"),
    (declared(100), 0.0, "headroom: no traffic now (one node: 100/s declared)"),
    (
        declared(210, regions=2, nodes=2),
        400.0,
        "headroom: N-1 5 % left (3 nodes at up to 200/s of 210/s declared); without seoul: 5 % left",
    ),
    (
        declared(110, regions=2, nodes=2, standby=True),
        100.0,
        "headroom: N-1 9 % left (1 node at 100/s of 110/s declared); without seoul: 55 % left",
    ),
    (
        seen(40.0, a_spec(regions=3, nodes=2)),
        180.0,
        "headroom: N-1 unproved (5 nodes at up to 60/s, 40/s seen); without seoul: unproved",
    ),
]


@pytest.mark.parametrize(("fleet", "total", "line"), TOLD, ids=[line for _, _, line in TOLD])
def test_the_headroom_in_one_line(fleet: Fleet, total: float, line: str) -> None:
    """With what it rests on; what is not known is not made up."""
    assert told(headroom(fleet, under(fleet, total))) == line


def test_the_headroom_of_an_unknown_load_is_unknown() -> None:
    """As is said, with what is known all the same."""
    line = "headroom: unknown, no load measured in the last 5 s (one node: 100/s declared)"
    assert told(headroom(declared(100), None)) == line


def test_a_region_alone_is_missed_by_everybody() -> None:
    """The other region is out already."""
    story = Script(declared(100, regions=2, nodes=2))
    story >> exited("osaka-1", signal=9) >> exited("osaka-2", signal=9)
    line = told(headroom(story.fleet, under(story.fleet, 50)))
    assert line.endswith("; without seoul: NONE")


def test_rates_are_told_with_the_digits_that_matter() -> None:
    assert [rate(0), rate(0.25), rate(3), rate(9.96), rate(133.4)] == ["0/s", "0.2/s", "3/s", "10.0/s", "133/s"]


def test_the_worst_of_none_is_none() -> None:
    assert worst(()) is None


# -- what holds in every fleet


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """Up to three regions with weights and priorities, nodes with weights, some of them out, in both modes."""
    regions = draw(st.integers(1, 3))
    spec = a_spec(
        regions=regions,
        nodes=draw(st.integers(1, 4)),
        standby=draw(st.booleans()),
        gateway={"capacity": draw(st.sampled_from([0, 10, 100, 1000]))},
        failover_mode=draw(st.sampled_from(FailoverMode)),
    )
    story = Script(replace(serving(spec), sustained=draw(st.sampled_from([0.0, 50.0, 500.0]))))
    for node in story.fleet.gateways:
        weight = draw(st.sampled_from([None, None, 1, 50, 300]))
        if weight is not None:
            story >> Request(command=SetWeight(nodes=(node.name,), weight=weight), by="alice", confirm="default")
        if draw(st.integers(0, 5)) == 0:
            story >> exited(node.name, signal=9)
    return story.fleet


@given(fleets(), st.floats(0, 5000), st.data())
def test_what_is_lost_is_carried_by_others(fleet: Fleet, total: float, data: st.DataObject) -> None:
    """No request is forgotten: the most burdened node carries at least its even part, at most everything."""
    lost = data.draw(st.sets(st.sampled_from([node.name for node in fleet.gateways])))
    left = carrying(fleet, Load(rates={"seoul-1": total}), lost)
    if left.nodes:
        assert left.needed is not None
        assert total / left.nodes <= left.needed * (1 + 1e-9)
        assert left.needed <= total * (1 + 1e-9)
        assert left.node not in lost
    else:
        assert left.verdict is SHORT


@given(fleets(), st.floats(0, 5000), st.data())
def test_more_load_never_means_more_room(fleet: Fleet, total: float, data: st.DataObject) -> None:
    """Whatever is lost."""
    lost = data.draw(st.sets(st.sampled_from([node.name for node in fleet.gateways])))
    order = [ROOM, UNPROVED, SHORT]
    less, more = (carrying(fleet, Load(rates={"seoul-1": load}), lost) for load in (total, total * 2 + 1))
    assert order.index(less.verdict) <= order.index(more.verdict)
    assert less.room is None or (more.room is not None and more.room <= less.room + 1e-9)


@given(st.integers(1, 8), st.floats(0, 5000), st.booleans(), st.data())
def test_more_nodes_lost_never_means_more_room(nodes: int, total: float, known: bool, data: st.DataObject) -> None:
    """Among equals. Not so in general: without its last node a region's traffic goes to a larger one, and without the
    node of the largest weight the rest is divided more evenly."""
    fleet = serving(a_spec(nodes=nodes, gateway={"capacity": 100 if known else 0}))
    names = [node.name for node in fleet.gateways]
    more = data.draw(st.sets(st.sampled_from(names)))
    fewer = data.draw(st.sets(st.sampled_from(sorted(more)))) if more else set()
    load, order = Load(rates={"seoul-1": total}), [ROOM, UNPROVED, SHORT]
    before, after = carrying(fleet, load, fewer), carrying(fleet, load, more)
    assert order.index(before.verdict) <= order.index(after.verdict)
    assert before.part <= after.part + 1e-9 or not after.nodes
    assert not (before.more and not after.more)


@settings(max_examples=300)
@given(fleets(), st.floats(0, 5000))
def test_n_minus_1_is_no_better_than_the_loss_of_any_one_node(fleet: Fleet, total: float) -> None:
    """Looking at one node of each kind finds the worst of all."""
    load = Load(rates={"seoul-1": total})
    found = headroom(fleet, load).n_minus_1
    alone = worst(carrying(fleet, load, (node.name,)) for node in fleet.gateways if node.serviceable)
    if found is None:
        assert alone is None or not carrying(fleet, load).nodes
    else:
        assert alone is not None
        assert (found.verdict, not found.nodes) == (alone.verdict, not alone.nodes)
        assert found.part == pytest.approx(alone.part)
