"""One region in full, and the edges together."""

from support.pictures import AT, a_fleet, a_snapshot, a_view, with_node

from hactl.core.evacuation import Evacuation
from hactl.core.events import NodeChanged
from hactl.core.node import Health, NodeState, Reason, ReasonCode
from hactl.core.value import replace
from hactl.tui.lines import plain
from hactl.tui.meaning import Glyphs
from hactl.tui.node_facts import facts, history
from hactl.tui.picture import View
from hactl.tui.region_facts import members, region_facts


def said(view: View, key: str) -> str:
    return "\n".join(plain(line) for line in facts(view, key, Glyphs(), 100))


def test_what_it_is_meant_to_carry_stands_beside_what_it_does():
    told = said(a_view(), "[seoul]")
    assert " seoul ● 2/2 serving" in told
    assert "100, share 50.0%, seen 50.0%" in told
    assert "requests/s  50\n" in told
    assert "seoul-1     ● serving 2m" in told
    assert "osaka" not in told


def test_what_was_not_measured_is_not_made_up():
    told = said(a_view(a_snapshot(measured=())), "[seoul]")
    assert "seen -" in told
    assert "requests/s  -\n" in told


def test_one_that_is_out_has_its_reason_and_its_age():
    reason = Reason(code=ReasonCode.EXITED, text="killed by signal 9")
    out = with_node(a_fleet(), "seoul-2", state=NodeState.BACKOFF, health=Health.UNKNOWN, since=AT - 4.0, reason=reason)
    told = said(a_view(a_snapshot(out)), "[seoul]")
    assert "▲ 1/2 serving" in told
    assert "seoul-2     ✖ backoff 4s killed by signal 9" in told


def test_who_moved_its_traffic_away_when_and_why():
    moved = Evacuation(region="seoul", keep=25, by="ann", since=AT - 180.0, why="power works")
    told = said(a_view(a_snapshot(a_fleet(evacuations={"seoul": moved}))), "[seoul]")
    assert "failed over for 3m by ann, keeps 25 % of its share" in told
    assert "power works" in told
    assert "failed over" not in said(a_view(), "[osaka]")


class TestHeadroom:
    """What `status` says of the fleet, for one region: without a node of it, and without all of it."""

    def told(self, **changes) -> list[str]:
        fleet = a_fleet(regions=changes.pop("regions", 2), nodes=changes.pop("nodes", 3), **changes)
        return [each[1:] for each in said(a_view(a_snapshot(fleet)), "[seoul]").splitlines() if "would" in each]

    def test_room_that_was_seen(self):
        one, region = self.told(sustained=50.0)
        assert one.startswith("less one    50% left: the other 5 nodes would carry up to 25/s")
        assert region.startswith("without it  33% left: the other 3 nodes would carry 33/s each")

    def test_more_than_was_seen_is_unproved_and_not_too_much(self):
        assert self.told(sustained=30.0)[1].startswith("without it  unproved: the other 3 nodes would carry 33/s each")

    def test_nobody_else(self):
        assert self.told(regions=1, nodes=1) == ["less one    no node would be left to carry 100/s"]

    def test_without_traffic_there_is_nothing_to_miss(self):
        moved = Evacuation(region="seoul", by="ann", since=AT)
        assert self.told(evacuations={"seoul": moved}) == []


def test_edges_have_no_share():
    told = said(a_view(), "[edges]")
    assert " edges ● 2/2 serving" in told
    assert "requests/s  100\n" in told
    assert "weight" not in told


def test_its_past_is_that_of_its_processes():
    nodes = a_fleet().nodes
    events = [NodeChanged(was=NodeState.STARTING, node=nodes[name], why="ready") for name in ("seoul-1", "osaka-1")]
    told = "\n".join(plain(line) for line in history(a_view(None, *events), "[seoul]"))
    assert "seoul-1: starting -> serving (ready)" in told
    assert "osaka-1" not in told


def test_what_is_no_head_has_no_members():
    fleet = a_fleet()
    assert members(fleet, "seoul-1") == members(fleet, "") == ()
    assert list(members(fleet, "[tokyo]")) == []
    assert region_facts(View(), "[seoul]", Glyphs()) == region_facts(a_view(), "[tokyo]", Glyphs()) == ()
    assert "process '[tokyo]' is gone" in said(replace(a_view()), "[tokyo]")
