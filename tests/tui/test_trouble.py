"""Whatever goes wrong inside the console is said, without what it was about, and the console goes on."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from support.controller import MemoryController
from support.pictures import a_snapshot
from support.stage import Stage, stage
from support.terminal import Terminal

from hactl.core.talk import LogPage
from hactl.core.value import replace
from hactl.tui.app import Console
from hactl.tui.meaning import Meaning
from hactl.tui.picture import View
from hactl.tui.screens.fleet import FleetPage
from hactl.tui.shell import Ran
from hactl.tui.steady import last_words
from hactl.tui.theme import DEFAULT, read, shipped

SECRET = "hunter2"


def broken(*_: object, **__: object) -> None:
    token = SECRET
    raise ValueError(token)


class BrokenKeys(Console):
    """Keys and messages that cannot be handled."""

    def action_help(self) -> None:
        broken()

    def on_line_table_chosen(self) -> None:
        broken()


def went_on(now: Stage, where: str) -> None:
    """It was said once, in so many words, and nothing else was."""
    assert [said for said in now.notices if SECRET in said] == []
    assert [said for said in now.notices if "ValueError" in said] == [
        f"internal console error (ValueError in {where}); continuing"
    ]
    assert now.app.is_running
    assert now.app.return_code is None


async def still_works(now: Stage) -> None:
    """Keys are heard, and pictures are drawn."""
    await now.press("3", "1")
    await now.until_drawn()
    assert isinstance(now.app.screen, FleetPage)
    assert "OK 4 nodes and 2 edges serve" in now.text("#header")


async def test_a_key():
    async with stage(kind=BrokenKeys) as now:
        await now.press("?", "?")
        went_on(now, "key for help")
        await still_works(now)


async def test_a_message():
    async with stage(kind=BrokenKeys) as now:
        await now.press("enter")
        went_on(now, "Chosen of BrokenKeys")
        await still_works(now)


async def test_a_screen_that_cannot_be_drawn(monkeypatch):
    async with stage() as now:
        with monkeypatch.context() as patch:
            patch.setattr(FleetPage, "draw_body", broken)
            await now.until_drawn()
        went_on(now, "drawing FleetPage")
        await still_works(now)


async def test_lines_that_cannot_be_drawn_say_so_in_their_place():
    whole = read(shipped()[DEFAULT])
    less = replace(whole, styles={key: style for key, style in whole.styles.items() if key is not Meaning.KEY})
    async with stage(theme=less) as now:
        keys = now.app.screen.query_one("#keys")
        assert "cannot be drawn: KeyError" in "".join(
            segment.text for segment in now.app.screen._compositor.render_strips()[keys.region.y]
        )
        assert now.notices == ["internal console error (KeyError in drawing LinesView); continuing"]
        await still_works(now)


async def test_work_that_nobody_waits_for():
    async def run(words: Sequence[str], fleet: str) -> Ran:
        raise ValueError(SECRET)

    async with stage(run=run) as now:
        await now.press(":", *"where", "enter")
        went_on(now, "run")
        await still_works(now)


async def test_the_picture_itself_is_taken_up_again():
    class Odd(MemoryController):
        odd = True

        async def watch(self, after: int = 0):
            if self.odd:
                self.odd = False
                broken()
            async for update in super().watch(after):
                yield update

    controller = Odd()
    controller.snapshot = a_snapshot()
    async with stage(controller=controller) as now:
        went_on(now, "_follow")
        await still_works(now)


async def test_a_log_that_cannot_be_read():
    class Odd(MemoryController):
        async def log(self, node: str, after: int = -1, lines: int = 100) -> LogPage:
            raise ValueError(SECRET)

    controller = Odd()
    controller.snapshot = a_snapshot()
    async with stage(controller=controller) as now:
        await now.go_to("seoul-1")
        await now.press("l")
        await now.until_drawn()
        went_on(now, "_read_on")
        await still_works(now)


class BrokenView(Console):
    """It can be drawn only for as long as it is well."""

    well = True

    def _view(self) -> View:
        if not self.well:
            broken()
        return super()._view()


async def test_what_was_put_off_until_the_screen_is_there():
    async with stage(kind=BrokenView) as now:
        now.app.well = False
        await now.pilot.resize_terminal(100, 30)
        await now.press("3")
        now.app.well = True
        assert [said for said in now.notices if SECRET in said] == []
        assert any("error (ValueError" in said for said in now.notices)
        await still_works(now)


async def test_a_timer():
    async with stage() as now:
        now.app.set_timer(0.001, now.app.steadily(broken))
        await now.until(lambda: now.notices)
        went_on(now, "broken")
        await still_works(now)


def test_last_words_say_where_and_not_what():
    try:
        broken()
    except ValueError as error:
        said = last_words(error)
    assert said.startswith("hactl: the console crashed: ValueError in broken, test_trouble.py:")
    assert SECRET not in said


SCRIPT = """
import sys
from support.controller import MemoryController
from support.pictures import a_snapshot
from hactl.tui.app import Console
from hactl.tui.theme import DEFAULT, read, shipped

class Broken(Console):
    def on_mount(self) -> None:
        token = "hunter2"
        raise ValueError(token)

controller = MemoryController()
controller.snapshot = a_snapshot()
app = Broken(controller, read(shipped()[DEFAULT]), fleet="t", by="ann")
app.run()
sys.exit(app.return_code)
"""


def test_what_can_only_end_ends_with_one_line(tmp_path: Path):
    """On a real terminal, which is as it was before: no traceback, no local variables, an exit code that says so."""
    env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[1])}
    with Terminal([sys.executable, "-c", SCRIPT], columns=120, lines=30, env=env, cwd=tmp_path) as seen:
        assert seen.until_it_ends() == 1
        (said,) = [line.rstrip() for line in seen.text.splitlines() if line.strip()]
        # the emulator prints the last letter of a sequence about keyboards that it does not know
        assert said.removeprefix("u") == (
            "hactl: the console crashed: ValueError in on_mount, <string>:11; the fleet keeps running"
        )
