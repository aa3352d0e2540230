"""A number to turn up and down, or to type, with a preview of its effect: a weight, a count of nodes.

Enter takes it; what is asked after that is the ladder's. The preview never lags behind by more than one answer: while
one is on its way, only the newest number is asked about next.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from hactl.core.commands import SetWeight
from hactl.tui.actions import Action, turned
from hactl.tui.consequences import LABEL
from hactl.tui.lines import Line, Span, line
from hactl.tui.look import Look
from hactl.tui.meaning import Meaning
from hactl.tui.screens.confirm import FRAME
from hactl.tui.screens.page import enlarge, fits
from hactl.tui.spelling import PROGRAM, spelt
from hactl.tui.steady import SteadyScreen
from hactl.tui.widgets.lines_view import Paragraphs

Preview = Callable[[Action], Awaitable[tuple[Line, ...]]]
"""What an action would come to."""


class Dial(SteadyScreen, ModalScreen[Action | None]):
    """Answers the action with the number that was chosen, or None to leave it."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,minus,h", "turn(-1)", "one less", show=False),
        Binding("right,plus,l", "turn(1)", "one more", show=False),
        Binding("down,shift+left,j", "turn(-10)", "ten less", show=False),
        Binding("up,shift+right,k", "turn(10)", "ten more", show=False),
        *(Binding(digit, f"digit({digit})", "type a number", show=False) for digit in "0123456789"),
        Binding("backspace", "rub_out", "delete a digit", show=False),
        Binding("enter", "take", "confirm", show=False),
        Binding("escape,q", "leave", "cancel", show=False),
    ]

    def __init__(
        self,
        look: Look,
        action: Action,
        preview: Preview,
        *,
        least: int,
        most: int,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        """`least` and `most` bound the number, `program` begins the command line for a shell."""
        super().__init__()
        self._look = look
        self._before = action
        self._action = action
        self._preview = preview
        self._least, self._most = least, most
        self._program = program
        self._typed = ""
        """Digits typed since an arrow was used last."""
        self._facts: tuple[Line, ...] = (line(Span(text="...", meaning=Meaning.MUTED)),)
        self._foreseen: Action | None = None
        """What the facts are about."""
        self._asking = False

    def compose(self) -> ComposeResult:
        """The number, what it would come to, and the keys."""
        with Vertical(id="dialog"):
            yield Paragraphs(self._look, indent=LABEL, id="question")

    def on_mount(self) -> None:
        """As it is now."""
        self._show()

    def on_resize(self) -> None:
        """Another height has room for more, or less."""
        self._show()

    @property
    def number(self) -> int:
        """What it stands at."""
        return self._action.number or 0

    def action_turn(self, by: int) -> None:
        """Up or down."""
        self._typed = ""
        self._to(self.number + by)

    def action_digit(self, digit: int) -> None:
        """A digit; the first one begins a new number.

        It is a binding, as bindings are looked up when a key's turn comes: of keys typed in one burst the others have
        gone to the screen below, which does not see them before this one is there.
        """
        self._typed = str(min(int(f"{self._typed}{digit}"), self._most))
        self._to(int(self._typed))

    def action_rub_out(self) -> None:
        """Take the last digit back; a number nobody typed is typed on."""
        self._typed = (self._typed or str(self.number))[:-1]
        self._to(int(self._typed or 0))

    def action_take(self) -> None:
        """This one."""
        if fits(self.app.size):
            self.dismiss(self._action if self._changes() else None)

    def action_leave(self) -> None:
        """Leave it as it was."""
        self.dismiss(None)

    def _changes(self) -> bool:
        """Not all of those it is about stand there already."""
        found = self._before.found
        return {*found.node_weights.values(), *found.region_weights.values(), self._before.number} != {self.number}

    def _to(self, number: int) -> None:
        self._action = turned(self._action, min(max(self._least, number), self._most))
        self._show()

    def _show(self) -> None:
        if self._foreseen != self._action and not self._asking:
            self._asking = True
            self.run_worker(self._foresee(), group="preview", exit_on_error=False)
        room = self.app.size.height - FRAME
        self.query_one("#question", Paragraphs).tell(self._above(), enlarge(self.app.size) or self._below(), room)

    async def _foresee(self) -> None:
        try:
            while self._foreseen != self._action:
                asked = self._action
                self._facts = await self._preview(asked)
                self._foreseen = asked
        finally:
            self._asking = False
        self._show()

    def _above(self) -> tuple[Line, ...]:
        """The number, and what it would come to."""
        before = self._before.number
        current = self._foreseen == self._action
        what = "Weight" if isinstance(self._before.command, SetWeight) else "Nodes"
        return (
            line(Span(text=f"{what} of {self._before.whom}", meaning=Meaning.TITLE)),
            (),
            line(
                Span(text="  ◂ ", meaning=Meaning.KEY),
                Span(text=f" {self.number} ", meaning=Meaning.CURSOR),
                Span(text=" ▸", meaning=Meaning.KEY),
                Span(text=f"   now {before}, {self._least} to {self._most}", meaning=Meaning.MUTED),
            ),
            (),
            *(self._facts if current else tuple(_faded(each) for each in self._facts)),
        )

    def _below(self) -> tuple[Line, ...]:
        """The same for a shell, and the keys."""
        return (
            (),
            line(Span(text=f"$ {spelt(self._action.command, program=self._program)}", meaning=Meaning.MUTED)),
            (),
            line(
                Span(text="left right", meaning=Meaning.KEY), " 1  ",
                Span(text="down up", meaning=Meaning.KEY), " 10  or type it  ",
                Span(text="enter", meaning=Meaning.KEY), " confirms  ",
                Span(text="esc", meaning=Meaning.KEY), " cancels",
            ),
        )  # fmt: skip


def _faded(spans: Line) -> Line:
    return tuple(Span(text=span.text, meaning=Meaning.STALE) for span in spans)
