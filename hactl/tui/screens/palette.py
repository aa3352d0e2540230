"""The list of all available actions, searched by typing. Its entries are in `hactl.tui.palette`."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from hactl.tui.lines import Line, Span, cut, line
from hactl.tui.look import Look
from hactl.tui.meaning import Meaning
from hactl.tui.palette import Entry, narrowed
from hactl.tui.steady import SteadyScreen
from hactl.tui.widgets.lines_view import LinesView

MOST = 14
"""Entries shown at a time."""
_KEYS = 8
"""Cells of what else does it."""


class Palette(SteadyScreen, ModalScreen[Entry | None]):
    """Answers what was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("escape", "leave", "leave", show=False),
    ]

    def __init__(self, look: Look, known: tuple[Entry, ...]) -> None:
        super().__init__()
        self._look = look
        self._known = known
        self._found = known
        self._at = 0

    def compose(self) -> ComposeResult:
        """A line to type in, and what fits."""
        with Vertical(id="dialog"):
            yield Input(placeholder="what to do", select_on_focus=False, id="sought")
            yield LinesView(self._look, id="entries")

    def on_mount(self) -> None:
        """Everything, at first."""
        self.set_focus(self.query_one("#sought"))
        self.query_one("#entries").styles.height = self._room
        self._show()

    @property
    def _room(self) -> int:
        return max(1, min(MOST, len(self._known), self.size.height - 8))

    def on_resize(self) -> None:
        """Another size has room for more, or less."""
        self.query_one("#entries").styles.height = self._room
        self.call_after_refresh(self._show)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Leave out what does not fit."""
        self._found = narrowed(self._known, event.value)
        self._at = 0
        self._show()

    def on_input_submitted(self) -> None:
        """The one under the cursor."""
        if self._found:
            self.dismiss(self._found[self._at])

    def action_move(self, by: int) -> None:
        """Up or down."""
        self._at = min(max(0, self._at + by), max(0, len(self._found) - 1))
        self._show()

    def action_leave(self) -> None:
        """None of it."""
        self.dismiss(None)

    def _show(self) -> None:
        view = self.query_one("#entries", LinesView)
        width = view.size.width or self.size.width
        first = max(0, min(self._at - self._room // 2, len(self._found) - self._room))
        rows = self._found[first : first + self._room]
        lines = tuple(cut(_row(entry, here=first + at == self._at), width) for at, entry in enumerate(rows))
        view.show(lines or (line(Span(text="no matches", meaning=Meaning.MUTED)),))


def _row(entry: Entry, *, here: bool) -> Line:
    sign = Span(text="▸ " if here else "  ", meaning=Meaning.MARK)
    meaning = Meaning.MUTED if entry.why_not else Meaning.TITLE if here else Meaning.TEXT
    key = Span(text=f"{entry.keys:<{_KEYS}}", meaning=Meaning.MUTED if entry.why_not else Meaning.KEY)
    why = (Span(text=f"  ({entry.why_not})", meaning=Meaning.MUTED),) if entry.why_not else ()
    return line(sign, key, Span(text=entry.title, meaning=meaning), *why)
