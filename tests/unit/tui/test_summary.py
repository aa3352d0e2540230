"""What stands above and below the table: a verdict that can be trusted, and numbers that were measured."""

import time

import pytest
from support.pictures import AT, a_fleet, a_snapshot, a_view, samples, with_node

from hactl.core.evacuation import Evacuation
from hactl.core.events import DaemonStopped, FailoverBegan, FailoverEnded, FailoverMoved, FleetClosing
from hactl.core.model import Failover, Paused
from hactl.core.node import Health, NodeState, Reason, ReasonCode
from hactl.core.operation import Operation, Phase, Target, Verb
from hactl.core.value import replace
from hactl.tui.lines import Line, length, plain
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.picture import View
from hactl.tui.rows import Arrangement
from hactl.tui.summary import header, nothing, operations, tile_boxes, tile_line, tiles


def text(line: Line) -> str:
    return plain(line)


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
        known = with_node(out, "seoul-2", reason=Reason(code=ReasonCode.KILLED, text="killed by ann"), since=AT - 4)
        assert "1 of 6 out: seoul-2 (killed by ann, 4s)" in text(head(a_view(a_snapshot(known))))

    def test_traffic_that_was_moved_is_said_with_its_age(self):
        fleet = a_fleet(evacuations={"seoul": Evacuation(region="seoul", by="ann", since=AT - 180)})
        assert "● OK 4 nodes and 2 edges serve; seoul failed over by ann (3m)" in text(head(a_view(a_snapshot(fleet))))

    def test_an_old_picture_looks_old(self):
        """The daemon may have died an hour ago; nobody must take this for now."""
        assert "STALE 2m" in text(head(a_view(), now=130.0))

    def test_a_lost_daemon_is_said_before_the_picture_is_old(self):
        lost = replace(a_view(), trouble="no daemon answers")
        assert "STALE" in text(head(lost))

    def test_a_verdict_that_nobody_renews_is_what_it_was(self):
        """Green must not outlive the daemon."""
        lost = head(replace(a_view(), trouble="no daemon answers"), now=31.0)
        assert "was OK 21s ago: 4 nodes and 2 edges serve" in text(lost)
        assert Meaning.SERVING not in {span.meaning for span in lost}

    def test_a_fleet_that_was_stopped_is_no_outage(self):
        """It says who did that, and how it begins again; as long as anything runs it is not over."""
        fleet = a_fleet()
        down = {name: replace(node, state=NodeState.STOPPED) for name, node in fleet.nodes.items()}
        view = a_view(a_snapshot(replace(fleet, nodes=down)), FleetClosing(), DaemonStopped(pid=7))
        at = time.strftime("%H:%M:%S", time.localtime(AT + 0.5))
        said = head(replace(view, trouble="no daemon answers"), now=31.0)
        assert f"STOPPED 21s ago  ■ stopped on purpose by ann at {at}; hactl up" in text(said)
        assert not {Meaning.DOWN, Meaning.DEGRADED, Meaning.SERVING} & {
            span.meaning for span in said if span.text.strip()
        }
        assert {tile.title: tile.value for tile in tiles(view, Glyphs())}["N-1 HEADROOM"] == "-"
        running = a_view(a_snapshot(fleet), FleetClosing())
        assert "STALE" in text(head(replace(running, trouble="no daemon answers")))

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

    def test_of_a_moment_that_nobody_measured_there_is_no_verdict(self):
        past = replace(a_view(), live=False, measured=False, trouble="no daemon was running then")
        said = text(head(past))
        assert "? NOT KNOWN no daemon was running then" in said
        assert "OK" not in said

    def test_without_a_view_it_says_what_it_waits_for(self):
        assert "waiting for the first picture" in text(head(View()))
        lost = View(trouble="no daemon answers on 'x' (hactl up)")
        assert "no daemon answers on 'x' (hactl up)" in text(head(lost))

    def test_guards_are_always_on_the_screen(self):
        snapshot = a_snapshot(a_fleet(paused=Paused(by="ann", since=AT)))
        snapshot = replace(snapshot, pulse=replace(snapshot.pulse, read_only=True))
        said = text(head(a_view(snapshot)))
        assert "READ-ONLY" in said
        assert "REPAIRS PAUSED LIVE" in said, "the view goes on: it is repairs that do not"

    def test_the_time_of_day_gives_way_to_the_verdict(self):
        out = with_node(a_fleet(), "seoul-2", state=NodeState.BACKOFF, health=Health.UNKNOWN)
        assert text(head(a_view(a_snapshot(out)), width=80)).endswith(" ")
        said = text(head(a_view(a_snapshot(out)), width=62))
        assert "1 of 6 out: seoul-2" in said
        assert not said.endswith(":20 ")

    def test_the_name_of_the_program_gives_way_to_why_a_node_is_out(self):
        known = Reason(code=ReasonCode.KILLED, text="killed by signal 9")
        out = with_node(a_fleet(), "seoul-2", state=NodeState.BACKOFF, health=Health.UNKNOWN, reason=known, since=AT)
        said = text(head(a_view(a_snapshot(out)), width=80))
        assert said.startswith(" default")
        assert "1 of 6 out: seoul-2 (killed by signal 9, 0s)" in said

    @pytest.mark.parametrize("width", [60, 80, 120, 160])
    def test_it_fills_its_line_exactly(self, width):
        assert length(head(a_view(), width=width)) == width


class TestTiles:
    def test_numbers_of_the_whole_fleet(self):
        shown = {tile.title: tile.value for tile in tiles(a_view(), Glyphs())}
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
            (a_fleet(sustained=100.0), 100.0, "50% left"),  # its region goes on with the one that is left
            (a_fleet(sustained=20.0), 100.0, "unproved"),
            (a_fleet(sustained=100.0), 0.0, "no traffic"),
            (a_fleet(regions=1, nodes=1), 100.0, "NONE"),
        ],
    )
    def test_headroom_is_what_is_proved(self, fleet, rate, said):
        shown = {tile.title: tile.value for tile in tiles(a_view(a_snapshot(fleet, samples(fleet, rate))), Glyphs())}
        assert shown["N-1 HEADROOM"] == said

    def test_headroom_beside_requests_is_never_for_want_of_traffic(self):
        """In the first second the edges were measured and the nodes were not; unmeasured is unknown, too."""
        fleet = a_fleet(sustained=100.0)
        early = tuple(each if each.node.startswith("edge") else replace(each, requests=0.0) for each in samples(fleet))
        for measured in (early, ()):
            shown = {tile.title: tile.value for tile in tiles(a_view(a_snapshot(fleet, measured)), Glyphs())}
            assert shown["N-1 HEADROOM"] == "not known yet"

    def test_of_no_requests_no_part_failed(self):
        """0 % would say that they were answered."""
        shown = tiles(a_view(a_snapshot(a_fleet(), samples(a_fleet(), 0.0))), Glyphs())
        assert {tile.title: tile.value for tile in shown}["ERRORS"] == "-"

    def test_errors_and_failovers_are_measured_ones(self):
        fleet = a_fleet()
        measured = tuple(
            replace(sample, errors=1.0) if sample.node.startswith("edge") else sample for sample in samples(fleet)
        )
        failover = Failover(node="seoul-1", cause=Reason(code=ReasonCode.EXITED), seen=1.0, version=3)
        moved = FailoverMoved(failover=failover, ms=31.4)
        shown = {tile.title: tile for tile in tiles(a_view(a_snapshot(fleet, measured), moved), Glyphs())}
        assert shown["ERRORS"].value == "2.00%"
        assert shown["ERRORS"].meaning is Meaning.DOWN
        assert shown["LAST FAILOVER"].value == "31 ms"

    def test_how_long_a_failover_took_to_its_end_stands_beside_it(self):
        failover = Failover(node="seoul-1", cause=Reason(code=ReasonCode.EXITED), seen=1.0, version=3)
        events = [FailoverBegan(failover=failover), FailoverMoved(failover=failover, ms=31.4)]
        assert tiles(a_view(None, *events), Glyphs())[-1].more == "not back yet"
        ended = FailoverEnded(node="seoul-1", moved_ms=31.4, back_ms=71.0)
        assert tiles(a_view(None, *events, ended), Glyphs())[-1].more == "back 71 ms"
        gone = FailoverEnded(node="seoul-1", moved_ms=31.4, back_ms=None)
        assert tiles(a_view(None, *events, gone), Glyphs())[-1].more == ""

    def test_what_was_not_measured_is_no_zero(self):
        shown = {tile.title: tile.value for tile in tiles(a_view(a_snapshot(measured=())), Glyphs())}
        assert [shown[title] for title in ("REQUESTS/S", "ERRORS", "P50 / P99")] == ["-"] * 3
        past = replace(a_view(a_snapshot(measured=())), measured=False)
        assert [tile.value for tile in tiles(past, Glyphs())] == ["-"] * 4 + ["none yet"]

    def test_without_a_view_there_are_none(self):
        assert tiles(View(), Glyphs()) == ()

    @pytest.mark.parametrize("width", [110, 133, 160])
    def test_boxes_stand_side_by_side_and_fill_the_line(self, width):
        lines = tile_boxes(tiles(a_view(), Glyphs()), width, Glyphs())
        assert [length(line) for line in lines] == [width] * 3
        assert "unproved" in text(lines[1])

    def test_all_of_them_in_one_line(self):
        assert "req/s 100" in text(tile_line(tiles(a_view(), Glyphs())))


class TestOperations:
    """What is under way, with its steps."""

    def told(self, *phases: Phase, **changes: object) -> list[str]:
        targets = tuple(Target(node=f"n-{number}", phase=phase) for number, phase in enumerate(phases))
        operation = Operation(
            id="op-7",
            verb=Verb.RESTART,
            by="ann",
            began=498.5,
            wall=AT,
            deadline=600.0,
            targets=targets,
            sentence="restart all",
        )
        fleet = a_fleet(operations={"op-7": replace(operation, **changes)})
        return [text(each) for each in operations(a_snapshot(fleet), Glyphs())]

    def test_it_says_how_far_it_is_and_what_it_is_at(self):
        head, steps = self.told(Phase.DONE, Phase.DONE, Phase.STOPPING, Phase.WAITING)
        assert head == " ◌ op-7 restart all 2/4 done, 1.5 s"
        assert steps.split("  ") == ["", " ● n-1", "◌ n-2 stopping", ". n-3", ""]

    def test_a_single_step_is_told_in_one_line(self):
        assert len(self.told(Phase.STOPPING)) == 1

    def test_one_that_is_being_taken_back_says_why(self):
        assert "rolling back: answers got worse" in self.told(Phase.DONE, Phase.STOPPING, back="answers got worse")[0]


class TestNothing:
    """Why there are no rows, and the next key."""

    def told(self, view: View, **chosen: object) -> str:
        return "\n".join(text(each) for each in nothing(view, Arrangement(**chosen)))

    def test_without_a_daemon(self):
        assert "no daemon answers (hactl up)" in self.told(View(trouble="no daemon answers (hactl up)"))

    def test_a_fleet_without_processes(self):
        assert "hactl up" in self.told(a_view(a_snapshot(replace(a_fleet(), nodes={}), ())))

    @pytest.mark.parametrize(
        ("chosen", "said"),
        [
            ({"filter": "kyoto"}, "none of 6 processes matches 'kyoto'"),
            ({"filter": "!o"}, "all 6 processes match 'o'"),
            ({"bad": True}, "none of 6 processes is in trouble"),
            ({"filter": "seoul", "bad": True}, "none of 6 processes matches 'seoul' and is in trouble"),
        ],
    )
    def test_everything_is_hidden(self, chosen, said):
        told = self.told(a_view(), **chosen)
        assert said in told
        assert "esc" in told
