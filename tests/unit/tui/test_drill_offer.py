"""What a drill would do here is known before it is run, and whoever says yes says it to just that."""

from pathlib import Path

from support.pictures import a_fleet, a_snapshot, with_node

from hactl.core.commands import BeginDrill, Kill
from hactl.core.node import NodeState
from hactl.core.talk import Receipt
from hactl.drill import library
from hactl.drill.history import Filed
from hactl.drill.verdict import Verdict
from hactl.tui.drill_offer import Offer, details, facts, offer, offers, rows, same
from hactl.tui.lines import plain

FLEET = a_fleet()


def one(name: str) -> Offer:
    return offer(library.load(name), FLEET, 7, None)


def test_every_drill_is_offered_with_whom_it_would_strike() -> None:
    known = offers(FLEET, 7, None)
    assert [each.drill.name for each in known] == list(library.names())
    kill = one("node-kill")
    assert kill.why_not == ""
    assert kill.plan is not None
    assert [target.node for target in kill.targets] == list(kill.plan.nodes)
    assert kill.targets[0].pid
    assert kill.words == ("drill", "run", "node-kill", "--seed", "7")


def test_what_may_not_be_run_says_why() -> None:
    """The gate is the drill's own; whom it asks for may not even be there."""
    busy = with_node(FLEET, "seoul-1", state=NodeState.BACKOFF, launch=None)
    shut = offer(library.load("node-kill"), busy, 7, None)
    assert "everything serves" in shut.why_not
    alone = offer(library.load("edge-kill"), a_fleet(regions=1, nodes=0), 7, None)
    assert alone.why_not


def test_a_disk_that_others_share_may_not_be_filled(tmp_path: Path) -> None:
    """That the runner would find out as well is too late for somebody who is asked."""
    assert "disk that may be filled" in offer(library.load("disk-full"), FLEET, 7, tmp_path).why_not


def test_rows_say_how_each_went_last() -> None:
    runs = [
        Filed(run="2", drill="node-kill", stands="fail", verdict=Verdict.FAIL),
        Filed(run="1", drill="node-kill", stands="pass", verdict=Verdict.PASS),
    ]
    kill, loss = rows([one("node-kill"), one("region-loss")], runs)
    assert [cell.text for cell in kill.cells][3:] == ["yes", "fail", "Clients do not notice that a node dies"]
    assert loss.cells[2].text.startswith("region ")
    assert loss.cells[4].text == "never"
    crash, rolling = rows([one("control-crash"), one("rolling-restart")], [])
    assert (crash.cells[2].text, rolling.cells[2].text) == ("daemon.kill", "4 nodes")


def test_before_it_is_run_its_consequences_are_told() -> None:
    kill = one("node-kill")
    assert kill.plan is not None
    begin, order = BeginDrill(name="node-kill", nodes=kill.plan.nodes), Kill(nodes=kill.plan.nodes)
    told = [plain(line) for line in facts(a_snapshot(FLEET), kill, [(begin, Receipt(seq=0)), (order, Receipt(seq=0))])]
    said = "\n".join(told)
    assert f"strikes process.kill of {kill.plan.nodes[0]} (drawn from 4 serving nodes)" in said
    assert f"who     {kill.plan.nodes[0]}: serving, pid {kill.targets[0].pid}" in said
    assert "carries 25% of the traffic" in said
    assert "about 30 s: baseline 15 s, hold 10 s, settle 5 s; never more than 120 s" in said
    assert "gate    all" in said
    assert "undo    by the daemon in any case" in said
    assert "restarted automatically" not in said, "the drill says what becomes of it"


def test_a_fleet_that_has_changed_is_not_struck_by_the_same_yes() -> None:
    kill = one("node-kill")
    assert same(kill, FLEET, None)
    assert kill.plan is not None
    struck = kill.plan.nodes[0]
    assert not same(kill, with_node(FLEET, struck, state=NodeState.BACKOFF), None)
    assert not same(kill, with_node(FLEET, struck, state=NodeState.STOPPED), None)


def test_what_a_narrow_row_has_no_room_for_is_said_below() -> None:
    """All it shows, how long it takes, and how it went last."""
    runs = [Filed(run="1", drill="node-kill", stands="fail", verdict=Verdict.FAIL)]
    (row,) = rows([one("node-kill")], runs)
    assert [plain(line) for line in details(row, 80)] == [
        "Clients do not notice that a node dies  takes 30 s, last run: fail"
    ]
    assert len(details(row, 40)) == 2
