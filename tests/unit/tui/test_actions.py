"""An action says the same to the daemon, to a shell and to people, and hits who was meant or nobody."""

import pytest
from support.build import a_launch
from support.pictures import a_fleet, a_snapshot, with_node

from hactl.core.commands import Failback, Kill, Pause, Scale, SetWeight, Stop
from hactl.core.model import Fleet
from hactl.core.node import NodeState
from hactl.core.operation import Undo, Verb
from hactl.core.value import replace
from hactl.tui.actions import Action, Target, listed, still_there, turned, weights
from hactl.tui.spelling import spelt


def kill(fleet: Fleet, *names: str) -> Action:
    return Action(command=Kill(nodes=names), targets=tuple(Target.of(fleet.nodes[name]) for name in names))


def weigh(fleet: Fleet, weight: int, *nodes: str, regions: tuple[str, ...] = ()) -> Action:
    return Action(command=SetWeight(weight=weight, nodes=nodes, regions=regions), found=weights(fleet, nodes, regions))


@pytest.mark.parametrize(
    ("action", "title", "shell"),
    [
        (kill(a_fleet(), "seoul-1"), "kill seoul-1", "hactl kill seoul-1"),
        (
            kill(a_fleet(nodes=3), "seoul-1", "seoul-2", "seoul-3", "osaka-1"),
            "kill 4 nodes: seoul-1, seoul-2, seoul-3, ...",
            "hactl kill seoul-1 seoul-2 seoul-3 osaka-1",
        ),
        (weigh(a_fleet(), 5, "seoul-1"), "weight 5 for seoul-1", "hactl weight seoul-1 5"),
        (weigh(a_fleet(), 5, regions=("seoul",)), "weight 5 for seoul", "hactl weight --region seoul 5"),
        (Action(command=Scale(region="seoul", count=4)), "scale seoul to 4 nodes", "hactl scale seoul 4"),
        (Action(command=Failback(region="seoul")), "fail back seoul", "hactl failback seoul"),
        (Action(command=Pause()), "pause the fleet", "hactl pause"),
    ],
)
def test_the_same_for_people_and_for_a_shell(action, title, shell):
    assert action.title == title
    assert spelt(action.command) == shell


def test_only_what_gives_back_or_can_be_taken_back_is_mild():
    assert weigh(a_fleet(), 5, "seoul-1").mild
    assert not kill(a_fleet(), "seoul-1").mild
    assert not Action(command=Pause()).mild
    assert kill(a_fleet(), "seoul-1").verb is Verb.KILL


def test_a_number_is_turned_and_nothing_else():
    action = weigh(a_fleet(), 5, "seoul-1")
    assert turned(action, 7) == replace(action, command=SetWeight(weight=7, nodes=("seoul-1",)))
    assert turned(Action(command=Scale(region="seoul", count=2)), 3).number == 3
    assert kill(a_fleet(), "seoul-1").number is None


def test_many_names_are_counted():
    assert listed([], "nodes") == ""
    assert listed(["a"], "nodes") == "a"
    assert listed(["a", "b"], "regions") == "2 regions: a, b"
    assert listed(["a", "b", "c", "d"], "nodes") == "4 nodes: a, b, c, ..."


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("edge-1", "edge-2"), "kill 2 edges: edge-1, edge-2"),
        (("edge-1", "seoul-1"), "kill 2 processes: edge-1, seoul-1"),
        (("edge-1",), "kill edge-1"),
    ],
)
def test_edges_are_no_nodes_and_regions_neither(names: tuple[str, ...], said: str) -> None:
    fleet = a_fleet()
    assert kill(fleet, *names).title == said
    assert weigh(fleet, 5, regions=("seoul", "osaka")).title == "weight 5 for 2 regions: seoul, osaka"


class TestStillThere:
    """Everything an action hits is as it was when the key was pressed, or nothing is done."""

    def test_the_same_processes_are_still_there(self):
        fleet = a_fleet()
        action = kill(fleet, "seoul-1", "osaka-1")
        assert still_there(a_snapshot(with_node(fleet, "seoul-1", weight=3)), action) == ""

    def test_another_process_of_the_same_name_is_not_hit(self):
        fleet = a_fleet()
        again = with_node(fleet, "osaka-1", launch=a_launch("osaka-1", 2))
        assert still_there(a_snapshot(again), kill(fleet, "seoul-1", "osaka-1")) == (
            "osaka-1: a different process by now, nothing was done"
        )

    def test_a_process_that_was_not_there_must_still_be_missing(self):
        fleet = a_fleet()
        action = Action(command=Stop(nodes=("seoul-1",)), targets=(Target(node="seoul-1", instance=""),))
        assert "a different process by now" in still_there(a_snapshot(fleet), action)

    @pytest.mark.parametrize("state", [NodeState.STARTING, NodeState.BACKOFF, NodeState.FAILED])
    def test_what_is_started_again_and_again_is_stopped_whichever_process_it_has(self, state):
        fleet = with_node(a_fleet(), "seoul-1", state=state, launch=a_launch("seoul-1", 9) if state.alive else None)
        target = Target.of(a_fleet().nodes["seoul-1"])
        assert still_there(a_snapshot(fleet), Action(command=Stop(nodes=("seoul-1",)), targets=(target,))) == ""
        killing = Action(command=Kill(nodes=("seoul-1",)), targets=(target,))
        assert "a different process by now" in still_there(a_snapshot(fleet), killing)

    def test_those_that_have_gone_are_named(self):
        fleet = a_fleet()
        action = kill(fleet, "seoul-1", "seoul-2", "osaka-1")
        left = {name: node for name, node in fleet.nodes.items() if not name.startswith("seoul")}
        gone = a_snapshot(replace(fleet, nodes=left))
        assert still_there(gone, action) == "2 nodes: seoul-1, seoul-2 are gone: nothing was done"

    def test_a_weight_somebody_else_has_set_is_not_overwritten(self):
        fleet = a_fleet()
        action = weigh(fleet, 5, "seoul-1")
        assert action.found == Undo(node_weights={"seoul-1": 100})
        assert still_there(a_snapshot(fleet), action) == ""
        assert "someone else" in still_there(a_snapshot(with_node(fleet, "seoul-1", weight=7)), action)
        region = weigh(fleet, 5, regions=("seoul",))
        assert still_there(a_snapshot(fleet), region) == ""
        assert "someone else" in still_there(a_snapshot(replace(fleet, region_weights={"seoul": 7})), region)
