"""A sheet over a screen: text to read and dismiss, such as help, or the output of a command."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from hactl.tui.lines import Line, Span, line
from hactl.tui.look import Look
from hactl.tui.meaning import Meaning
from hactl.tui.steady import SteadyScreen
from hactl.tui.widgets.lines_view import LinesView
from hactl.tui.widgets.reader import Reader


def room(width: int) -> int:
    """How many cells a line has on a sheet over a window that is `width` cells wide; as in console.tcss."""
    return min(100, int(width * 0.95)) - 8


class Sheet(SteadyScreen, ModalScreen[None]):
    """Any length of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark", "dismiss", "close", show=False),
    ]

    def __init__(self, look: Look, *, title: str, lines: tuple[Line, ...]) -> None:
        super().__init__()
        self._look = look
        self._title = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Title, text, and how to get away."""
        with Vertical(id="sheet"):
            yield LinesView(self._look, id="title")
            yield Reader(self._look, id="reader")

    def on_mount(self) -> None:
        """From the beginning."""
        close = Span(text="   esc closes", meaning=Meaning.MUTED)
        self.query_one("#title", LinesView).show((line(Span(text=self._title, meaning=Meaning.TITLE), close),))
        reader = self.query_one(Reader)
        reader.styles.height = min(len(self._lines), max(1, self.size.height - 8))
        reader.add(self._lines)
        reader.focus()
        reader.call_after_refresh(reader.action_first)
