"""The console's application: wires link, picture and screens; draws at a steady pace, and only what has changed.

It decides nothing about the fleet: every change is a command to the Controller, and its outcome is an event.
"""

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.worker import Worker, WorkerState

from hactl.control.controller import Controller
from hactl.tui import shell
from hactl.tui.appearance import Appearance
from hactl.tui.asking import Asking
from hactl.tui.command_line import CommandLine, Inside
from hactl.tui.link import RETRY, Link
from hactl.tui.look import Look
from hactl.tui.meaning import Glyphs
from hactl.tui.moments import Moments
from hactl.tui.notices import ONLY_READS, warn
from hactl.tui.picture import Picture
from hactl.tui.screens.drills import DrillsPage, ReportsPage
from hactl.tui.screens.fleet import FleetPage
from hactl.tui.screens.node import NodePage
from hactl.tui.screens.one import OneOf
from hactl.tui.screens.page import LEAST, PAGES, Page
from hactl.tui.screens.reading import EventsPage, LogsPage
from hactl.tui.screens.sheet import Sheet, help_lines
from hactl.tui.tail import Tail
from hactl.tui.theme import Theme
from hactl.tui.themes import Themes
from hactl.tui.widgets.prompt import Prompt

PLAIN = Glyphs()
ALONE = Themes()
PACE = 0.5
"""Seconds between two drawings; what comes in between is collected."""
FOLLOWING = "following"
"""The work that brings the picture."""


class Console(App[None]):
    """One fleet on one terminal."""

    CSS_PATH = "console.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+q", "quit", "quit", show=False),
        *(Binding(str(digit), f"page('{name}')", name, show=False) for digit, name in enumerate(PAGES, start=1)),
        Binding("colon", "command", "command", show=False, priority=True),
        Binding("question_mark", "help", "help", show=False),
        Binding("p", "pause", "pause the view", show=False),
        Binding("left_square_bracket", "walk(-1)", "back in time", show=False),
        Binding("right_square_bracket", "walk(1)", "forward in time", show=False),
        Binding("left_curly_bracket", "walk(-30)", "back in time", show=False),
        Binding("right_curly_bracket", "walk(30)", "forward in time", show=False),
        Binding("l", "page('logs')", "logs", show=False),
        Binding("e", "page('events')", "events", show=False),
        *(Binding(key, f"change('{key}')", "change", show=False) for key in "KTRDZ"),
    ]

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
        run: shell.Run = shell.run,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`fleet` is the name of the one at the other end, and `by` who the journal says it was.

        `verbs` is what the command line completes, `run` how it runs one.

        It begins with `theme`, and may change to any of `themes`.
        With `read_only` keys and commands that might change something only say so.
        """
        super().__init__(ansi_color=not theme.surface.background)
        self._controller = controller
        self._look = Look(theme)
        self._appearance = Appearance(self, self._look, themes)
        self._read_only = read_only
        self._glyphs = glyphs
        self._verbs = verbs
        self._clock = clock
        self._wall = wall
        self.picture = Picture()
        self.moments = Moments(self.picture)
        self._asking = Asking(self, controller, self.picture, self._look, by=by)
        self._command_line = CommandLine(
            self, self.picture, self._look, fleet=fleet, verbs=verbs, inside=self._words(), read_only=read_only, run=run
        )
        self._reading = False
        """A page of a log is on its way."""

    def on_mount(self) -> None:
        """Frame first, contents as they come."""
        self._appearance.show(self._look.theme)
        given = (self._look, self._glyphs, self._command_line.prompt)
        pages: tuple[Page, ...] = (
            *(FleetPage(*given), NodePage(*given), EventsPage(*given), LogsPage(*given)),
            *(DrillsPage(*given, verbs=self._verbs), ReportsPage(*given, verbs=self._verbs)),
        )
        for name, page in zip(PAGES, pages, strict=True):
            self.install_screen(page, name)
        self.push_screen("fleet")
        self.set_interval(PACE, self._draw)
        self.set_interval(1.0, self._appearance.look_again)
        self._follow()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A colon in a line that is being typed is a colon."""
        if isinstance(self.screen, Page):
            return self.screen.check_action(action, parameters)
        return action != "command"

    def _words(self) -> dict[str, Inside]:
        leave = Inside(act=lambda _: self.call_later(self.run_action, "quit"))
        return {"theme": Inside(act=self.action_theme, choices=self._appearance.names), "quit": leave, "q": leave}

    def action_theme(self, name: str) -> None:
        """Look otherwise."""
        self._appearance.put_on(name)

    def action_command(self) -> None:
        """Type a command."""
        if isinstance(self.screen, Page):
            self.screen.prompt.open()

    def action_help(self) -> None:
        """All keys."""
        self.push_screen(Sheet(self._look, title="Keys", lines=help_lines()))

    def on_prompt_left(self) -> None:
        """Nothing was typed."""
        if isinstance(self.screen, Page):
            self.screen.take_keys()

    def on_prompt_entered(self, message: Prompt.Entered) -> None:
        """A command, or a way out."""
        self.on_prompt_left()
        self.run_worker(self._command_line.run(message.text), group="shell", exit_on_error=False)

    @work(exit_on_error=False, group=FOLLOWING)
    async def _follow(self) -> None:
        first = True

        def changed() -> None:
            nonlocal first
            if first:
                self.call_later(self._draw)
            first = self.picture.snapshot is None

        await Link(self._controller, self.picture, clock=self._clock, changed=changed).run()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What goes wrong inside is said, without what it was about, and the picture goes on."""
        if event.state is not WorkerState.ERROR:
            return
        self._stumbled(type(event.worker.error).__name__, event.worker.name)
        if event.worker.group == FOLLOWING:
            self.set_timer(RETRY, self._follow)

    def _stumbled(self, error: str, where: str) -> None:
        self.notify(f"the console stumbled ({error} in {where}) and goes on", severity="error", markup=False)

    def _draw(self) -> None:
        view = self.moments.view()
        for screen in self.screen_stack:
            if isinstance(screen, Page):
                try:
                    screen.draw(view, now=self._clock(), wall=self._wall())
                except Exception as error:
                    self._stumbled(type(error).__name__, f"drawing {type(screen).__name__}")
        if isinstance(self.screen, Page) and self.screen.tail is not None and view.live and not self._reading:
            self._reading = True
            self._read_on(self.screen, self.screen.tail)

    @work(exit_on_error=False, group="log")
    async def _read_on(self, page: Page, tail: Tail) -> None:
        try:
            page.take(await tail.read(self._controller))
        finally:
            self._reading = False

    def on_resize(self) -> None:
        """Another size has room for other things."""
        self.call_after_refresh(self._draw)

    def action_pause(self) -> None:
        """Hold the view while measuring goes on, or go back to now."""
        self.moments.hold()
        self._draw()

    def action_walk(self, seconds: int) -> None:
        """Back or forward in time."""
        self.moments.walk(seconds)
        self._draw()

    @property
    def chosen(self) -> str:
        """The process that keys are about; "" where the screen has none."""
        match self.screen:
            case FleetPage() as page:
                return page.table.cursor
            case OneOf() as page:
                return page.node
            case _:
                return ""

    def action_page(self, name: str) -> None:
        """Another screen; about the process that is chosen, where it is about one."""
        chosen, page = self.chosen, self.get_screen(name)
        if isinstance(page, OneOf) and self._known(chosen):
            page.turn_to(chosen)
        if self.screen is not page:
            self.switch_screen(name)
        self.call_after_refresh(self._draw)

    def on_line_table_chosen(self) -> None:
        """Enter on a row goes in."""
        if self._known(self.chosen):
            self.action_page("node")

    def _known(self, name: str) -> bool:
        return self.picture.snapshot is not None and name in self.picture.snapshot.fleet.nodes

    def action_change(self, key: str) -> None:
        """An upper-case key on the process that is chosen; only where one sees what one does, and when."""
        snapshot = self.picture.snapshot
        if snapshot is None or not isinstance(self.screen, Page):
            return
        if self.size.width < LEAST[0] or self.size.height < LEAST[1]:
            return
        if self._read_only:
            warn(self, ONLY_READS)
        elif not self.moments.live:
            warn(self, "this is the past: p goes back to now")
        else:
            self._asking.press(key, snapshot, self.chosen)
