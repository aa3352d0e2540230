"""A real drill from the console: chosen, run, looked at as it goes, and it goes on when the console is closed."""

import asyncio
import sys
from collections.abc import Callable, Sequence

import pytest
from support.drills import options
from support.fleet import Region, RunningFleet, is_calm
from support.polling import LOOK_AGAIN
from textual.pilot import Pilot

from hactl.control.aclient import AsyncClient
from hactl.drill.onlooking import Onlooker
from hactl.tui.app import Console
from hactl.tui.drill_launching import Detached
from hactl.tui.drills import Means
from hactl.tui.lines import plain
from hactl.tui.screens.confirm import Confirm
from hactl.tui.screens.drills import DrillsPage
from hactl.tui.screens.sheet import Sheet
from hactl.tui.theme import DEFAULT, read, shipped
from hactl.tui.widgets.line_table import LineTable
from hactl.tui.widgets.lines_view import LinesView

PATIENCE = 60.0
"""Seconds after which what should have been seen will not be."""


def console(fleet: RunningFleet, client: AsyncClient) -> Console:
    """One on that fleet, whose drills take seconds."""

    def launch(words: Sequence[str], name: str) -> Detached:
        command = [sys.executable, "-m", "hactl", "--fleet", name, *words, *options("canary.rate=60")]
        return Detached(["env", "-C", str(fleet.directory), *command], {})

    means = Means(root=fleet.paths.drills, launch=launch, chance=lambda: 1)
    return Console(client, read(shipped()[DEFAULT]), fleet="t", by="ann", drills=means)


async def seen(pilot: Pilot[None], true: Callable[[], object]) -> None:
    """It is on the screen."""
    async with asyncio.timeout(PATIENCE):
        while not true():
            await pilot.pause(LOOK_AGAIN)


def text(app: Console, which: str) -> str:
    found = app.screen.query(which)
    return "\n".join(plain(line) for view in found.results(LinesView) for line in view.lines)


@pytest.mark.envoy
async def test_a_drill_is_run_and_seen_and_outlives_the_console() -> None:
    """X, a name, y; the phases arrive on screen 5, of a run that no closed window ends, and a later one shows it."""
    async with RunningFleet(regions=(Region(name="seoul", nodes=2), Region(name="tokyo", nodes=2))) as fleet:
        async with AsyncClient(fleet.paths.control) as client:
            app = console(fleet, client)
            async with app.run_test(size=(120, 40)) as pilot:
                await seen(pilot, lambda: app.picture.snapshot)
                await pilot.press("X")
                await seen(pilot, lambda: app.screen.query(LineTable).first(LineTable).shown)
                names = [row.key for row in app.screen.query_one(LineTable).shown]
                await pilot.press(*["down"] * names.index("node-kill"), "enter")
                await seen(pilot, lambda: isinstance(app.screen, Confirm) and "y confirms" in text(app, "#question"))
                await pilot.press("y")
                await seen(pilot, lambda: isinstance(app.screen, DrillsPage) and "baseline" in text(app, "#text"))
                await seen(pilot, lambda: "inject" in text(app, "#text") and "reroute" in text(app, "#text"))
                assert "process.kill of" in text(app, "#text")
                assert "waiting for the fault" not in text(app, "#clocks")
                course = app.desk.course
                assert course is not None
                assert course.going
        async with AsyncClient(fleet.paths.control) as client:
            later = console(fleet, client)
            async with later.run_test(size=(120, 40)) as pilot:
                await pilot.press("5")
                await seen(pilot, lambda: later.desk.course is not None and later.desk.course.report is not None)
                await seen(pilot, lambda: "waits" not in text(later, "#clocks") and "ago" in text(later, "#drill"))
                assert course.run in text(later, "#drill")
                await pilot.press("enter")
                await seen(pilot, lambda: isinstance(later.screen, Sheet))
        done = Onlooker(fleet.paths.drills).look()
        assert done is not None
        assert done.report is not None
        assert done.report.clean, done.report.evidence.leftovers
        assert [one.text for one in done.told if one.text.startswith("inject:")]
        await fleet.until(is_calm)
