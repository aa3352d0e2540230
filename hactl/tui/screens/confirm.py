"""The question before a change: what is hit, what it carries, who takes over. Cancel has the focus.

`y` confirms and Enter does not; where a safety rule would break, the fleet's name has to be typed.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from hactl.tui.changing import Question
from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Meaning
from hactl.tui.theme import Theme
from hactl.tui.widgets.lines_view import LinesView


class Confirm(ModalScreen[str | None]):
    """Answers None for no, "" for yes, and the typed name where that was asked for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "yes", show=False),
        Binding("n,escape,enter,q", "no", "no", show=False),
    ]

    def __init__(self, theme: Theme, question: Question) -> None:
        super().__init__()
        self._look = theme
        self._question = question

    def compose(self) -> ComposeResult:
        """The question, and a line to type in where one is needed."""
        with Vertical(id="dialog"):
            yield LinesView(self._look, id="question")
            if self._question.rule:
                yield Input(placeholder=f"type {self._question.name} to go on, esc to leave it", id="name")

    def on_mount(self) -> None:
        """Say what would happen."""
        view = self.query_one("#question", LinesView)
        lines: list[Line] = [line(Span(text=self._question.title, meaning=Meaning.TITLE)), (), *self._question.facts]
        if self._question.rule:
            lines += [(), line(Span(text=f"breaks a rule: {self._question.rule}", meaning=Meaning.DOWN))]
        lines += [(), line(Span(text=f"$ {self._question.shell}", meaning=Meaning.MUTED))]
        if not self._question.rule:
            keys = line(Span(text="[ Cancel: esc ]", meaning=Meaning.TITLE), "   ",
                        Span(text="y", meaning=Meaning.KEY), " does it")  # fmt: skip
            lines += [(), keys]
        view.styles.height = len(lines)
        view.show(tuple(lines))
        if self._question.rule:
            self.query_one(Input).focus()

    def action_yes(self) -> None:
        """Do it, unless a name has to be typed."""
        if not self._question.rule:
            self.dismiss("")

    def action_no(self) -> None:
        """Leave it."""
        self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The name was typed, or something else."""
        if event.value.strip() == self._question.name:
            self.dismiss(self._question.name)
        else:
            event.input.value = ""
            event.input.placeholder = f"that was not {self._question.name}: nothing done; esc leaves it"
