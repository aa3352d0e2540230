"""The question before a change: what is hit, what it carries, who takes over. Nothing but `y` says yes.

It is there the moment the key is pressed, so that whatever is typed next is typed here, and says what it knows when
the daemon has answered; until then there is nothing to say yes to. Where a safety rule would break, the fleet's name
has to be typed.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from hactl.tui.changing import Question
from hactl.tui.consequences import LABEL
from hactl.tui.lines import Line, Span, line
from hactl.tui.look import Look
from hactl.tui.meaning import Meaning
from hactl.tui.screens.page import enlarge, fits
from hactl.tui.steady import SteadyScreen
from hactl.tui.widgets.lines_view import Paragraphs

UNREAD = ": scroll down before answering"
"""Said where the question is longer than the window is high."""
FRAME = 4
"""Lines of a dialog that are not its text."""


class Confirm(SteadyScreen, ModalScreen[str | None]):
    """Answers None for no, "" for yes, and the typed name where that was asked for."""

    AUTO_FOCUS: ClassVar[str | None] = ""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "yes", show=False),
        Binding("n,escape,enter,q", "no", "no", show=False),
        Binding("down,j", "read(1)", "scroll down", show=False),
        Binding("up,k", "read(-1)", "scroll up", show=False),
    ]

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._question: Question | None = None
        self._withdrawn = False

    def compose(self) -> ComposeResult:
        """The question, and a line to type in where one is needed."""
        with Vertical(id="dialog"):
            yield Paragraphs(self._look, indent=LABEL, id="question")
            yield Input(id="name")

    def on_mount(self) -> None:
        """Say what would happen, as far as it is known."""
        self.query_one("#name").display = False
        self._show()

    def withdraw(self) -> None:
        """There is nothing to ask any more. What lies above it stays; it goes when it would be seen again."""
        if self.app.screen is self:
            self.dismiss(None)
        else:
            self._withdrawn = True

    def on_screen_resume(self) -> None:
        """It is seen again."""
        if self._withdrawn:
            self._withdrawn = False
            self.dismiss(None)

    def put(self, question: Question) -> None:
        """Now it is known what is asked; whoever has left is asked nothing."""
        self._question = question
        if self.stands:
            self._show()

    def _show(self) -> None:
        typed = self._question is not None and bool(self._question.rule)
        room = self.app.size.height - FRAME - (2 if typed else 0)
        last = enlarge(self.app.size) or _answers(self._question)
        self._text.tell(_facts(self._question), last, room, more=UNREAD)
        if self._question is not None and self._question.rule:
            box = self.query_one("#name", Input)
            box.placeholder = f"type {self._question.name} to confirm, esc to cancel"
            box.display = True
            self.set_focus(box)

    def on_resize(self) -> None:
        """Another height has room for more, or less."""
        self._show()

    @property
    def _text(self) -> Paragraphs:
        return self.query_one("#question", Paragraphs)

    @property
    def _read(self) -> bool:
        """Whoever answers could see what they say yes to."""
        return fits(self.app.size) and not self._text.hidden

    def action_read(self, by: int) -> None:
        """Scroll."""
        self._text.scroll(by)

    def action_yes(self) -> None:
        """Do it, unless nothing was asked yet, nobody could see what, or a name has to be typed."""
        if self._question is not None and not self._question.rule and self._read:
            self.dismiss("")

    def action_no(self) -> None:
        """Leave it."""
        self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The name was typed, or something else."""
        name = self._question.name if self._question is not None else ""
        if not self._read:
            return  # the dialog says what to do about that
        if name and event.value.strip() == name:
            self.dismiss(name)
        else:
            event.input.value = ""
            event.input.placeholder = f"that was not {name}: nothing was done; esc cancels"


def _facts(question: Question | None) -> tuple[Line, ...]:
    """What would happen."""
    if question is None:
        return (line(Span(text="asking the daemon what this would do ...", meaning=Meaning.MUTED)),)
    rule = (line(Span(text=f"violates a rule: {question.rule}", meaning=Meaning.DOWN)), ()) if question.rule else ()
    return (line(Span(text=question.title, meaning=Meaning.TITLE)), (), *rule, *question.facts)


def _answers(question: Question | None) -> tuple[Line, ...]:
    """The same for a shell, and what can be said to it."""
    if question is None:
        return ()
    shell = line(Span(text=f"$ {question.shell}", meaning=Meaning.MUTED))
    if question.rule:
        return ((), shell)
    cancel = Span(text="[ Cancel: esc ]", meaning=Meaning.TITLE)
    return ((), shell, (), line(cancel, "   ", Span(text="y", meaning=Meaning.KEY), " confirms"))
