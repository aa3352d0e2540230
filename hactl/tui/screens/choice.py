"""A question with a few answers, each on its own key. Doing nothing is the default: escape and enter change nothing.

Not the question before a change to the fleet: that is `confirm`.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from hactl.core.value import Value
from hactl.tui.lines import Line, Span, line
from hactl.tui.look import Look
from hactl.tui.meaning import Meaning
from hactl.tui.screens.confirm import FRAME
from hactl.tui.screens.page import enlarge, fits
from hactl.tui.steady import SteadyScreen
from hactl.tui.widgets.lines_view import Paragraphs

NEITHER = ("escape", "enter", "n", "q")
"""Keys that answer nothing."""


class Answer(Value):
    """One way to answer."""

    key: str
    what: str
    """What it does, to be read behind the key."""


class Choice(SteadyScreen, ModalScreen[str | None]):
    """Gives the key that was chosen, or None."""

    AUTO_FOCUS: ClassVar[str | None] = ""

    def __init__(self, look: Look, *, title: str, facts: Sequence[str], answers: Sequence[Answer], stay: str) -> None:
        """`stay` says what becomes of it when nothing is chosen."""
        super().__init__()
        self._look = look
        self._answers = tuple(answers)
        offered: list[Line] = [line(Span(text=each.key, meaning=Meaning.KEY), f"  {each.what}") for each in answers]
        self._facts = (line(Span(text=title, meaning=Meaning.TITLE)), (), *(line(fact) for fact in facts))
        self._offered = ((), *offered, (), line(Span(text=f"[ esc: {stay} ]", meaning=Meaning.TITLE)))

    def compose(self) -> ComposeResult:
        """The question and its answers."""
        with Vertical(id="dialog"):
            yield Paragraphs(self._look, id="question")

    def on_mount(self) -> None:
        """Ask."""
        self._ask()

    def on_resize(self) -> None:
        """Another height has room for more, or less."""
        self._ask()

    def _ask(self) -> None:
        offered = enlarge(self.app.size) or self._offered
        self.query_one("#question", Paragraphs).tell(self._facts, offered, self.app.size.height - FRAME)

    def on_key(self, event: events.Key) -> None:
        """An answer, unless nobody could see what; any other key is none."""
        event.stop()
        if event.character in {each.key for each in self._answers} and fits(self.app.size):
            self.dismiss(event.character)
        elif event.key in NEITHER:
            self.dismiss(None)
