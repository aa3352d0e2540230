"""The list of everything, the clipboard, and keys that must not do what they do elsewhere."""

from support.controller import MemoryController
from support.pictures import a_snapshot
from support.stage import stage

from hactl.core.commands import Kill, Stop
from hactl.core.value import replace
from hactl.tui.screens.confirm import Confirm
from hactl.tui.screens.fleet import FleetPage
from hactl.tui.screens.palette import Palette
from hactl.tui.screens.reading import EventsPage


class TestThePalette:
    async def test_a_change_is_found_by_its_words_and_asked_about(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("ctrl+p", *"kill seo")
            assert isinstance(now.app.screen, Palette)
            assert "▸ K       kill seoul-1" in now.text("#entries")
            await now.press("enter")
            assert isinstance(now.app.screen, Confirm)
            await now.press("y")
            assert now.controller.requests[-1].command == Kill(nodes=("seoul-1",))

    async def test_the_target_is_the_one_of_when_the_list_was_opened(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("ctrl+p", *"stop seo")
            fleet = now.controller.snapshot.fleet
            moved = dict(sorted(fleet.nodes.items(), reverse=True))
            now.app.picture.take(replace(now.controller.snapshot, fleet=replace(fleet, nodes=moved)), 10.0)
            await now.until_drawn()
            await now.press("enter", "y")
            assert now.controller.requests[-1].command == Stop(nodes=("seoul-1",))

    async def test_what_is_typed_in_one_burst_is_typed_there(self):
        """Nobody waits for a list whose keys are in the fingers: another entry must not be taken for it."""
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.burst("ctrl+p", *"drain", "space", *"osaka", "minus", "1", "enter")
            assert "Drain osaka-1?" in now.text("#question")

    async def test_arrows_in_a_burst_move_in_what_was_found(self):
        async with stage() as now:
            await now.burst("ctrl+p", *"screen", "down", "down", "enter")
            await now.pilot.pause()
            assert isinstance(now.app.screen, EventsPage)

    async def test_arrows_move_and_escape_leaves(self):
        async with stage() as now:
            await now.press("ctrl+p", *"screen")
            await now.press("down", "down", "down", "up", "enter")
            await now.pilot.pause()
            assert isinstance(now.app.screen, EventsPage)
            await now.press("ctrl+p", "escape")
            assert isinstance(now.app.screen, EventsPage)

    async def test_what_cannot_be_done_says_why(self):
        async with stage() as now:
            await now.go_to("edge-1")
            await now.press("ctrl+p", *"drain")
            assert "(" in now.text("#entries")
            await now.press("enter")
            assert "'edge-1' is an edge: it has no share to change" in now.notices
            assert isinstance(now.app.screen, FleetPage)

    async def test_a_verb_is_typed_on(self):
        async with stage() as now:
            await now.press("ctrl+p", *":where", "enter")
            await now.pilot.pause()
            assert now.app.screen.prompt.value == "where "
            await now.press("enter")
            assert [words for words, _ in now.ran] == [["where"]]

    async def test_nothing_fits(self):
        async with stage() as now:
            await now.press("ctrl+p", *"xyzzy")
            assert "no matches" in now.text("#entries")
            await now.press("enter")
            assert isinstance(now.app.screen, Palette)


class TestCopying:
    async def test_the_row_under_the_cursor_goes_to_the_clipboard(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("y")
            assert now.app.clipboard.startswith("state ● serving, name seoul-1, wgt 100, share 25%, ")
            assert "last 60s" not in now.app.clipboard, "it is a picture"
            assert any(notice.startswith("copied: state ● serving, name seoul-1") for notice in now.notices)

    async def test_marked_rows_go_together(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("space", "space", "y")
            names = [line.split(", ")[1] for line in now.app.clipboard.splitlines()]
            assert names == ["name seoul-1", "name seoul-2"]

    async def test_in_a_log_it_is_the_line_that_was_searched_for(self):
        controller = MemoryController()
        controller.snapshot = a_snapshot()
        controller.logs["seoul-1"] = ("first", "[b]second", "third")
        async with stage(controller=controller) as now:
            await now.go_to("seoul-1")
            await now.press("l")
            await now.until_drawn()
            await now.press("y")
            assert now.app.clipboard == "third"
            await now.press("s", *"sec", "enter", "y")
            assert now.app.clipboard == "[b]second"
            assert "copied: [b]second" in now.notices

    async def test_a_node_is_copied_in_full(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("enter")
            await now.until_drawn()
            await now.press("y")
            assert "seoul-1 ● serving" in now.app.clipboard
            assert "last 60 s" not in now.app.clipboard
            assert "listens on" in now.app.clipboard


async def test_control_c_leaves_nothing_behind_but_a_hint():
    async with stage() as now:
        await now.press("ctrl+c")
        assert now.app.is_running
        assert now.app.return_code is None
        assert "q or ctrl+q leaves; the fleet keeps running" in now.notices
