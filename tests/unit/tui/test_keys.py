"""What upper-case keys mean for rows as they are, and why they mean nothing elsewhere."""

import pytest
from support.build import a_node
from support.pictures import AT, a_fleet, a_snapshot, a_view, with_node

from hactl.core.commands import (
    Drain,
    Failback,
    Failover,
    Freeze,
    Kill,
    Pause,
    Restart,
    Resume,
    Scale,
    SetWeight,
    Start,
    Stop,
    Thaw,
    Unpause,
)
from hactl.core.drill import Baseline, DrillBook, DrillLock, Lease
from hactl.core.evacuation import Evacuation
from hactl.core.model import Fleet, Paused
from hactl.core.node import Node, NodeState
from hactl.core.operation import Operation, Step, Target, Undo, Verb
from hactl.core.talk import Pulse
from hactl.core.value import replace
from hactl.tui.keys import ONLY_READS, WRITES, choose, forbidden, idle, pressed, rows


def alone(node: Node) -> Fleet:
    return replace(a_fleet(), nodes=a_fleet().nodes | {node.name: node})


def meant(key: str, fleet: Fleet, cursor: str, marks: tuple[str, ...] = ()) -> object:
    """The command, or why there is none."""
    choice = choose(key, a_snapshot(fleet), rows(fleet, cursor, marks))
    return choice.why_not if choice.action is None else choice.action.command


@pytest.mark.parametrize(
    ("key", "node", "command"),
    [
        ("K", a_node(NodeState.SERVING), Kill),
        ("T", a_node(NodeState.SERVING), Stop),
        ("T", a_node(NodeState.STOPPED), Start),
        ("T", a_node(NodeState.BACKOFF), Stop),
        ("T", a_node(NodeState.FAILED), Stop),
        ("R", a_node(NodeState.BACKOFF), Start),
        ("R", a_node(NodeState.SERVING), Restart),
        ("R", a_node(NodeState.FAILED), Start),
        ("D", a_node(NodeState.SERVING), Drain),
        ("D", a_node(NodeState.DRAINING, drained=True), Resume),
        ("Z", a_node(NodeState.SERVING), Freeze),
        ("Z", a_node(NodeState.SERVING, frozen="ann"), Thaw),
    ],
)
def test_a_key_means_what_makes_sense_now(key, node, command):
    assert meant(key, alone(node), node.name) == command(nodes=(node.name,))


@pytest.mark.parametrize(
    ("key", "node", "why"),
    [
        ("K", a_node(NodeState.STOPPED), "not running: R starts it"),
        ("Z", a_node(NodeState.BACKOFF), "not running: R starts it"),
        ("D", a_node(NodeState.SERVING, "edge-1"), "'edge-1' is an edge: it has no share to change"),
        ("W", a_node(NodeState.SERVING, "edge-1"), "an edge has no weight: only nodes and regions do"),
        ("S", a_node(NodeState.SERVING, "edge-1"), "select the region to scale, or one of its nodes"),
        ("F", a_node(NodeState.SERVING, "edge-1"), "select the region to move, or one of its nodes"),
        ("x", a_node(NodeState.SERVING), "x does not change anything"),
    ],
)
def test_a_key_that_means_nothing_says_why(key, node, why):
    assert meant(key, alone(node), node.name) == why


@pytest.mark.parametrize("key", "KTRDZW")
def test_no_row_is_nobody(key):
    assert meant(key, a_fleet(), "") == "the selected row has no process"


class TestPressed:
    """A key does what it would have done to the rows as they were seen, or nothing."""

    @pytest.mark.parametrize(
        ("key", "change", "now"),
        [
            ("D", {"drained": True}, "resume seoul-1"),
            ("Z", {"frozen": "bob"}, "thaw seoul-1"),
            ("T", {"state": NodeState.STOPPED, "launch": None}, "start seoul-1"),
        ],
    )
    def test_what_would_be_the_opposite_by_now_is_not_done(self, key, change, now):
        before, after = a_snapshot(a_fleet()), a_snapshot(with_node(a_fleet(), "seoul-1", **change))
        choice = pressed(key, before, after, "seoul-1", ())
        assert choice.action is None
        assert choice.why_not == f"changed meanwhile, nothing was done: {key} would {now} now"
        assert pressed(key, after, after, "seoul-1", ()).action is not None

    def test_nor_what_was_nothing_then(self):
        before = a_snapshot(with_node(a_fleet(), "seoul-1", state=NodeState.STOPPED, launch=None))
        assert pressed("K", before, a_snapshot(a_fleet()), "seoul-1", ()).action is None

    def test_the_processes_are_those_of_now_nevertheless(self):
        again = with_node(a_fleet(), "seoul-1", launch=None)
        choice = pressed("K", a_snapshot(a_fleet()), a_snapshot(again), "seoul-1", ())
        assert choice.action is not None
        assert choice.action.targets[0].instance == ""


class TestSeveral:
    """Marked rows, and the heads of regions."""

    def test_marks_come_before_the_cursor_and_in_the_order_of_the_table(self):
        assert meant("K", a_fleet(), "osaka-2", ("seoul-2", "seoul-1")) == Kill(nodes=("seoul-1", "seoul-2"))

    def test_the_head_of_a_region_is_all_its_nodes(self):
        assert meant("K", a_fleet(), "[osaka]") == Kill(nodes=("osaka-1", "osaka-2"))
        assert meant("R", a_fleet(), "[edges]") == Restart(nodes=("edge-1", "edge-2"))

    def test_only_those_are_hit_that_it_means_something_for(self):
        fleet = with_node(a_fleet(), "seoul-1", state=NodeState.STOPPED)
        assert meant("K", fleet, "[seoul]") == Kill(nodes=("seoul-2",))
        drained = with_node(a_fleet(), "seoul-1", drained=True)
        assert meant("D", drained, "[seoul]") == Drain(nodes=("seoul-2",))
        assert meant("D", with_node(drained, "seoul-2", drained=True), "[seoul]") == Resume(
            nodes=("seoul-1", "seoul-2")
        )
        frozen = with_node(a_fleet(), "seoul-1", frozen="ann")
        assert meant("Z", frozen, "[seoul]") == Freeze(nodes=("seoul-2",))

    def test_what_is_started_again_and_again_is_stopped_with_the_rest(self):
        looping = with_node(a_fleet(), "seoul-1", state=NodeState.BACKOFF, launch=None)
        assert meant("T", looping, "[seoul]") == Stop(nodes=("seoul-1", "seoul-2"))
        halted = with_node(looping, "seoul-2", state=NodeState.STOPPED, launch=None)
        assert meant("T", halted, "[seoul]") == Stop(nodes=("seoul-1",))

    def test_a_mark_on_a_node_that_is_gone_means_nobody(self):
        assert meant("K", a_fleet(), "seoul-1", ("seoul-9",)) == "the selected row has no process"

    def test_the_processes_are_those_of_now(self):
        fleet = a_fleet()
        choice = choose("K", a_snapshot(fleet), rows(fleet, "[seoul]"))
        assert choice.action is not None
        assert [target.instance for target in choice.action.targets] == ["f1/seoul-1/1", "f1/seoul-2/1"]


class TestWeights:
    def test_of_nodes_or_of_regions_never_of_both(self):
        assert meant("W", a_fleet(), "seoul-1") == SetWeight(weight=100, nodes=("seoul-1",))
        assert meant("W", a_fleet(), "[seoul]") == SetWeight(weight=100, regions=("seoul",))
        assert "one kind at a time" in str(meant("W", a_fleet(), "", ("[seoul]", "osaka-1")))

    def test_it_begins_with_what_is_there_and_remembers_it(self):
        fleet = with_node(a_fleet(), "seoul-2", weight=40)
        choice = choose("W", a_snapshot(fleet), rows(fleet, "", ("seoul-1", "seoul-2")))
        assert choice.action is not None
        assert choice.action.number == 100
        assert choice.action.found == Undo(node_weights={"seoul-1": 100, "seoul-2": 40})


class TestRegions:
    def test_a_region_is_scaled_from_its_head_or_from_any_of_its_nodes(self):
        assert meant("S", a_fleet(), "[seoul]") == meant("S", a_fleet(), "seoul-2") == Scale(region="seoul", count=2)
        assert "select the region" in str(meant("S", a_fleet(), "", ("seoul-1", "osaka-1")))

    def test_its_traffic_leaves_or_comes_back(self):
        assert meant("F", a_fleet(), "seoul-1") == Failover(region="seoul")
        away = a_fleet(evacuations={"seoul": Evacuation(region="seoul")})
        assert meant("F", away, "[seoul]") == Failback(region="seoul")
        assert meant("F", away, "[osaka]") == Failover(region="osaka")

    @pytest.mark.parametrize(("verb", "command"), [(Verb.FAILOVER, Failback), (Verb.FAILBACK, Failover)])
    def test_half_way_there_it_is_turned_round(self, verb, command):
        moving = Operation(
            id="op-1",
            verb=verb,
            by="ann",
            began=0.0,
            wall=0.0,
            deadline=9.0,
            targets=(Target(node="", step=Step.SHIFT, region="seoul"),),
        )
        fleet = a_fleet(operations={"op-1": moving}, evacuations={"seoul": Evacuation(region="seoul", keep=50)})
        assert meant("F", fleet, "seoul-1") == command(region="seoul")

    def test_with_one_region_there_is_nowhere_to_go(self):
        assert meant("F", a_fleet(regions=1), "seoul-1") == "no other region could take over from seoul"

    def test_the_fleet_is_paused_or_goes_on(self):
        assert meant("M", a_fleet(), "") == Pause()
        assert meant("M", a_fleet(paused=Paused(by="ann", since=AT)), "seoul-1") == Unpause()


class TestForbidden:
    def test_nothing_stands_in_the_way(self):
        assert forbidden(a_view()) == ""

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"refusal": ONLY_READS}, ONLY_READS),
            ({"live": False}, "this is the past: p goes back to live"),
            ({"trouble": "no daemon"}, "no changes without the daemon: no daemon"),
            ({"snapshot": None}, "there is no picture yet"),
        ],
    )
    def test_what_does(self, change, why):
        assert forbidden(replace(a_view(), **change)) == why

    def test_a_fleet_may_forbid_it_itself(self):
        snapshot = replace(a_snapshot(), pulse=Pulse(read_only=True))
        assert "safety.read_only" in forbidden(a_view(snapshot))


def test_every_key_that_writes_is_upper_case():
    assert all(key.isupper() for key in WRITES)


@pytest.mark.parametrize(
    ("lease", "back", "lit"),
    [(False, "", "X"), (True, "", "A"), (True, "ended by ann", ""), (True, "?", "AC")],
    ids=["none", "going", "being put back", "waiting"],
)
def test_keys_of_drills_are_dimmed_when_they_would_do_nothing(lease: bool, back: str, lit: str) -> None:
    """A where there is nothing to stop, C where nobody waits, X where one goes on already."""
    question = "pull the plug" if back == "?" else ""
    lent = Lease(name="node-kill", term=15.0, expires=9.0, until=9.0, baseline=Baseline(), question=question)
    drill = Operation(
        id="o", verb=Verb.DRILL, by="b", began=1.0, wall=1.0, deadline=9.0, sentence="s", drill=lent,
        back="" if question else back,
    )  # fmt: skip
    view = a_view(a_snapshot(a_fleet(operations={"o": drill} if lease else {})))
    assert "".join(key for key in "ACX" if not idle(key, view)) == lit


def test_no_drill_is_offered_where_none_can_be_run() -> None:
    locked = a_fleet(drills=DrillBook(lock=DrillLock(by="bob", since=AT, reason="a sale")))
    assert idle("X", a_view(a_snapshot(locked)))
    assert idle("X", replace(a_view(), refusal=ONLY_READS))
    assert not idle("q", a_view())
