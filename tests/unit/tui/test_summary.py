"""What stands above and below the table: a verdict that can be trusted, and numbers that were measured."""

import time

import pytest
from support.pictures import AT, a_fleet, a_snapshot, a_view, samples, with_node

from hactl.core.events import FailoverMoved, WeightsChanged
from hactl.core.model import Failover, Paused
from hactl.core.node import Health, NodeState, Reason, ReasonCode
from hactl.core.operation import Operation, Phase, Target, Verb
from hactl.core.value import replace
from hactl.tui.lines import Line, length
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.picture import View
from hactl.tui.summary import happened, header, operations, tile_boxes, tile_line, tiles


def text(line: Line) -> str:
    return "".join(span.text for span in line)


def head(view: View, *, now: float = 10.4, width: int = 120) -> Line:
    return header(view, now=now, wall=AT, width=width, glyphs=Glyphs())


def said_at(view: View, wall: float) -> str:
    return text(header(view, now=10.0, wall=wall, width=120, glyphs=Glyphs()))


class TestHeader:
    def test_a_fleet_that_is_well(self):
        said = text(head(a_view()))
        assert "hactl default" in said
        assert "LIVE 0.4s" in said
        assert "● OK 4 nodes and 2 edges serve" in said

    def test_the_verdict_is_that_of_what_runs(self):
        out = with_node(a_fleet(), "seoul-2", state=NodeState.BACKOFF, health=Health.UNKNOWN)
        assert "▲ DEGRADED 1 of 6 out: seoul-2" in text(head(a_view(a_snapshot(out))))

    def test_an_old_picture_looks_old(self):
        """The daemon may have died an hour ago; nobody must take this for now."""
        assert "STALE 2m" in text(head(a_view(), now=130.0))

    def test_a_lost_daemon_is_said_before_the_picture_is_old(self):
        lost = replace(a_view(), trouble="no daemon answers")
        assert "STALE" in text(head(lost))

    def test_the_past_is_never_taken_for_now(self):
        past = replace(a_view(), live=False)
        assert "AS OF" in text(header(past, now=10.0, wall=AT + 42.0, width=120, glyphs=Glyphs()))
        assert "42s ago" in text(header(past, now=10.0, wall=AT + 42.0, width=120, glyphs=Glyphs()))

    def test_a_recording_says_so_with_its_time_and_whether_it_is_played(self):
        """And with its day, where that is not today."""
        for speed, said in ((0.0, "held"), (5.0, "x5")):
            view = replace(a_view(), live=False, speed=speed)
            assert f"REPLAY {time.strftime('%H:%M:%S', time.localtime(AT))} {said}" in said_at(view, AT)
            long_ago = said_at(view, AT + 30 * 86400)
            assert f"REPLAY {time.strftime('%m-%d %H:%M:%S', time.localtime(AT))} {said}" in long_ago

    def test_without_a_view_it_says_what_it_waits_for(self):
        assert "waiting for the first picture" in text(head(View()))
        lost = View(trouble="no daemon answers on 'x' (hactl up)")
        assert "no daemon answers on 'x' (hactl up)" in text(head(lost))

    def test_guards_are_always_on_the_screen(self):
        snapshot = a_snapshot(a_fleet(paused=Paused(by="ann", since=AT)))
        snapshot = replace(snapshot, pulse=replace(snapshot.pulse, read_only=True))
        said = text(head(a_view(snapshot)))
        assert "READ-ONLY" in said
        assert "PAUSED" in said

    @pytest.mark.parametrize("width", [60, 80, 120, 160])
    def test_it_fills_its_line_exactly(self, width):
        assert length(head(a_view(), width=width)) == width


class TestTiles:
    def test_numbers_of_the_whole_fleet(self):
        shown = {tile.title: tile.value for tile in tiles(a_view())}
        assert shown == {
            "REQUESTS/S": "100",
            "ERRORS": "0.00%",
            "P50 / P99": "1.5 / 12 ms",
            "N-1 HEADROOM": "unproved",
            "LAST FAILOVER": "none yet",
        }

    @pytest.mark.parametrize(
        ("fleet", "rate", "said"),
        [
            (a_fleet(sustained=100.0), 100.0, "50%"),  # its region goes on with the one that is left
            (a_fleet(sustained=20.0), 100.0, "unproved"),
            (a_fleet(sustained=100.0), 0.0, "no traffic"),
            (a_fleet(regions=1, nodes=1), 100.0, "NONE"),
        ],
    )
    def test_headroom_is_what_is_proved(self, fleet, rate, said):
        shown = {tile.title: tile.value for tile in tiles(a_view(a_snapshot(fleet, samples(fleet, rate))))}
        assert shown["N-1 HEADROOM"] == said

    def test_errors_and_failovers_are_measured_ones(self):
        fleet = a_fleet()
        measured = tuple(
            replace(sample, errors=1.0) if sample.node.startswith("edge") else sample for sample in samples(fleet)
        )
        failover = Failover(node="seoul-1", cause=Reason(code=ReasonCode.EXITED), seen=1.0, version=3)
        moved = FailoverMoved(failover=failover, ms=31.4)
        shown = {tile.title: tile for tile in tiles(a_view(a_snapshot(fleet, measured), moved))}
        assert shown["ERRORS"].value == "2.00%"
        assert shown["ERRORS"].meaning is Meaning.DOWN
        assert shown["LAST FAILOVER"].value == "31 ms"

    def test_without_a_view_there_are_none(self):
        assert tiles(View()) == ()

    @pytest.mark.parametrize("width", [110, 133, 160])
    def test_boxes_stand_side_by_side_and_fill_the_line(self, width):
        lines = tile_boxes(tiles(a_view()), width)
        assert [length(line) for line in lines] == [width] * 3
        assert "unproved" in text(lines[1])

    def test_all_of_them_in_one_line(self):
        assert "requests/s 100" in text(tile_line(tiles(a_view())))


def test_what_is_under_way_says_how_far_it_is():
    targets = tuple(Target(node=name, phase=phase) for name, phase in (("a", Phase.DONE), ("b", Phase.WAITING)))
    operation = Operation(
        id="op-7",
        verb=Verb.RESTART,
        by="ann",
        began=498.5,
        wall=AT,
        deadline=600.0,
        targets=targets,
        sentence="restart a, b",
    )
    (line,) = operations(a_snapshot(a_fleet(operations={"op-7": operation})))
    assert text(line) == " op-7 restart a, b 1/2 done, 1.5 s"


def test_a_record_is_a_sentence_with_its_time_and_who_did_it():
    view = a_view(None, WeightsChanged(nodes={"seoul-1": 50}))
    said = text(happened(view.records[0]))
    assert "seoul-1" in said
    assert said.endswith("by ann")
    assert ".500 " in said
