"""What takes a change back, and what nothing does."""

import pytest

from hactl.core.commands import Command, Drain, Kill, Resume, SetWeight, Start, Thaw, Unpause
from hactl.core.operation import Undo
from hactl.tui.actions import Action, Target
from hactl.tui.undo import undoing


def test_a_resume_is_drained_again_as_long_as_it_is_the_same_process():
    target = Target(node="seoul-1", instance="i", pid=7)
    (back,) = undoing(Action(command=Resume(nodes=("seoul-1",)), targets=(target,)))
    assert back == Action(command=Drain(nodes=("seoul-1",)), targets=(target,))


def test_weights_go_back_to_what_each_was_and_expect_what_was_set():
    found = Undo(node_weights={"a": 100, "b": 40, "c": 100, "d": 7})
    action = Action(command=SetWeight(weight=7, nodes=("a", "b", "c", "d")), found=found)
    assert [(each.command, each.found) for each in undoing(action)] == [
        (SetWeight(weight=40, nodes=("b",)), Undo(node_weights={"b": 7})),
        (SetWeight(weight=100, nodes=("a", "c")), Undo(node_weights={"a": 7, "c": 7})),
    ]


def test_weights_of_regions_alike():
    action = Action(command=SetWeight(weight=7, regions=("seoul",)), found=Undo(region_weights={"seoul": 100}))
    (back,) = undoing(action)
    assert back.command == SetWeight(weight=100, regions=("seoul",))
    assert back.found == Undo(region_weights={"seoul": 7})


@pytest.mark.parametrize(
    "command", [Thaw(nodes=("a",)), Start(nodes=("a",)), Unpause(), Kill(nodes=("a",)), SetWeight(weight=7)]
)
def test_nothing_takes_the_rest_back(command: Command):
    assert undoing(Action(command=command)) == ()
