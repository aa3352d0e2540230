"""What the screens show: the fleet in all its parts, one process with its log, and what was measured."""

import pytest
from support.controller import MemoryController
from support.pictures import AT, MONO, a_fleet, a_snapshot, samples, with_node
from support.stage import Stage, stage
from textual.widgets import Input

from hactl.core.errors import HactlError, Unreachable
from hactl.core.events import FailoverBegan, FailoverEnded, OperationBegan, OperationMoved, Record
from hactl.core.model import Failover
from hactl.core.node import Health, NodeState, Reason, ReasonCode
from hactl.core.operation import Operation, Phase, Target, Verb
from hactl.core.talk import Measured, News
from hactl.core.value import replace
from hactl.tui.activity import SILENCE
from hactl.tui.lines import plain
from hactl.tui.screens.drills import DrillsPage
from hactl.tui.screens.fleet import FleetPage
from hactl.tui.screens.node import NodePage
from hactl.tui.screens.reading import LogsPage
from hactl.tui.screens.reports import ReportsPage
from hactl.tui.widgets.reader import ROOM, Reader

KILLED = Reason(code=ReasonCode.KILLED, text="killed by signal 9")
OUT = with_node(
    a_fleet(), "seoul-2", state=NodeState.BACKOFF, health=Health.UNKNOWN, reason=KILLED, since=AT - 4.0, launch=None
)


def before(fleet) -> MemoryController:
    controller = MemoryController()
    controller.snapshot = a_snapshot(fleet)
    return controller


def logged(now: Stage) -> list[str]:
    reader = now.app.screen.query_one(Reader)
    return [plain(line) for line in reader.shown]


def lost(seq: int, wall: float) -> Record:
    """A loss, as the journal has it."""
    event = FailoverBegan(failover=Failover(node="seoul-1", cause=KILLED, seen=MONO, version=1))
    return Record(seq=seq, wall=wall, mono=MONO, event=event)


def fleet_page(now: Stage) -> FleetPage:
    assert isinstance(now.app.screen, FleetPage)
    return now.app.screen


class TestFleet:
    async def test_only_bad_rows_and_all_again(self):
        async with stage(controller=before(replace(OUT, plan=a_fleet().plan))) as now:
            now.app.picture.take(Measured(at=AT, samples=()), 10.0)
            await now.press("z")
            await now.until_drawn()
            assert [row.key for row in fleet_page(now).table.shown] == ["[seoul]", "seoul-2"]
            assert "only bad 1 shown" in now.text("#keys")
            await now.press("escape")
            assert len(fleet_page(now).table.shown) == 9

    async def test_a_filter_that_hides_everything_says_so(self):
        async with stage() as now:
            await now.press("slash", *"kyoto", "enter")
            await now.until_drawn()
            assert "none of 6 processes matches 'kyoto'" in now.text("#empty")
            await now.press("escape")
            await now.until_drawn()
            assert not fleet_page(now).query_one("#empty").display
            assert len(fleet_page(now).table.shown) == 9

    async def test_the_plot_is_of_regions_or_of_the_nodes_of_the_region_under_the_cursor(self):
        async with stage() as now:
            for second in range(1, 20):
                now.app.picture.take(Measured(at=AT + second, samples=samples(a_fleet())), 10.0)
            await now.until_drawn()
            assert "seoul 50%" in now.text("#plot")
            assert "osaka 50%" in now.text("#plot")
            await now.go_to("osaka-1")
            await now.press("v")
            await now.until_drawn()
            assert "osaka-1" in now.text("#plot")
            assert "seoul-1" not in now.text("#plot")
            assert "50%" in now.text("#plot")
            await now.go_to("edge-1")
            await now.until_drawn()
            assert "edge-2" in now.text("#plot")
            await now.press("v")
            await now.until_drawn()
            assert "seoul 50%" in now.text("#plot")

    async def test_the_row_under_the_cursor_is_seen_however_many_there_are(self):
        """Whatever a key is about can be read: no bar lies over the last row, and none over the end of a reason."""
        named = with_node(a_fleet(regions=3, nodes=10), "tokyo-10", reason=replace(KILLED, text="killed " * 9))
        async with stage((80, 24), controller=before(named)) as now:
            await now.press("G")
            await now.until_drawn()
            table = fleet_page(now).table
            assert table.cursor == "tokyo-10"
            strips = now.app.screen._compositor.render_strips()
            last = "".join(segment.text for segment in strips[table.region.bottom - 1])
            assert "tokyo-10" in last
            assert last[78] == "…"

    async def test_what_is_under_way_stands_above_what_happened(self):
        targets = tuple(Target(node=name, phase=phase) for name, phase in (("a", Phase.DONE), ("b", Phase.STOPPING)))
        operation = Operation(
            id="op-7",
            verb=Verb.RESTART,
            by="ann",
            began=MONO,
            wall=AT,
            deadline=900.0,
            targets=targets,
            sentence="restart",
        )
        async with stage((80, 24), before(a_fleet(operations={"op-7": operation}))) as now:
            assert "op-7 restart 1/2 done" in now.text("#operations")
            assert "b stopping" in now.text("#operations")
            assert now.app.screen.query_one("#operations").size.height == 2

    async def test_a_wide_screen_tells_the_row_under_the_cursor_in_full(self):
        async with stage((160, 48)) as now:
            await now.go_to("seoul-2")
            await now.until_drawn()
            assert "seoul-2 ● serving" in now.text("#side")

    @pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 48), (60, 15), (200, 60)])
    async def test_every_line_of_the_terminal_is_somebodys(self, size):
        """Parts that overlap, or that are pushed off the screen, are seen here."""
        async with stage(size) as now:
            await now.until_drawn()
            page = fleet_page(now)
            parts = ["#header", "#tiles", "#middle", *(["#plot"] if page.has_class("roomy") else []), "#below", "#keys"]
            line = 0
            for part in parts:
                region = page.query_one(part).region
                assert region.y == line, part
                line = region.bottom
            assert line == size[1]

    async def test_digits_of_all_screens_stand_in_the_head_where_there_is_room(self):
        async with stage((120, 40)) as now:
            assert " 1 fleet  2 3 4 5 6 " in now.text("#header")
        async with stage((80, 24)) as now:
            assert "1 fleet" not in now.text("#header")


class TestNode:
    async def test_an_edge_has_a_page_as_well(self):
        async with stage() as now:
            await now.go_to("edge-1")
            await now.press("enter")
            await now.until_drawn()
            assert isinstance(now.app.screen, NodePage)
            assert "edge-1 ● serving" in now.text("#facts")
            assert "3 in use, proved" in now.text("#facts")

    async def test_the_daemon_is_the_one_before_all_others(self):
        async with stage() as now:
            now.controller.logs["daemon"] = ("took charge",)
            await now.press("2", "<")
            await now.until_drawn()
            assert "the daemon of fleet default" in now.text("#facts")
            assert logged(now) == ["took charge"]

    async def test_its_log_is_followed_and_keys_go_to_the_next_process(self):
        async with stage() as now:
            now.controller.logs |= {"edge-2": ("of two",), "seoul-1": ("of one",)}
            await now.go_to("edge-2")
            await now.press("enter")
            await now.until_drawn()
            assert logged(now) == ["of two"]
            now.controller.logs["edge-2"] += ("more",)
            await now.until_drawn()
            assert logged(now) == ["of two", "more"]
            await now.press(">")
            await now.until_drawn()
            assert "seoul-1 ● serving" in now.text("#facts")
            assert logged(now) == ["of one"]
            await now.press("<", "<", "<")
            await now.until_drawn()
            assert "the daemon" in now.text("#facts")

    async def test_one_that_has_written_nothing_says_so(self):
        async with stage() as now:
            now.controller.logs["seoul-1"] = ()
            await now.go_to("seoul-1")
            await now.press("enter")
            await now.until_drawn()
            assert "the log is empty" in now.app.screen.query_one(Reader).render_line(0).text

    async def test_a_log_that_cannot_be_read_is_said_beside_the_keys(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("enter")
            await now.until_drawn()
            await now.until_drawn()
            assert "no process is called 'seoul-1'" in now.text("#keys")

    async def test_what_happened_stands_beside_the_facts_where_there_is_room(self):
        failover = Failover(node="seoul-1", cause=KILLED, seen=MONO, version=3)
        for size, which in (((120, 40), "#past"), ((80, 24), "#facts")):
            async with stage(size) as now:
                now.controller.happen(
                    FailoverBegan(failover=failover), FailoverEnded(node="seoul-1", moved_ms=9.0, back_ms=71.0)
                )
                await now.go_to("seoul-1")
                await now.press("enter")
                await now.until_drawn()
                assert "back 71 ms" in now.text(which)

    async def test_in_the_past_no_log_of_now_is_read(self):
        async with stage() as now:
            now.controller.logs["seoul-1"] = ("then",)
            await now.go_to("seoul-1")
            await now.press("enter")
            await now.until_drawn()
            await now.press("p")
            now.controller.logs["seoul-1"] += ("later",)
            await now.until_drawn()
            assert logged(now) == ["then"]


class TestLogs:
    async def test_while_the_view_is_held_nothing_comes_and_afterwards_all_of_it(self):
        """The header says of when it is, and the footer that no log is followed then."""
        async with stage() as now:
            now.controller.logs["daemon"] = ("then",)
            await now.press("4")
            await now.until_drawn()
            assert "following" in now.text("#keys")
            await now.press("p")
            now.controller.logs["daemon"] += ("later",)
            now.app._listen()
            await now.until_drawn()
            assert "AS OF" in now.text("#header")
            assert logged(now) == ["then"]
            assert "live only" in now.text("#keys")
            assert "following" not in now.text("#keys")
            await now.press("p")
            await now.until_drawn()
            assert logged(now) == ["then", "later"]
            assert "following" in now.text("#keys")

    async def test_lines_that_there_was_no_room_for_are_counted(self):
        async with stage() as now:
            now.controller.logs["daemon"] = ()
            await now.press("4")
            await now.until_drawn()
            now.controller.logs["daemon"] = tuple(f"line {number}" for number in range(ROOM + 20))
            for _ in range(3):
                await now.until_drawn()
            assert isinstance(now.app.screen, LogsPage)
            assert len(now.app.screen.reader.shown) == ROOM
            assert "20 older lines dropped" in now.text("#keys")
            await now.press(">")
            await now.until_drawn()
            assert "edge-1" in now.text("#keys")
            assert "dropped" not in now.text("#keys")

    async def test_a_reader_who_has_scrolled_back_is_not_dragged_away(self):
        async with stage() as now:
            now.controller.logs["daemon"] = tuple(f"line {number}" for number in range(150))
            await now.press("4")
            await now.until_drawn()
            await now.press("g", "down", "down")
            top = now.app.screen.query_one(Reader).scroll_offset.y
            now.controller.logs["daemon"] += tuple(f"more {number}" for number in range(50))
            await now.until_drawn()
            assert now.app.screen.query_one(Reader).scroll_offset.y == top == 2
            assert "not following" in now.text("#keys")
            assert logged(now)[-1] == "more 49"

    async def test_a_search_says_which_match_it_is_at_or_that_there_is_none(self):
        async with stage() as now:
            now.controller.logs["daemon"] = tuple(f"line {number}" for number in range(150))
            await now.press("4")
            await now.until_drawn()
            await now.press("s", *"line 7", "enter")
            await now.until_drawn()
            assert "line 7: 11 of 11" in now.text("#keys")
            await now.press("N")
            await now.until_drawn()
            assert "line 7: 10 of 11" in now.text("#keys")
            await now.press("s", *"x", "enter")
            await now.until_drawn()
            assert "line 7x: no match" in now.text("#keys")

    async def test_a_search_in_wrapped_lines_shows_the_whole_of_the_last_one(self):
        async with stage((80, 24)) as now:
            now.controller.logs["daemon"] = tuple(f"line {number} {'word ' * 30}end" for number in range(20))
            await now.press("4")
            await now.until_drawn()
            await now.press("w", "s", *"line 19", "enter")
            await now.until_drawn()
            reader = now.app.screen.query_one(Reader)
            assert reader.render_line(reader.size.height - 1).text.rstrip().endswith("end")

    async def test_the_newest_line_of_a_long_log_is_on_the_screen(self):
        """No bar lies over it, and a mark where a line is cut does not lie under one."""
        async with stage((80, 24)) as now:
            now.controller.logs["daemon"] = tuple(f"line {number} {'x' * 90}" for number in range(150))
            await now.press("4")
            await now.until_drawn()
            reader = now.app.screen.query_one(Reader)
            drawn = ["".join(segment.text for segment in strip) for strip in now.app.screen._compositor.render_strips()]
            last = drawn[reader.region.bottom - 1]
            assert last.startswith("line 149 ")
            assert last[78] == "…", "the bar that says how far down it is has the last cell"

    @pytest.mark.parametrize("page", ["4", "2<"])
    async def test_a_line_that_is_too_long_is_read_to_its_end(self, page):
        """On small terminals what Envoy writes first, date and place, leaves no room for what it has to say."""
        async with stage((80, 24)) as now:
            now.controller.logs["daemon"] = (f"[{'prefix ' * 12}] connection refused",)
            await now.press(*page)
            await now.until_drawn()
            await now.until_drawn()
            reader = now.app.screen.query_one(Reader)

            def drawn() -> str:
                return "".join(reader.render_line(y).text for y in range(2))

            assert "refused" not in drawn()
            assert "…" in drawn()
            await now.press("w")
            await now.until_drawn()
            assert "connection refused" in drawn()
            assert "w: cut" in (reader.border_title or "")
            assert page != "4" or "w wrap" in now.text("#keys")

    @pytest.mark.parametrize("keys", [("slash", *"line", "enter"), ("s", "enter")])
    async def test_whoever_follows_goes_on_following_when_nothing_is_left_out_or_looked_for_any_more(self, keys):
        async with stage() as now:
            now.controller.logs["daemon"] = tuple(f"line {number}" for number in range(150))
            await now.press("4")
            await now.until_drawn()
            await now.press(*keys)
            if keys[-2] != "s":
                await now.press("escape")
            now.controller.logs["daemon"] += ("the newest",)
            await now.until_drawn()
            reader = now.app.screen.query_one(Reader)
            assert reader.render_line(reader.size.height - 1).text.strip() == "the newest"

    async def test_whoever_takes_a_search_back_stays_at_what_was_found(self):
        async with stage() as now:
            now.controller.logs["daemon"] = tuple(f"line {number}" for number in range(150))
            await now.press("4")
            await now.until_drawn()
            await now.press("s", *"line 77", "enter", "escape")
            assert isinstance(now.app.screen, LogsPage)
            assert now.app.screen.query_one(Reader).render_line(0).text.strip() == "line 77"


class TestEvents:
    async def test_whoever_reads_stays_at_the_same_line_whatever_moment_is_shown(self):
        """Held, a second earlier, and back to now; whoever follows stands at the end of what there was then."""
        async with stage((80, 24)) as now:
            for second in range(60):
                now.app.picture.take(Measured(at=AT + second, samples=samples(a_fleet())), 10.0)
                now.app.picture.take(News(records=(lost(second + 1, AT + second),)), 10.0)
            await now.press("3")
            await now.until_drawn()
            reader = now.app.screen.query_one(Reader)
            await now.press("g", *["down"] * 3)
            top = reader.render_line(0).text
            for key, shown in (("p", 60), ("[", 59), ("]", 60), ("p", 60)):
                await now.press(key)
                await now.until_drawn()
                assert (reader.render_line(0).text, reader.following) == (top, False), key
                assert reader.total in (shown, shown - 1), key
            await now.press("f", "p", "[")
            await now.until_drawn()
            assert reader.following
            assert reader.scroll_offset.y == reader.total - reader.size.height


class TestDrillsAndReports:
    async def test_on_a_small_terminal_nothing_is_cut(self):
        async with stage((80, 24)) as now:
            for page in "56":
                await now.press(page)
                await now.until_drawn()
                assert "…" not in now.text("#text")
                text = now.text("#text").splitlines()
                assert all(len(each.rstrip()) <= 78 for each in text)
                assert now.app.screen.query_one("#text").size.height == len(text)

    async def test_before_the_first_drill_the_screen_says_how_to_run_one(self):
        async with stage() as now:
            await now.press("5")
            await now.until_drawn()
            assert isinstance(now.app.screen, DrillsPage)
            assert "X                      choose a drill" in now.text("#text")
            await now.press("escape")
            assert isinstance(now.app.screen, FleetPage)

    async def test_measured_losses_are_reports(self):
        async with stage() as now:
            failover = Failover(node="seoul-1", cause=KILLED, seen=MONO, version=3)
            now.controller.happen(
                FailoverBegan(failover=failover), FailoverEnded(node="seoul-1", moved_ms=9.0, back_ms=71.0)
            )
            await now.press("6")
            await now.until_drawn()
            assert isinstance(now.app.screen, ReportsPage)
            assert "median 71 ms" in now.text("#text")


async def test_what_fails_while_a_log_is_read_ends_nothing():
    """The next reading is the next attempt."""

    class Broken(MemoryController):
        broken = True

        async def log(self, node, after=-1, lines=100):
            if self.broken:
                raise HactlError("the disk is gone")
            return await super().log(node, after, lines)

    controller = Broken()
    controller.snapshot = a_snapshot()
    controller.logs["daemon"] = ("hello",)
    async with stage(controller=controller) as now:
        await now.press("4")
        await now.until_drawn()
        await now.until_drawn()
        assert "the disk is gone" in now.text("#keys")
        controller.broken = False
        await now.until_drawn()
        assert logged(now) == ["hello"]


class TestRegions:
    """The head of a region, or of the edges, can be gone into like every row."""

    @pytest.mark.parametrize("key", ["enter", "2"])
    async def test_a_region_is_told_in_full(self, key):
        async with stage((120, 40)) as now:
            await now.go_to("[seoul]")
            await now.press(key)
            await now.until_drawn()
            assert "seoul ● 2/2 serving" in now.text("#facts")
            assert not now.app.screen.query_one(Reader).display
            await now.press(">")
            await now.until_drawn()
            assert "edge-1 ● serving" in now.text("#facts")
            assert now.app.screen.query_one(Reader).display

    async def test_beside_the_table_as_well(self):
        async with stage((160, 48)) as now:
            await now.go_to("[edges]")
            await now.until_drawn()
            assert "edges ● 2/2 serving" in now.text("#side")


class TestKeyboard:
    """Whatever was hidden for a while has its keys again once it is seen."""

    async def test_a_table_without_rows_has_them_again_with_its_rows(self):
        async with stage((80, 24)) as now:
            await now.go_to("seoul-1")
            await now.press("z")
            await now.until_drawn()
            assert fleet_page(now).table.shown == ()
            await now.press("z")
            await now.until_drawn()
            await now.go_to("edge-1")
            await now.press("j")
            assert fleet_page(now).table.cursor == "edge-2"

    async def test_a_console_that_was_there_before_its_daemon(self):
        controller = MemoryController()
        controller.failure = Unreachable("no daemon answers on 'x'", "hactl up")
        async with stage((80, 24), controller) as now:
            await now.until_drawn()
            controller.failure = None
            controller.snapshot = a_snapshot()
            await now.until(lambda: fleet_page(now).table.shown)
            await now.press("g", "j")
            assert fleet_page(now).table.cursor == "edge-1"

    @pytest.mark.parametrize("digit", "123456")
    async def test_a_terminal_that_was_too_small_for_a_while(self, digit):
        async with stage((80, 24)) as now:
            await now.press(digit)
            await now.until_drawn()
            before = now.app.focused
            assert before is not None
            await now.pilot.resize_terminal(50, 10)
            await now.until_drawn()
            await now.pilot.resize_terminal(80, 24)
            await now.until_drawn()
            assert now.app.focused is before

    @pytest.mark.parametrize(("digit", "box"), [("1", "#filter"), ("3", "#ask")])
    async def test_a_filter_that_was_being_typed_meanwhile_goes_on(self, digit, box):
        async with stage((80, 24)) as now:
            await now.press(digit, "/", *"seo")
            await now.pilot.resize_terminal(50, 10)
            await now.until_drawn()
            await now.pilot.resize_terminal(80, 24)
            await now.until_drawn()
            await now.press(*"ul")
            assert now.app.screen.query_one(box, Input).value == "seoul"


class TestSigns:
    """What comes where nobody looks is said beside the digit of that screen, until somebody looks."""

    @staticmethod
    async def happen(now: Stage) -> None:
        """One more loss."""
        now.app.picture.take(News(records=(lost(now.app.picture.seq + 1, AT),)), 10.0)
        await now.until_drawn()

    @pytest.mark.parametrize(("size", "where"), [((120, 40), "#header"), ((80, 24), "#keys")])
    async def test_an_event(self, size, where):
        async with stage(size) as now:
            await self.happen(now)
            assert "◆" not in now.text(where), "what was there when the console was opened is nothing new"
            await self.happen(now)
            assert "3◆" in now.text(where)
            await now.press("question_mark", "escape")
            assert "3◆" in now.text(where)
            await now.press("3", "1")
            assert "◆" not in now.text(where)
            await now.press("3")
            await self.happen(now)
            await now.press("1")
            assert "◆" not in now.text(where), "it was seen as it came"

    async def test_lines_of_the_log_that_was_looked_at_last_and_their_end(self):
        time = [10.0]
        async with stage(clock=lambda: time[0]) as now:
            now.controller.logs["daemon"] = ("first",)
            await now.press("4")
            await now.until_drawn()
            await now.press("1")
            now.controller.logs["daemon"] += ("second",)
            now.app._listen()
            await now.until_drawn()
            assert "4◆" in now.text("#header")
            await now.press("4", "1")
            assert "◆" not in now.text("#header")
            time[0] += SILENCE["logs"] + 1
            await now.until_drawn()
            assert "4◇" in now.text("#header")
            await now.press("4", ">", "1")
            assert "◇" not in now.text("#header"), "nobody waits for the other one"

    async def test_a_drill_that_begins_and_one_that_is_over(self):
        async with stage() as now:
            now.controller.happen(FailoverEnded(node="seoul-1", moved_ms=9.0, back_ms=71.0))
            await now.until_drawn()
            given = {"by": "ann", "began": MONO, "wall": AT, "deadline": MONO + 60.0, "sentence": "drill"}
            drill = Operation(id="op-9", verb=Verb.DRILL, targets=(), **given)
            for event in (OperationBegan(operation=drill), OperationMoved(operation=replace(drill, back="ended"))):
                now.controller.happen(event)
                await now.until_drawn()
                assert "5◆" in now.text("#header")
                await now.press("5", "1")
                assert "5◆" not in now.text("#header")
