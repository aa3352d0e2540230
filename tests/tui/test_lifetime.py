"""Whether a fleet begins and ends with the console: it does not, unless somebody says so."""

import asyncio
from collections.abc import Sequence

import pytest
from support.controller import MemoryController
from support.pictures import a_snapshot
from support.stage import Stage, stage

from hactl.core.errors import Absent, HactlError, Unreachable
from hactl.tui.lifetime import UP_ALREADY, Ends
from hactl.tui.messages import Said, Shown
from hactl.tui.screens.choice import Choice
from hactl.tui.screens.fleet import FleetPage
from hactl.tui.screens.sheet import Sheet
from hactl.tui.shell import Ran
from hactl.tui.widgets.reader import Reader, plain


def away() -> MemoryController:
    """Nobody is there."""
    controller = MemoryController()
    controller.snapshot = a_snapshot()
    controller.failure = Absent("no daemon answers on 'x'", "hactl up")
    return controller


async def asked(now: Stage) -> str:
    """The question that lies over the screen; it is broken into lines once its width is known."""
    assert isinstance(now.app.screen, Choice)
    await now.pilot.pause()
    return now.text("#question")


async def comes_up(now: Stage) -> None:
    now.controller.failure = None
    await now.controller.until_watchers(1)
    await now.until_drawn()


class TestBeginning:
    async def test_a_fleet_that_does_not_run_is_started_if_that_is_wanted(self):
        async with stage(controller=away(), startable=True) as now:
            assert "Start fleet default?" in await asked(now)
            await now.press("y")
            assert now.ran == [(["up"], "default")]
            await comes_up(now)
            assert "OK 4 nodes" in now.text("#header")
            await now.press("q")
            assert "This console started it." in await asked(now)

    async def test_elsewhere_the_command_that_is_offered_names_its_fleet(self):
        async with stage(controller=away(), startable=True, program=("hactl", "--fleet", "prod")) as now:
            assert "$ hactl --fleet prod up" in await asked(now)

    async def test_somebody_else_starts_it_meanwhile_and_the_question_is_gone(self):
        async with stage(controller=away(), startable=True) as now:
            assert "Start fleet default?" in await asked(now)
            await comes_up(now)
            assert isinstance(now.app.screen, FleetPage)
            await now.press("q")
            assert now.app.return_code == 0, "it is not this console's to stop"
        assert now.ran == []

    @pytest.mark.parametrize(
        ("code", "said"), [(0, f"fleet default {UP_ALREADY}"), (1, "hactl: a daemon already runs"), (2, "hactl: no")]
    )
    async def test_whoever_was_not_first_is_not_asked_whether_to_stop_it(self, code: int, said: str):
        async def run(words: Sequence[str], fleet: str) -> Ran:
            return Ran(shell="hactl up", code=code, text=said)

        async with stage(controller=away(), startable=True, run=run) as now:
            await now.press("y")
            await comes_up(now)
            await now.press("q")
            assert now.app.return_code == 0
            assert not now.app.lifetime.stops

    @pytest.mark.parametrize("code", [0, 4, -9])
    async def test_one_that_is_slow_to_serve_was_started_here_all_the_same(self, code: int):
        """It goes on starting when `up` has waited for long enough; also when that was typed."""

        async def run(words: Sequence[str], fleet: str) -> Ran:
            return Ran(shell="hactl up", code=code, text="waited for the whole fleet")

        async with stage(controller=away(), startable=True, run=run) as now:
            await now.press("escape", "colon", *"up", "enter")
            await comes_up(now)
            await now.press("q")
            assert "This console started it." in await asked(now)

    @pytest.mark.parametrize(("key", "stops"), [("d", False), ("s", True)])
    async def test_one_that_is_still_being_started_is_not_left_without_asking(self, key: str, stops: bool):
        """It may serve already while the command that started it still waits for the last of it."""
        begun = asyncio.Event()

        async def run(words: Sequence[str], fleet: str) -> Ran:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

        async with stage(controller=away(), startable=True, run=run) as now:
            await now.pilot.press("y")  # and nobody waits for what it begins
            await begun.wait()
            now.controller.failure = None
            await now.controller.until_watchers(1)
            await now.pilot.press("q")
            assert "This console is starting it." in await asked(now)
            await now.press(key)
            assert now.app.return_code == 0
            assert now.app.lifetime.stops is stops

    @pytest.mark.parametrize("key", ["escape", "enter", "n", "q"])
    async def test_or_waited_for(self, key: str):
        async with stage(controller=away(), startable=True) as now:
            await now.press(key)
            assert isinstance(now.app.screen, FleetPage)
            await comes_up(now)
            await now.press("q")
            assert now.app.return_code == 0
            assert not now.app.lifetime.stops
        assert now.ran == []

    @pytest.mark.parametrize(
        "trouble",
        [
            HactlError("the daemon speaks protocol 2", "hactl daemon restart"),
            Unreachable("no permission to open 'x'", "run as root"),
            Unreachable("the daemon on 'x' does not answer in time", "hactl logs daemon"),
        ],
    )
    async def test_one_that_runs_already_is_not_offered_but_what_is_in_the_way_is_said(self, trouble: HactlError):
        """Until there is none any more."""
        controller = away()
        controller.failure = trouble
        async with stage(controller=controller, startable=True) as now:
            await now.until(lambda: now.controller.attempts > 1)
            assert isinstance(now.app.screen, FleetPage)
            assert str(trouble) in now.text("#keys")
            controller.failure = away().failure
            await now.until(lambda: isinstance(now.app.screen, Choice))
            assert "Its daemon is not running." in await asked(now)

    async def test_it_is_offered_once(self):
        async with stage(controller=away(), startable=True) as now:
            await now.press("escape")
            tried = now.controller.attempts
            await now.until(lambda: now.controller.attempts > tried + 1)
            assert isinstance(now.app.screen, FleetPage)

    @pytest.mark.parametrize("key", ["escape", "y"])
    async def test_the_table_has_the_keys_afterwards(self, key: str):
        async with stage(controller=away(), startable=True) as now:
            await now.press(key)
            await comes_up(now)
            await now.press("j", "right", "right")
            page = now.app.screen
            assert isinstance(page, FleetPage)
            assert page.table.cursor == "edge-1"
            assert page.table.arrangement.sort == 1

    @pytest.mark.parametrize("how", [{"startable": True, "read_only": True}, {"startable": False}])
    async def test_not_by_a_reader_and_not_without_a_file(self, how: dict[str, bool]):
        async with stage(controller=away(), **how) as now:
            assert isinstance(now.app.screen, FleetPage)
            assert "no daemon answers" in now.text("#header")

    async def test_not_for_one_that_has_run_and_goes(self):
        async with stage(startable=True) as now:
            now.controller.failure = Absent("no daemon answers on 'x'", "hactl up")
            now.controller.let_go()
            await now.until(lambda: now.app.picture.trouble)
            assert isinstance(now.app.screen, FleetPage)


class TestEnding:
    async def test_as_a_rule_the_fleet_goes_on(self):
        async with stage() as now:
            await now.press("q")
            assert now.app.return_code == 0
            assert not now.app.lifetime.stops

    @pytest.mark.parametrize(
        ("ends", "key", "leaves", "stops"),
        [
            (Ends.ASKED, "d", True, False),
            (Ends.ASKED, "s", True, True),
            (Ends.ASKED, "y", False, False),
            (Ends.ASKED, "escape", False, False),
            (Ends.WITH_IT, "y", True, True),
            (Ends.WITH_IT, "d", False, False),
            (Ends.WITH_IT, "escape", False, False),
            (Ends.WITH_IT, "q", False, False),
            (Ends.WITH_IT, "enter", False, False),
        ],
    )
    async def test_where_it_might_end_with_the_console_that_is_asked(
        self, ends: Ends, key: str, leaves: bool, stops: bool
    ):
        async with stage(ends=ends) as now:
            await now.press("q")
            assert isinstance(now.app.screen, Choice)
            await now.press(key)
            assert (now.app.return_code == 0) is leaves
            assert now.app.lifetime.stops is stops

    async def test_nothing_is_answered_where_the_question_cannot_be_read(self):
        async with stage((50, 12), ends=Ends.WITH_IT) as now:
            await now.press("q", "y")
            assert now.app.return_code is None
            assert "enlarge the window to 60x15" in " ".join((await asked(now)).split())
            await now.press("escape")
            assert isinstance(now.app.screen, FleetPage)

    @pytest.mark.parametrize("way", [("ctrl+q",), (":", "q", "enter"), (":", *"quit", "enter")])
    async def test_whichever_way_one_leaves(self, way: tuple[str, ...]):
        async with stage(ends=Ends.WITH_IT) as now:
            await now.press(*way)
            await now.pilot.pause()
            assert isinstance(now.app.screen, Choice)


class TestBeside:
    """Somebody tells a story while one looks on."""

    async def test_a_thing_said_in_passing_is_no_markup(self):
        async with stage() as now:
            now.app.post_message(Said("[b]load[/nope]", bad=True))
            await now.pilot.pause()
            assert "[b]load[/nope]" in now.notices

    async def test_a_page_to_read_lies_over_the_screen(self):
        async with stage() as now:
            now.app.post_message(Shown("PASSED", "one\n  two"))
            await now.pilot.pause()
            await now.pilot.pause()
            assert isinstance(now.app.screen, Sheet)
            assert [plain(each) for each in now.app.screen.query_one(Reader).shown] == ["one", "  two"]
            await now.press("escape")
            assert isinstance(now.app.screen, FleetPage)
