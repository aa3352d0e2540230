"""The console from key press to outcome, against a controller in memory and a clock that stands still."""

import asyncio

import pytest
from support.build import a_launch
from support.controller import MemoryController
from support.pictures import AT, a_fleet, a_snapshot, with_node
from support.stage import stage
from textual import events

from hactl.core.commands import Drain, Freeze, Kill, Restart, Resume, Stop
from hactl.core.errors import CommandRejected, Unreachable
from hactl.core.node import NodeState
from hactl.core.plan import Share
from hactl.core.talk import Measured, Receipt
from hactl.core.value import replace
from hactl.tui.screens.confirm import Confirm
from hactl.tui.screens.fleet import FleetPage
from hactl.tui.screens.node import NodePage
from hactl.tui.screens.page import Page
from hactl.tui.screens.reading import EventsPage, LogsPage
from hactl.tui.screens.sheet import Sheet
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
            assert ["".join(span.text for span in line) for line in page.reader.shown] == [
                "[bold]first[/nope]",
                "sec\N{REPLACEMENT CHARACTER}[2Jond",
            ]

    async def test_too_small_a_screen_says_so_and_changes_nothing(self):
        async with stage((50, 12)) as now:
            assert "needs 60x15, has 50x12" in now.text("#header")
            await now.press("j", "K", "y")
            assert now.controller.requests == []
            assert not isinstance(now.app.screen, Confirm)

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


class TestChanges:
    """Upper-case keys."""

    @pytest.mark.parametrize(
        ("key", "command"), [("K", Kill), ("T", Stop), ("R", Restart), ("D", Drain), ("Z", Freeze)]
    )
    async def test_a_key_asks_and_y_does_it(self, key, command):
        async with stage() as now:
            now.controller.reply = Receipt(seq=1, shares=(Share(node="seoul-2", region="seoul", part=0.5),))
            await now.go_to("seoul-1")
            await now.press(key)
            assert isinstance(now.app.screen, Confirm)
            assert "seoul-2 25% → 50%" in now.text("#question")
            assert now.controller.dry_runs == len(now.controller.requests) == 1
            await now.press("y")
            assert now.controller.requests[-1].command == command(nodes=("seoul-1",))
            assert now.controller.requests[-1].by == "ann"
            assert len(now.controller.requests) == 2
            assert isinstance(now.app.screen, FleetPage)

    @pytest.mark.parametrize("key", ["enter", "escape", "n", "q"])
    async def test_everything_else_cancels(self, key):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("K", key)
            assert isinstance(now.app.screen, FleetPage)
            assert len(now.controller.requests) == now.controller.dry_runs

    async def test_what_only_gives_back_is_done_without_asking(self):
        controller = MemoryController()
        controller.snapshot = a_snapshot(with_node(a_fleet(), "seoul-1", state=NodeState.DRAINING, drained=True))
        async with stage(controller=controller) as now:
            await now.go_to("seoul-1")
            await now.press("D")
            assert [request.command for request in controller.requests] == [Resume(nodes=("seoul-1",))]
            assert controller.dry_runs == 0

    async def test_a_broken_rule_wants_the_name_of_the_fleet_typed(self):
        async with stage() as now:
            now.controller.reply = CommandRejected("1 node would be left", "add --confirm default", guard=True)
            await now.go_to("seoul-1")
            await now.press("K")
            assert "breaks a rule: 1 node would be left" in now.text("#question")
            await now.press("y", "enter")
            assert isinstance(now.app.screen, Confirm)
            assert len(now.controller.requests) == 1
            now.controller.reply = Receipt(seq=1, sentence="kill seoul-1")
            await now.press("backspace", *"default", "enter")
            assert now.controller.requests[-1].confirm == "default"
            assert len(now.controller.requests) == 2

    async def test_a_command_that_does_not_fit_is_a_message(self):
        async with stage() as now:
            now.controller.reply = CommandRejected("'seoul-1' is already being stopped", "hactl wait seoul-1")
            await now.go_to("seoul-1")
            await now.press("K")
            assert isinstance(now.app.screen, FleetPage)
            assert any("already being stopped" in notice.message for notice in now.app._notifications)

    async def test_a_process_that_has_changed_since_the_key_is_never_hit(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("K")
            node = a_fleet().nodes["seoul-1"]
            again = with_node(a_fleet(), "seoul-1", launch=replace(a_launch("seoul-1", 2), at=node.launch.at))
            now.controller.snapshot = a_snapshot(again)  # the console has not heard of it yet
            await now.press("y")
            assert len(now.controller.requests) == now.controller.dry_runs == 1

    async def test_what_is_typed_before_the_daemon_has_answered_confirms_nothing(self):
        """A filter typed too early is no yes, and a second question cannot come over the first."""
        async with stage() as now:
            held, submit = asyncio.Event(), now.controller.submit

            async def slowly(*args: object, **how: object) -> Receipt:
                await held.wait()
                return await submit(*args, **how)

            now.controller.submit = slowly
            await now.go_to("seoul-1")
            await now.press("K", *"/ty", "K")
            assert isinstance(now.app.screen, Confirm)
            assert "asking the daemon" in now.text("#question")
            assert sum(isinstance(screen, Confirm) for screen in now.app.screen_stack) == 1
            held.set()
            await now.pilot.pause()
            assert "Kill seoul-1?" in now.text("#question")
            assert len(now.controller.requests) == now.controller.dry_runs == 1
            await now.press("escape")
            assert len(now.controller.requests) == 1

    async def test_rows_that_move_between_key_and_answer_change_nothing(self):
        async with stage() as now:
            await now.go_to("seoul-2")
            await now.press("K")
            fleet = a_fleet()
            gone = {name: node for name, node in fleet.nodes.items() if name not in ("seoul-1", "edge-1")}
            now.controller.snapshot = a_snapshot(replace(fleet, nodes=gone))
            now.app.picture.take(now.controller.snapshot, 10.0)
            now.app._draw()
            await now.press("y")
            assert now.controller.requests[-1].command == Kill(nodes=("seoul-2",))

    async def test_a_region_row_is_nobody_to_kill(self):
        async with stage() as now:
            await now.press("K")
            assert now.controller.requests == []


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
            said = "\n".join("".join(span.text for span in line) for line in now.app.screen.query_one(Reader).shown)
            for key in ("K T R", "[ ]", "left right o"):
                assert key in said
            await now.press("escape")
            assert isinstance(now.app.screen, FleetPage)

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
            assert now.app.screen.table is not None
            assert "AS OF" in now.text("#header")
            await now.press("]", "]")
            assert "LIVE" in now.text("#header")
            await now.press("{", "{", "{")
            assert now.app.moments.view().snapshot == now.controller.snapshot, "the first there is"


class TestTrouble:
    async def test_a_screen_that_cannot_be_drawn_is_a_message_without_any_contents(self, monkeypatch):
        async with stage() as now:

            def broken(*_: object, **__: object) -> None:
                raise ValueError("secret-token")

            monkeypatch.setattr(FleetPage, "draw_body", broken)
            await now.until_drawn()
            notices = [notice.message for notice in now.app._notifications]
            assert any("ValueError in drawing FleetPage" in notice for notice in notices)
            assert not any("secret-token" in notice for notice in notices)
            monkeypatch.undo()
            await now.until_drawn()
            assert now.app.is_running


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
            while not now.app.picture.trouble:
                await now.pilot.pause(0.05)
            await now.until_drawn()
            assert "STALE" in now.text("#header")
            assert isinstance(now.app.screen, Page)
            assert len(now.app.screen.query_one("#table").shown) == 9

    async def test_q_leaves(self):
        async with stage() as now:
            await now.press("q")
            assert now.app.return_code == 0
        assert now.controller.requests == []
