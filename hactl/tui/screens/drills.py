"""Screen 5: the drill in progress, or the newest one, drawn to time. Before the first drill, how to run one."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, cast

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widget import Widget

from hactl.core.drills import in_progress
from hactl.core.events import Event, OperationBegan, OperationMoved
from hactl.core.operation import Verb
from hactl.tui.drill_course import clocks, drawn, sayings, standing, title, waiting
from hactl.tui.drill_desk import DrillDesk
from hactl.tui.drilling import how_to_drill
from hactl.tui.layout import ROOMY
from hactl.tui.lines import Line, Span, line, wrapped
from hactl.tui.look import Look
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.picture import View
from hactl.tui.screens.page import Page
from hactl.tui.shell import spelt
from hactl.tui.spelling import PROGRAM
from hactl.tui.steady import SteadyApp
from hactl.tui.widgets.lines_view import LinesView
from hactl.tui.widgets.prompt import Prompt

INDENT = 4
"""Cells that the rest of a line begins further in, where it has to be broken."""
TICK = 0.1
"""Seconds between two looks at the clocks while they run; all else keeps the pace of the console."""


class DrillsPage(Page):
    """One run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "report", "its report", show=False),
    ]
    NAME = "drills"
    KEYS = (
        ("A", "abort"), ("C", "done"), ("X", "run a drill"), ("enter", "report"), ("6", "all runs"), ("esc", "back"),
        (":", "command"), ("?", "help"), ("q", "quit"),
    )  # fmt: skip
    _ticking: Timer

    def __init__(
        self,
        look: Look,
        glyphs: Glyphs,
        prompt: Callable[[], Prompt],
        *,
        desk: DrillDesk,
        clock: Callable[[], float],
        wall: Callable[[], float],
        program: Sequence[str] = PROGRAM,
    ) -> None:
        """`desk` is what is known of drills, `clock` that of the console; `wall` is Unix time: what lies on the disk is
        of now, whatever moment of the fleet is shown, and where none is known. `program` begins a command line for a
        shell."""
        super().__init__(look, glyphs, prompt)
        self._desk = desk
        self._clock, self._wall = clock, wall
        self._program = program

    def body(self) -> Iterable[Widget]:
        """What it is, its clocks, and all else, which scrolls where there is too little room for it."""
        yield LinesView(self.look, id="drill")
        yield LinesView(self.look, id="clocks")
        yield VerticalScroll(LinesView(self.look, id="text"), id="scroll")

    def on_mount(self) -> None:
        """Clocks run faster than everything else, while somebody looks at them."""
        self._ticking = self.set_interval(TICK, cast("SteadyApp", self.app).steadily(self._tick), pause=True)

    def on_screen_resume(self) -> None:
        """Somebody looks at it."""
        self._ticking.resume()

    def on_screen_suspend(self) -> None:
        """Nobody does any more."""
        self._ticking.pause()

    def progress(self, view: View) -> int | None:
        """See Page: the newest record that a drill has begun, or is over."""
        told = (record.seq for record in reversed(view.records) if _turns(record.event))
        return next(told, 0) if view.records else None

    def take_keys(self) -> None:
        """See Page."""
        self.set_focus(self.query_one("#scroll"))

    def draw_body(self, view: View, *, now: float, stale: bool) -> None:  # noqa: ARG002
        """See Page."""
        course, width = self._desk.course, self.size.width
        if self._desk.starting:
            begins = line(Span(text=f" $ {self._desk.starting}", meaning=Meaning.TITLE), "  begins ...")
            self._stack("#drill", wrapped(begins, width - 2, INDENT))
            self._stack("#clocks", ())
            self._stack("#text", ())
            return
        if course is None:
            self._stack("#drill", ())
            self._stack("#clocks", ())
            trouble = (
                (line(Span(text=f" {self._desk.trouble}", meaning=Meaning.DOWN)), ()) if self._desk.trouble else ()
            )
            known = (*trouble, *how_to_drill())
            self._stack("#text", tuple(part for each in known for part in wrapped(each, width - 2, INDENT)))
            return
        running = in_progress(view.snapshot.fleet) if view.snapshot is not None else None
        question = running.question if running is not None else ""
        gap: tuple[Line, ...] = ((),) if self.size.height >= ROOMY[1] else ()
        asked = waiting(question, width) if course.going else ()
        self._stack("#drill", (*title(course, self._wall(), width), *asked, *gap))
        self._stack("#clocks", clocks(course, now, width))
        below = (*gap, *drawn(course, now, width - 1, self.glyphs), *gap, *standing(course, width - 1), *gap)
        room = self.size.height - 2 - self._height("#drill") - self._height("#clocks") - len(below)
        self._stack("#text", (*below, *sayings(course, room, width - 1)))

    def _stack(self, which: str, lines: tuple[Line, ...]) -> None:
        """Show lines in a view that is as high as they are many."""
        self.query_one(which).styles.height = len(lines)
        self.lines(which, lines)

    def _height(self, which: str) -> int:
        return len(self.query_one(which, LinesView).lines)

    def _tick(self) -> None:
        """The clocks as they are now, while they run and somebody looks at them."""
        course = self._desk.course
        if course is not None and course.going and not self._desk.starting:
            lines = clocks(course, self._clock(), self.size.width)
            if len(lines) == self._height("#clocks"):
                self.lines("#clocks", lines)

    @property
    def copied(self) -> str:
        """The command that runs it again."""
        course = self._desk.course
        if course is None or course.plan is None:
            return ""
        return spelt(("drill", "run", course.definition.name, "--seed", str(course.plan.seed)), self._program)

    async def action_report(self) -> None:
        """All that was measured."""
        if self._desk.course is not None:
            await self.app.run_action(f"report({self._desk.course.run!r})")


def _turns(event: Event) -> bool:
    """Whether a drill has begun, or everything is being put back."""
    return isinstance(event, OperationBegan | OperationMoved) and event.operation.verb is Verb.DRILL
