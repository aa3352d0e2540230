"""Lines with meanings, drawn as they are; those that did not change are not drawn again."""

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from hactl.tui.lines import Line, Span, line, wrapped
from hactl.tui.look import Look
from hactl.tui.meaning import Meaning
from hactl.tui.steady import SteadyLines


class LinesView(SteadyLines, Widget):
    """A few lines of text."""

    def __init__(self, look: Look, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._look = look
        self._lines: tuple[Line, ...] = ()

    def on_mount(self) -> None:
        """Another theme draws everything anew."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh())

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def show(self, lines: tuple[Line, ...]) -> None:
        """Show these."""
        before, self._lines = self._lines, lines
        for at in range(max(len(before), len(lines))):
            if at >= len(before) or at >= len(lines) or before[at] != lines[at]:
                self.refresh(Region(0, at, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        spans = self._lines[y] if y < len(self._lines) else ()
        segments = [Segment(span.text, self._look.style(span.meaning)) for span in spans]
        return Strip(segments).adjust_cell_length(self.size.width).apply_style(self.rich_style)


class Paragraphs(LinesView):
    """Lines that are broken where there is no room for them, and as high as they then are."""

    def __init__(self, look: Look, *, indent: int = 0, id: str | None = None) -> None:  # noqa: A002
        """Lines that had to be broken go on `indent` cells in."""
        super().__init__(look, id=id)
        self._indent = indent
        self._first: tuple[Line, ...] = ()
        self._last: tuple[Line, ...] = ()
        self._most: int | None = None
        self._at = 0
        self._wants = ""
        self._hidden = 0

    @property
    def hidden(self) -> int:
        """Lines that have not been scrolled to yet."""
        return self._hidden

    def show(self, lines: tuple[Line, ...]) -> None:
        """Show these, however many they are."""
        self.tell(lines, (), None)

    def tell(self, first: tuple[Line, ...], last: tuple[Line, ...], most: int | None, *, more: str = "") -> None:
        """Show these; where `most` lines are too few, the end of the first ones is left out, and that is said.

        `more` says how to get at it, where it can be scrolled to.
        """
        if first != self._first:
            self._at = 0
        self._first, self._last, self._most, self._wants = first, last, most, more
        self._fit()

    def scroll(self, by: int) -> None:
        """Show what was left out, or what was before it."""
        self._at += by
        self._fit()

    def on_resize(self) -> None:
        """Another width breaks them elsewhere."""
        self._fit()

    def _fit(self) -> None:
        top, bottom = self._broken(self._first), self._broken(self._last)
        room = len(top) if self._most is None else max(1, self._most - len(bottom))
        self._at = min(max(0, self._at), max(0, len(top) - room))
        self._hidden = 0
        if len(top) > self._at + room:
            self._hidden = len(top) - self._at - room + 1
            text = f"... and {self._hidden} more lines{self._wants}"
            meaning = Meaning.DEGRADED if self._wants else Meaning.MUTED
            left_out = self._broken((line(Span(text=text, meaning=meaning)),))[:1]
            top = [*top[self._at : self._at + room - 1], *left_out]
        else:
            top = top[self._at :]
        self.styles.height = len(top) + len(bottom)
        super().show((*top, *bottom))

    def _broken(self, lines: tuple[Line, ...]) -> list[Line]:
        width = self.size.width
        return [part for whole in lines for part in (wrapped(whole, width, self._indent) if width else (whole,))]
