"""A console on a terminal in memory, before a controller in memory, with a clock that stands still.

async with stage() as now:
    await now.press("K")
    assert "Kill seoul-1?" in now.text("#question")
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any

from support.controller import MemoryController
from support.pictures import AT, a_snapshot
from support.polling import LOOK_AGAIN
from textual.events import Key
from textual.keys import key_to_character
from textual.pilot import Pilot

from hactl.tui.app import Console
from hactl.tui.lines import plain
from hactl.tui.screens.confirm import Confirm
from hactl.tui.screens.fleet import FleetPage
from hactl.tui.screens.page import Page
from hactl.tui.shell import Ran
from hactl.tui.theme import DEFAULT, read, shipped
from hactl.tui.widgets.lines_view import LinesView

PATIENCE = 60.0
"""Seconds after which something that should have come will not; never a measure of anything."""
RETRY = 0.05
"""Seconds between two attempts to find a daemon that is away."""


class Stage:
    """A console on a terminal, and the daemon it talks to."""

    def __init__(
        self, app: Console, pilot: Pilot[None], controller: MemoryController, ran: list[tuple[Sequence[str], str]]
    ) -> None:
        self.app = app
        self.pilot = pilot
        self.controller = controller
        self.ran = ran
        """Commands that were typed, each with its fleet; running them is tested where it stands."""

    @property
    def notices(self) -> list[str]:
        """What has been said in passing, also when it is not to be seen any more."""
        return [message for message, _ in self.app.heard]  # type: ignore[attr-defined]  # see `_hearing`

    @property
    def errors(self) -> list[str]:
        """Those of them that are bad news."""
        return [message for message, severity in self.app.heard if severity == "error"]  # type: ignore[attr-defined]

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self._settle()

    async def burst(self, *keys: str) -> None:
        """All of them at once, before the console has done what the first one means."""
        for key in keys:
            self.app.post_message(Key(key, "-" if key == "minus" else key_to_character(key)))
        await self._settle()

    async def until_drawn(self) -> None:
        """The picture as it is now, on the screen."""
        await self._settle()
        self.app._draw()
        await self._settle()

    async def until(self, true: Callable[[], object]) -> None:
        """Drawn, once what is waited for is so: other work of the console goes on beside the keys."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                self.app._draw()
                await self.pilot.pause(LOOK_AGAIN)
        await self.until_drawn()

    async def until_said(self, text: str) -> None:
        """It has been said in passing; it takes whoever says it a few turns to find out."""
        await self.until(lambda: text in self.notices)

    async def _settle(self) -> None:
        """Let what has begun come to its end, or to a question, however busy the machine is."""
        await self.pilot.pause()
        async with asyncio.timeout(PATIENCE):
            while self.controller.unread or self._works():
                await self.pilot.pause()

    def _works(self) -> bool:
        """Something is on its way that waits for nobody before the screen."""
        ending = {"change", "outcome", "log", "shell"}
        if isinstance(self.app.screen, Confirm):
            return self.app.screen._question is None and not self.controller.held
        return isinstance(self.app.screen, Page) and any(
            worker.group in ending and not worker.is_finished for worker in self.app.workers
        )

    def text(self, which: str) -> str:
        view = self.app.screen.query_one(which, LinesView)
        return "\n".join(plain(line) for line in view.lines)

    async def go_to(self, node: str) -> None:
        """The cursor on that row."""
        assert isinstance(self.app.screen, FleetPage)
        table = self.app.screen.table
        table.action_edge(-1)
        table.action_move([row.key for row in table.shown].index(node))
        await self._settle()
        assert table.cursor == node


def _hearing(kind: type[Console]) -> type[Console]:
    """The same, and it remembers what it says: notices are to be seen for seconds of real time."""

    class Hearing(kind):  # type: ignore[misc, valid-type]
        def notify(self, message: str, **how: Any) -> None:
            self.heard.append((message, how.get("severity", "information")))
            super().notify(message, **how)

        @cached_property
        def heard(self) -> list[tuple[str, str]]:
            return []

    Hearing.__name__ = kind.__name__
    return Hearing


@asynccontextmanager
async def stage(
    size: tuple[int, int] = (120, 40),
    controller: MemoryController | None = None,
    kind: type[Console] = Console,
    **how: Any,
) -> AsyncIterator[Stage]:
    """A console of `kind`; `how` is given to it."""
    if controller is None:
        controller = MemoryController()
        controller.snapshot = a_snapshot()
    ran: list[tuple[Sequence[str], str]] = []

    async def run(words: Sequence[str], fleet: str) -> Ran:
        ran.append((words, fleet))
        text = "\n".join(f"[b]{number}" for number in range(len(words) ** 3))
        return Ran(shell=f"hactl {' '.join(words)}", code=0, text=text)

    given: dict[str, Any] = {
        "fleet": "default",
        "by": "ann",
        "verbs": ("kill", "where"),
        "run": run,
        "clock": lambda: 10.0,
        "wall": lambda: AT,
        "retry": RETRY,
    }
    app = _hearing(kind)(controller, how.pop("theme", read(shipped()[DEFAULT])), **given | how)
    async with app.run_test(size=size, notifications=True) as pilot:
        found = Stage(app, pilot, controller, ran)
        if controller.failure is None:
            await controller.until_watchers(1)
        await found.until_drawn()
        yield found
