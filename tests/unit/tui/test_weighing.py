"""A weight is foreseen exactly as the daemon would come to it."""

import pytest
from support.build import at
from support.pictures import a_fleet, a_snapshot, with_node

from hactl.core.commands import Request, SetWeight
from hactl.core.machine import step
from hactl.core.model import Fleet
from hactl.core.spec import Policy
from hactl.core.traffic import shares
from hactl.core.value import replace
from hactl.tui.lines import plain
from hactl.tui.meaning import ASCII, Glyphs
from hactl.tui.weighing import MOST, weighed


def foreseen(fleet: Fleet, command: SetWeight, glyphs: Glyphs = ASCII) -> dict[str, tuple[str, str]]:
    """By name: what it gets now, and what it would get."""
    found = {}
    for spans in weighed(a_snapshot(fleet), command, glyphs):
        text = plain(spans)
        if " → " in text:
            found[text.split()[0]] = (text.split()[-3], text.split()[-1])
    return found


@pytest.mark.parametrize("weight", [0, 1, 50, 100, 1000])
def test_it_is_what_the_daemon_would_do(weight):
    fleet = with_node(a_fleet(), "osaka-2", weight=30)
    command = SetWeight(weight=weight, nodes=("seoul-1",))
    decided = step(fleet, Request(command=command, by="ann"), at(500.0)).fleet
    expected = {share.node: f"{share.part:.0%}" for share in shares(decided)}
    assert {name: then for name, (_, then) in foreseen(fleet, command).items()} == expected


def test_regions_are_weighed_against_each_other():
    fleet = a_fleet()
    assert foreseen(fleet, SetWeight(weight=300, regions=("seoul",))) == {
        "seoul": ("50%", "75%"),
        "osaka": ("50%", "25%"),
    }


def test_those_that_are_weighed_come_first_and_many_are_counted():
    lines = [
        plain(line) for line in weighed(a_snapshot(a_fleet(nodes=10)), SetWeight(weight=5, nodes=("osaka-9",)), ASCII)
    ]
    assert lines[0].startswith("osaka-9")
    assert len([line for line in lines if " → " in line]) == MOST
    assert f"and {20 - MOST} more" in lines


def test_what_the_rest_would_carry_is_said():
    lines = [plain(line) for line in weighed(a_snapshot(), SetWeight(weight=0, nodes=("seoul-1",)), ASCII)]
    assert lines[-1].startswith("rest    3 nodes would carry")


@pytest.mark.parametrize("policy", Policy)
def test_a_policy_that_does_not_look_at_weights_is_told(policy):
    fleet = replace(a_fleet(), policy=policy)
    said = "\n".join(plain(line) for line in weighed(a_snapshot(fleet), SetWeight(weight=5, nodes=("seoul-1",)), ASCII))
    assert (f"policy {policy} ignores the weights of nodes" in said) is not policy.honours_node_weights
    of_regions = weighed(a_snapshot(fleet), SetWeight(weight=5, regions=("seoul",)), ASCII)
    assert "ignores" not in "\n".join(plain(line) for line in of_regions), "regions are weighed by every policy"


def test_bars_are_drawn_with_what_the_terminal_has():
    assert ASCII.bars[-1] * 5 in plain(weighed(a_snapshot(), SetWeight(weight=5, nodes=("seoul-1",)), ASCII)[1])
    assert Glyphs().bars[-1] * 5 in plain(weighed(a_snapshot(), SetWeight(weight=5, nodes=("seoul-1",)), Glyphs())[1])
