"""Upper-case keys: what they mean for a process as it is, and that whoever was meant is the one that is hit."""

import pytest
from support.build import a_launch, a_node
from support.pictures import a_fleet, a_snapshot, with_node

from hactl.core.commands import Kill
from hactl.core.node import NodeState
from hactl.core.plan import Share
from hactl.core.talk import Receipt
from hactl.tui.actions import Act, Action, Target, choose, consequences, still_there


@pytest.mark.parametrize(
    ("key", "node", "act"),
    [
        ("K", a_node(NodeState.SERVING), Act.KILL),
        ("K", a_node(NodeState.STOPPED), None),
        ("T", a_node(NodeState.SERVING), Act.STOP),
        ("T", a_node(NodeState.STOPPED), Act.START),
        ("R", a_node(NodeState.SERVING), Act.RESTART),
        ("R", a_node(NodeState.FAILED), Act.START),
        ("D", a_node(NodeState.SERVING), Act.DRAIN),
        ("D", a_node(NodeState.DRAINING, drained=True), Act.RESUME),
        ("D", a_node(NodeState.SERVING, "edge-1"), None),
        ("Z", a_node(NodeState.SERVING), Act.FREEZE),
        ("Z", a_node(NodeState.SERVING, frozen="ann"), Act.THAW),
        ("Z", a_node(NodeState.BACKOFF), None),
        ("x", a_node(NodeState.SERVING), None),
    ],
)
def test_a_key_means_what_makes_sense_now(key, node, act):
    assert choose(key, node) is act


def test_the_same_for_the_daemon_and_for_a_shell():
    action = Action(act=Act.KILL, target=Target(node="seoul-1", instance="i"))
    assert action.command == Kill(nodes=("seoul-1",))
    assert action.shell == "hactl kill seoul-1"


class TestTarget:
    """Frozen when the key is pressed."""

    def test_the_same_process_is_still_there(self):
        fleet = a_fleet()
        target = Target.of(fleet.nodes["seoul-1"])
        assert still_there(a_snapshot(with_node(fleet, "seoul-1", weight=3)), target) == ""

    def test_another_process_of_the_same_name_is_not_hit(self):
        fleet = a_fleet()
        target = Target.of(fleet.nodes["seoul-1"])
        again = with_node(fleet, "seoul-1", launch=a_launch("seoul-1", 2))
        assert "another process now" in still_there(a_snapshot(again), target)

    def test_one_that_has_gone_is_not_hit(self):
        target = Target(node="seoul-9", instance="i")
        assert still_there(a_snapshot(), target) == "seoul-9 is gone"


class TestConsequences:
    """Shown before anybody says yes."""

    def said(self, act: Act, receipt: Receipt | None) -> list[str]:
        fleet = a_fleet()
        action = Action(act=act, target=Target.of(fleet.nodes["seoul-1"]))
        lines = consequences(a_snapshot(fleet), action, receipt)
        return ["".join(span.text for span in line) for line in lines]

    def test_who_it_is_and_what_it_carries(self):
        who, carries = self.said(Act.KILL, None)
        assert who.startswith("who     seoul-1: serving, pid ")
        assert who.endswith("up 120 s")
        assert carries == "carries 25% of the traffic, 25 requests/s, 1 in flight"

    def test_who_takes_over_as_the_daemon_says(self):
        receipt = Receipt(seq=1, shares=(Share(node="seoul-2", region="seoul", part=0.5),), steps=("first this",))
        assert self.said(Act.KILL, receipt)[2:] == ["then    seoul-2 25% → 50%", "        first this"]
