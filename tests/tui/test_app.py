"""The console from key press to outcome, against a controller in memory and a clock that stands still."""

import re
from collections.abc import Sequence

import pytest
from support.controller import MemoryController
from support.pictures import AT, a_fleet, a_snapshot, samples
from support.stage import stage
from textual import events
from textual.widgets import Input

from hactl.core.errors import Unreachable
from hactl.core.events import OperationBegan, OperationEnded
from hactl.core.node import NodeState
from hactl.core.operation import Operation, Outcome, Verb
from hactl.core.talk import Measured
from hactl.core.value import replace
from hactl.tui.keys import WRITES
from hactl.tui.lines import length, plain
from hactl.tui.screens.confirm import Confirm
from hactl.tui.screens.fleet import FleetPage
from hactl.tui.screens.node import NodePage
from hactl.tui.screens.page import Page
from hactl.tui.screens.reading import EventsPage, LogsPage
from hactl.tui.screens.sheet import Sheet
from hactl.tui.shell import Ran
from hactl.tui.widgets.reader import Reader

SIZES = [(80, 24), (120, 40), (160, 48)]


class TestScreens:
    @pytest.mark.parametrize("size", SIZES)
    async def test_the_fleet_is_there_at_once_at_every_size(self, size):
        async with stage(size) as now:
            assert "OK 4 nodes and 2 edges serve" in now.text("#header")
            assert isinstance(now.app.screen, FleetPage)
            assert len(now.app.screen.table.shown) == 9
            assert now.app.screen.table.cursor == "[edges]"

    async def test_digits_switch_enter_goes_in_and_escape_goes_back(self):
        async with stage() as now:
            for digit, kind in (("3", EventsPage), ("4", LogsPage), ("2", NodePage), ("1", FleetPage)):
                await now.press(digit)
                assert isinstance(now.app.screen, kind)
            await now.go_to("seoul-2")
            await now.press("enter")
            await now.until_drawn()
            assert isinstance(now.app.screen, NodePage)
            assert "seoul-2 ● serving" in now.text("#facts")
            await now.press("escape")
            assert isinstance(now.app.screen, FleetPage)
            assert now.app.screen.table.cursor == "seoul-2"

    async def test_logs_are_those_of_the_row_under_the_cursor(self):
        async with stage() as now:
            now.controller.logs["osaka-1"] = ("[bold]first[/nope]", "sec\x1b[2Jond")
            await now.go_to("osaka-1")
            await now.press("l")
            await now.until_drawn()
            page = now.app.screen
            assert isinstance(page, LogsPage)
            assert [plain(line) for line in page.reader.shown] == [
                "[bold]first[/nope]",
                "sec\N{REPLACEMENT CHARACTER}[2Jond",
            ]

    async def test_too_small_a_screen_says_so_and_changes_nothing(self):
        async with stage((50, 12)) as now:
            verdict, *said = now.text("#header").splitlines()
            assert "OK 4 nodes" in verdict
            assert " ".join(said) == "needs 60x15, has 50x12; keys that change anything  are off"
            assert now.app.screen.query_one("#header").size.height == 3, "all of it is seen"
            await now.press("j", "K", "y")
            assert now.controller.requests == []
            assert not isinstance(now.app.screen, Confirm)
            await now.pilot.resize_terminal(80, 24)
            await now.until_drawn()
            assert now.app.screen.query_one("#header").size.height == 1

    async def test_what_one_can_do_without_a_daemon_is_read_on_a_small_screen(self):
        async with stage((80, 24)) as now:
            now.app.picture.lost("no daemon answers on '/run/user/1000/a-longer-folder/hactl.sock' (hactl up)")
            await now.until_drawn()
            assert now.text("#keys").endswith("no daemon answers on '…/hactl.sock' (hactl up)")

    async def test_a_filter_is_typed_and_cleared(self):
        async with stage() as now:
            await now.press("slash", *"osaka", "enter")
            await now.until_drawn()
            page = now.app.screen
            assert isinstance(page, FleetPage)
            assert [row.key for row in page.table.shown] == ["[osaka]", "osaka-1", "osaka-2"]
            assert "/osaka 2 shown, esc clears" in now.text("#keys")
            await now.press("escape")
            assert len(page.table.shown) == 9

    @pytest.mark.parametrize(
        ("end", "filtered", "keys", "hit"), [("enter", "osaka-2", "G", "osaka-2"), ("escape", "", "gj", "edge-1")]
    )
    async def test_what_follows_a_filter_in_the_same_burst_is_no_part_of_it(self, end, filtered, keys, hit):
        async with stage() as now:
            await now.burst("slash", *"osaka", "minus", "2", end, *keys, "K")
            assert isinstance(now.app.screen, Confirm)
            assert f"Kill {hit}?" in now.text("#question")
            await now.press("escape")
            assert isinstance(now.app.screen, FleetPage)
            assert now.app.screen.table.arrangement.filter == filtered

    async def test_a_search_that_is_entered_and_the_keys_behind_it(self):
        async with stage() as now:
            await now.press("3")
            await now.burst("s", *"kill", "enter", "1")
            await now.until(lambda: isinstance(now.app.screen, FleetPage))


class TestCommandLine:
    async def test_a_command_is_typed_completed_and_run_for_this_fleet(self):
        async with stage() as now:
            await now.press(":", *"ki")
            await now.pilot.pause()
            await now.press("tab", "space", *"seoul-1", "enter")
            assert now.ran == [(["kill", "seoul-1"], "default")]
            assert isinstance(now.app.screen, Sheet)
            assert "[b]7" in now.app.screen.query_one(Reader).render_line(7).text
            await now.press("escape")
            assert isinstance(now.app.screen, FleetPage)
            assert now.app.screen.table.has_focus

    async def test_what_is_typed_faster_than_it_is_drawn_is_not_lost(self):
        async with stage() as now:
            keys = [("colon", ":"), *((events.Key(each, each).key, each) for each in "wait/:x"), ("enter", None)]
            for key, letter in keys:
                now.app.post_message(events.Key(key, letter))
            await now.pilot.pause()
            assert [words for words, _ in now.ran] == [["wait/:x"]]

    @pytest.mark.parametrize(
        ("page", "opens", "box"), [("1", ":", "#prompt"), ("1", "/", "#filter"), ("3", "s", "#ask")]
    )
    @pytest.mark.parametrize("away", ["click", "shift+tab", "window"])
    async def test_what_is_typed_stays_what_is_typed(self, page: str, opens: str, box: str, away: str):
        """A click beside it, a key that leads elsewhere, another window for a while: no rest of a name becomes keys."""
        async with stage() as now:
            await now.press(page, opens, *"se")
            if away == "click":
                await now.pilot.click("#table" if page == "1" else "#reader", offset=(5, 3))
            elif away == "window":
                now.app.post_message(events.AppBlur())
                await now.until_drawn()
                now.app.post_message(events.AppFocus())
            else:
                await now.press(away)
            await now.press(*"oul")
            assert now.app.screen.query_one(box, Input).value == "seoul"
            assert now.notices == []

    async def test_what_follows_a_command_in_the_same_burst_is_no_part_of_it(self):
        async with stage() as now:
            await now.burst("colon", *"where", "enter", "3")
            await now.until(lambda: now.ran)
            assert now.ran == [(["where"], "default")]
            await now.until(lambda: any(isinstance(screen, EventsPage) for screen in now.app.screen_stack))

    async def test_the_end_of_what_a_command_began_is_said(self):
        async def run(words: Sequence[str], fleet: str) -> Ran:
            return Ran(shell="hactl kill seoul-1", code=0, text=f"op-{began}: kill seoul-1")

        async with stage(run=run) as now:
            began = now.controller.snapshot.fleet.seq + 1
            await now.press(":", *"kill seoul-1", "enter")
            operation = Operation(
                id=f"op-{began}", verb=Verb.KILL, by="ann", began=0.0, wall=0.0, deadline=9.0, sentence="kill seoul-1"
            )
            now.controller.happen(
                OperationBegan(operation=operation),
                OperationEnded(id=operation.id, outcome=Outcome.DONE, sentence="kill seoul-1", ms=80.0),
            )
            await now.until_said("kill seoul-1; done after 80 ms")

    async def test_a_console_that_only_reads_says_so_and_runs_what_reads(self):
        async with stage((80, 24), read_only=True, verbs=("kill", "where")) as now:
            assert "READ-ONLY" in now.text("#header")
            await now.press(":", *"where", "enter")
            assert now.ran == [(["where"], "default")]
            await now.press(":", *"kill seoul-1", "enter")
            assert len(now.ran) == 1
            assert any("this console is read-only" in notice for notice in now.notices)

    async def test_arrows_recall_on_every_screen(self):
        async with stage() as now:
            await now.press(":", *"where", "enter")
            await now.press("3", ":", "up")
            assert now.app.screen.prompt.value == "where"
            await now.press("down")
            assert now.app.screen.prompt.value == ""
            await now.press("escape")
            assert not now.app.screen.prompt.display
            assert now.ran == [(["where"], "default")]

    async def test_help_says_every_key(self):
        async with stage() as now:
            await now.press("?")
            assert isinstance(now.app.screen, Sheet)
            said = "\n".join(plain(line) for line in now.app.screen.query_one(Reader).shown)
            for key in (*WRITES, "X", "u", "y", "ctrl+p", "ctrl+k", "[ ]", "left right o"):
                assert re.search(rf"^  (.*\s)?{re.escape(key)}\s", said, re.MULTILINE), key
            await now.press("escape")
            assert isinstance(now.app.screen, FleetPage)

    async def test_help_begins_with_the_keys_of_the_screen_it_was_asked_on(self):
        async with stage() as now:
            for page, heading in (("1", "in tables"), ("3", "in texts")):
                await now.press(page, "?")
                assert plain(now.app.screen.query_one(Reader).shown[0]).startswith(heading)
                await now.press("escape")

    async def test_help_is_not_cut_on_a_small_screen(self):
        async with stage((80, 24)) as now:
            await now.press("?")
            reader = now.app.screen.query_one(Reader)
            room = reader.scrollable_content_region.width
            assert [plain(line) for line in reader.shown if length(line) > room] == []

    async def test_quit_is_a_command_too(self):
        async with stage() as now:
            await now.press(":", "q", "enter")
            assert now.app.return_code == 0


class TestTime:
    async def test_p_holds_the_view_and_gives_it_back(self):
        async with stage() as now:
            await now.press("p")
            later = replace(now.controller.snapshot, at=AT + 5.0)
            now.app.picture.take(Measured(at=AT + 5.0, samples=later.samples, pulse=later.pulse), 10.0)
            await now.until_drawn()
            assert "AS OF" in now.text("#header")
            await now.press("p")
            assert "LIVE" in now.text("#header")

    async def test_the_past_cannot_be_changed(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("p", "K", "y")
            assert now.controller.requests == []

    async def test_walking_back_and_forth(self):
        async with stage() as now:
            samples = now.controller.snapshot.samples
            for second in range(1, 40):
                now.app.picture.take(Measured(at=AT + second, samples=samples), 10.0)
            await now.press("[", "[")
            assert "AS OF" in now.text("#header")
            await now.press("]", "]")
            assert "LIVE" in now.text("#header")
            await now.press("{", "{", "{")
            assert now.app.moments.view().snapshot == now.controller.snapshot, "the first there is"

    @pytest.mark.parametrize(("key", "kind"), [("enter", NodePage), ("2", NodePage), ("l", LogsPage)])
    async def test_of_the_moment_that_is_shown_one_goes_into_every_process(self, key: str, kind: type[Page]):
        """Also into one that is gone by now; never into the one before."""
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("2", "4", "1")
            snapshot = now.controller.snapshot
            left = {name: node for name, node in snapshot.fleet.nodes.items() if name != "osaka-2"}
            later = replace(snapshot, at=AT + 1.0, fleet=replace(snapshot.fleet, nodes=left))
            now.app.picture.take(later, 11.0)
            await now.until_drawn()
            await now.press("[")
            await now.go_to("osaka-2")
            await now.press(key)
            assert isinstance(now.app.screen, kind)
            assert now.app.screen.chosen == "osaka-2"


class TestNumbers:
    async def test_headroom_is_there_as_soon_as_there_is_traffic(self):
        """It is computed seldom, and never stands beside requests as if there were none."""
        fleet = a_fleet(sustained=100.0)
        controller = MemoryController()
        controller.snapshot = a_snapshot(fleet, samples(fleet, 0.0))
        async with stage(controller=controller) as now:
            assert "no traffic" in now.text("#tiles")
            controller.tell(Measured(at=AT + 0.5, samples=samples(fleet)))
            await now.until_drawn()
            assert "50% left" in now.text("#tiles")


class TestConnection:
    async def test_without_a_daemon_it_says_so_and_goes_on_trying(self):
        controller = MemoryController()
        controller.failure = Unreachable("no daemon answers on 'x'", "hactl up")
        async with stage(controller=controller) as now:
            assert "no daemon answers" in now.text("#keys")
            controller.failure = None
            controller.snapshot = a_snapshot()
            await controller.until_watchers(1)
            await now.until_drawn()
            assert "OK 4 nodes" in now.text("#header")

    async def test_a_daemon_that_goes_leaves_the_last_picture(self):
        async with stage() as now:
            now.controller.failure = Unreachable("no daemon answers on 'x'", "hactl up")
            now.controller.let_go()
            await now.controller.until_watchers(0)
            await now.until(lambda: now.app.picture.trouble)
            assert "STALE" in now.text("#header")
            assert isinstance(now.app.screen, Page)
            assert len(now.app.screen.query_one("#table").shown) == 9

    async def test_one_that_goes_because_it_was_told_to_leaves_no_outage(self):
        fleet = a_fleet()
        down = {name: replace(node, state=NodeState.STOPPED, launch=None) for name, node in fleet.nodes.items()}
        controller = MemoryController()
        controller.snapshot = a_snapshot(replace(fleet, nodes=down, closing=True))
        async with stage(controller=controller) as now:
            now.controller.failure = Unreachable("no daemon answers on 'x'", "hactl up")
            now.controller.let_go()
            await now.until(lambda: now.app.picture.trouble)
            assert "stopped on purpose; hactl up" in now.text("#header")
            assert "hactl up starts it again" in now.text("#keys")
            assert "retrying" not in now.text("#keys")

    async def test_numbers_of_long_ago_are_none(self):
        """They stand for seconds, whatever became of the daemon."""
        time = [10.0]
        async with stage((80, 24), clock=lambda: time[0]) as now:
            assert "req/s 100" in now.text("#tiles")
            time[0] += 3.5
            await now.until_drawn()
            assert "req/s -" in now.text("#tiles")
            assert "STALE" in now.text("#header")

    async def test_q_leaves(self):
        async with stage() as now:
            await now.press("q")
            assert now.app.return_code == 0
        assert now.controller.requests == []


class TestCommandsThatChangeSomething:
    """They are typed on purpose, and run where one sees what one does and when."""

    async def test_none_is_run_from_the_past(self):
        async with stage() as now:
            await now.press("p", ":", *"kill seoul-1", "enter")
            assert now.ran == []
            assert now.notices == ["this is the past: p goes back to live"]
            await now.press(":", *"where", "enter")
            assert now.ran == [(["where"], "default")]

    async def test_none_is_run_where_nothing_can_be_seen(self):
        async with stage((50, 12)) as now:
            await now.press(":", *"kill seoul-1", "enter")
            assert now.ran == []
            assert "too small" in now.notices[-1]
