"""The keys of drills, which work on every screen, and how the console keeps up with them. What they do is `drills`."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from hactl.control.controller import Controller
from hactl.core.drills import in_progress
from hactl.core.errors import HactlError
from hactl.drill.course import Course
from hactl.drill.verdict import Verdict
from hactl.tui import keys
from hactl.tui.command_line import Follow
from hactl.tui.drill_board import comparison_lines
from hactl.tui.drill_desk import DrillDesk
from hactl.tui.drills import Drills, Means
from hactl.tui.look import Look
from hactl.tui.markdown import markdown
from hactl.tui.notices import say_error
from hactl.tui.picture import Picture, View
from hactl.tui.screens.drills import DrillsPage
from hactl.tui.screens.page import Page
from hactl.tui.screens.reports import ReportsPage
from hactl.tui.screens.sheet import Sheet, room
from hactl.tui.shell import spelt
from hactl.tui.steady import SteadyApp

PACE = 0.5
"""Seconds between two readings of what a run says, while there is one or somebody looks for it."""


class Drilling(SteadyApp):
    """A console that runs drills, stops them, and looks on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("A", "abort", "stop the drill", show=False),
        Binding("X", "drill", "run a drill", show=False),
        Binding("C", "go_on", "confirm the manual step", show=False),
    ]

    picture: Picture
    look: Look
    desk: DrillDesk
    _drills: Drills
    _refusal: str
    _wall: Callable[[], float]
    _program: Sequence[str]

    @abstractmethod
    def _page(self) -> Page | None:
        """The screen that a change is about; None where one would not see what one does."""

    @abstractmethod
    def _view(self) -> View:
        """What is shown."""

    def take_up(self, controller: Controller, means: Means, *, fleet: str, by: str, follow: Follow) -> None:
        """Drills of the fleet of that name; `by` is who the journal says it was, `follow` says how one has ended."""
        self.desk = DrillDesk(means.root)
        known = (self.picture, self.look, self.desk)
        self._drills = Drills(self, controller, *known, means, fleet=fleet, by=by, follow=follow, program=self._program)

    def on_mount(self) -> None:
        """Look on, from now on."""
        self.set_interval(PACE, self.steadily(self._keep_up))

    def action_abort(self) -> None:
        """Stop the drill in progress. Whatever the size of the window and the moment shown: this does no harm."""
        self._drills.abort(self._refusal)

    def action_go_on(self) -> None:
        """Say that what a drill waits for is done, where one can see what that is."""
        if self._page() is not None:
            self._drills.go_on(keys.forbidden(self._view()))

    def action_drill(self) -> None:
        """Choose a drill, and run it."""
        if self._page() is not None:
            self._drills.choose(self._view())

    async def action_report(self, run: str) -> None:
        """All that a run has measured."""
        try:
            text = await self.desk.report(run)
        except HactlError as error:
            say_error(self, error)
            return
        self.push_screen(Sheet(self.look, title=run, lines=markdown(text, room(self.size.width))))

    async def action_compare(self, a: str, b: str) -> None:
        """Two runs side by side."""
        try:
            lines = comparison_lines(await self.desk.compare(a, b), room(self.size.width))
        except HactlError as error:
            say_error(self, error)
            return
        self.push_screen(Sheet(self.look, title="Compared", lines=lines))

    def _keep_up(self) -> None:
        """Read what is said of drills, where there is one or somebody looks for it."""
        if not self.screen_stack:
            return  # it is leaving
        snapshot, course = self.picture.snapshot, self.desk.course
        running = in_progress(snapshot.fleet) if snapshot is not None else None
        looks = isinstance(self.screen, DrillsPage)
        self._drills.hear(running, seen=looks and course is not None and course.going)
        if running is not None or (course is not None and course.going) or looks:
            self.run_worker(self._look_on(), group="desk", exit_on_error=False)
        if isinstance(self.screen, ReportsPage):
            self.run_worker(self.desk.judge(self._wall()), group="desk", exit_on_error=False)

    async def _look_on(self) -> None:
        before = self.desk.course
        await self.desk.look_on()
        now = self.desk.course
        if before is not None and before.going and now is not None and now.run == before.run and not now.going:
            self._tell_end(now)

    def _tell_end(self, course: Course) -> None:
        """What came of a drill that one has seen going on, whoever ran it."""
        report, name = course.report, course.definition.name
        if report is None:
            again = spelt(("drill", "recover"), self._program)
            self.notify(f"drill {name}: its runner is gone\ntry: {again}", severity="error", markup=False)
            return
        well = report.verdict is Verdict.PASS and report.clean
        left = "" if report.clean else "NOT CLEAN, "
        text = f"drill {name}: {left}{report.verdict}: {report.why}"
        self.notify(text, severity="information" if well else "error", markup=False, timeout=10.0)
