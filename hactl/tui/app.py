"""The console's application: wires link, picture and screens; draws at a steady pace, and only what has changed.

It decides nothing about the fleet: every change is a command to the Controller, and its outcome is an event.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType

from hactl.control.controller import Controller
from hactl.core.value import replace
from hactl.tui import shell
from hactl.tui.acting import Acting
from hactl.tui.activity import Activity
from hactl.tui.appearance import Appearance
from hactl.tui.asking import Asking
from hactl.tui.bindings import BINDINGS, PAGES
from hactl.tui.command_line import CommandLine
from hactl.tui.commanding import Commanding
from hactl.tui.drill_keys import Drilling
from hactl.tui.drills import Means
from hactl.tui.following import Following
from hactl.tui.keys import ONLY_READS, PAST
from hactl.tui.lifetime import Ends, Lifetime
from hactl.tui.link import RETRY, Last, Link, nothing
from hactl.tui.log_reading import LogReading
from hactl.tui.look import Look
from hactl.tui.meaning import Glyphs
from hactl.tui.messages import Listening
from hactl.tui.moments import Moments
from hactl.tui.notices import warn
from hactl.tui.offering import Offering
from hactl.tui.paging import Paging
from hactl.tui.past import Walk
from hactl.tui.picture import Picture, View
from hactl.tui.remembering import Remembering
from hactl.tui.screens.drills import DrillsPage
from hactl.tui.screens.fleet import FleetPage
from hactl.tui.screens.node import NodePage
from hactl.tui.screens.page import TOO_SMALL, Page, fits
from hactl.tui.screens.reading import EventsPage, LogsPage
from hactl.tui.screens.reports import ReportsPage
from hactl.tui.settings import SettingsFile
from hactl.tui.spelling import PROGRAM
from hactl.tui.steady import SteadyApp
from hactl.tui.theme import Theme
from hactl.tui.themes import Themes
from hactl.tui.walking import Walking

PLAIN = Glyphs()
NO_MEANS = Means()
ALONE = Themes()
PACE = 0.5
"""Seconds between two drawings; what comes in between is collected."""
LISTEN = 5.0
"""Seconds between two looks at a log that is not shown."""


class Console(Acting, Commanding, Drilling, Following, Listening, Paging, Walking, SteadyApp):
    """One fleet on one terminal."""

    CSS_PATH = Path(__file__).with_name("console.tcss")
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = BINDINGS

    def __init__(
        self,
        controller: Controller,
        theme: Theme,
        *,
        fleet: str,
        by: str,
        verbs: Sequence[str] = (),
        read_only: bool = False,
        themes: Themes = ALONE,
        glyphs: Glyphs = PLAIN,
        walk: Callable[[Picture], Walk] = Moments,
        ends: Ends = Ends.NEVER,
        startable: bool = False,
        settings: SettingsFile | None = None,
        last: Last = nothing,
        run: shell.Run = shell.run,
        drills: Means = NO_MEANS,
        program: Sequence[str] = PROGRAM,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        retry: float = RETRY,
    ) -> None:
        """`fleet` is the name of the one at the other end, and `by` who the journal says it was.

        `verbs` is what the command line completes, `run` how it runs one, `drills` what drills are run with, and
        `program` what a command begins with in the shell that one came from.
        It begins with `theme`, and may change to any of `themes`. `walk` is how it goes through time, `ends` what
        becomes of the fleet in the end, `startable` that `up` can start it, `settings` what is remembered of the last
        time, `last` what is known where no daemon answers, `retry` after how many seconds it looks for one again. With
        `read_only` keys and commands that change something only say so.
        """
        super().__init__(ansi_color=not theme.surface.background)
        self.look = Look(theme)
        self._appearance = Appearance(self, self.look, themes)
        self._glyphs = glyphs
        self._clock, self._wall, self._retry = clock, wall, retry
        self.picture, self._drawn = Picture(), View()
        self._link = Link(
            controller, self.picture, clock=clock, changed=self._changed, last=last, wall=wall, retry=retry
        )
        self.moments = walk(self.picture)
        self._program = program
        self._refusal = self.moments.refusal or (ONLY_READS if read_only else "")
        known = (self.picture, self.look)
        self._asking = Asking(self, controller, *known, by=by, clock=clock, glyphs=glyphs, program=program)
        self._offering = Offering(self, self._asking, self.look, verbs=verbs, themes=self._appearance.names)
        self.take_up(controller, drills, fleet=fleet, by=by, follow=self._asking.follow)
        start = self._up if startable and not read_only else None
        self.lifetime = Lifetime(self, self.look, fleet=fleet, ends=ends, start=start, program=program)
        self._command_line = self._commands(run, fleet=fleet, verbs=verbs)
        self._activity, self._log_reading = Activity(), LogReading(self, controller)
        self._remembering = Remembering(self, settings or SettingsFile())

    def _commands(self, run: shell.Run, *, fleet: str, verbs: Sequence[str]) -> CommandLine:
        """What is typed behind a colon."""
        return CommandLine(
            self,
            self.picture,
            self.look,
            fleet=fleet,
            verbs=verbs,
            inside=self.words(),
            closed=self.moments.refusal,
            refusal=self._refuses_to_run,
            run=self.lifetime.running(self._drills.running(run)),
            follow=self._asking.follow,
        )

    async def _up(self) -> shell.Ran | None:
        return await self._command_line.run("up")

    def _refuses_to_run(self) -> str:
        """Why no command is run now that changes something; "" when one is. Without a daemon `up` may be the one."""
        if self._refusal:
            return self._refusal
        if not fits(self.size):
            return TOO_SMALL
        return "" if self._view().live else PAST

    def on_mount(self) -> None:
        """Frame first, contents as they come."""
        self._appearance.show(self.look.theme)
        given = (self.look, self._glyphs, self._command_line.prompt)
        pages: tuple[Page, ...] = (
            FleetPage(*given),
            NodePage(*given),
            EventsPage(*given),
            LogsPage(*given),
            DrillsPage(*given, desk=self.desk, clock=self._clock, wall=self._wall, program=self._program),
            ReportsPage(*given, desk=self.desk, wall=self._wall, program=self._program),
        )
        for name, page in zip(PAGES, pages, strict=True):
            self.install_screen(page, name)
        self.push_screen("fleet")
        self.call_after_refresh(self._recall)
        self.set_interval(PACE, self.steadily(self._draw))
        self.set_interval(1.0, self.steadily(self._appearance.look_again))
        self.set_interval(1.0, self.steadily(self._remember))
        self.set_interval(LISTEN, self.steadily(self._listen))
        self._follow()

    def _recall(self) -> None:
        page = self.get_screen("fleet", FleetPage)
        page.table.rearrange(self._remembering.arrangement())

    def _remember(self) -> None:
        page = self.get_screen("fleet", FleetPage)
        self._remembering.look(page.table.arrangement, self._appearance.chosen)

    async def action_quit(self) -> None:
        """Leave; the fleet goes on, as a rule."""
        self._remember()
        self.lifetime.leave()

    def _view(self) -> View:
        return replace(self.moments.view(), refusal=self._refusal)

    def _draw(self) -> None:
        if not self.screen_stack:
            return  # it is leaving
        self.turn()
        self._asking.look()
        view = self._view()
        if view.live:
            view = replace(view, signs=self.signs(view, self._clock()))
        self._drawn = view
        for trouble in self.moments.troubles():
            warn(self, trouble)
        for screen in self.screen_stack:
            if isinstance(screen, Page):
                try:
                    screen.draw(view, now=self._clock(), wall=self._wall())
                except Exception as error:
                    self.stumble(error, f"drawing {type(screen).__name__}")
        if isinstance(self.screen, Page) and view.live:
            self._log_reading.look(self.screen)

    def _listen(self) -> None:
        """The log that was looked at last is read on, so that one can be told that there is more; of now only."""
        if self._drawn.live:
            self._log_reading.look(self.get_screen("logs", Page))

    def on_resize(self) -> None:
        """Another size has room for other things."""
        self.call_after_refresh(self._draw)
