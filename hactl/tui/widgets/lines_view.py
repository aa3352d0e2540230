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
    """Lines that are broken where there is no room for them, and as high as they then are, up to `most` lines."""

    def __init__(self, look: Look, *, indent: int = 0, id: str | None = None) -> None:  # noqa: A002
        """Lines that had to be broken go on `indent` cells in."""
        super().__init__(look, id=id)
        self._indent = indent
        self._whole: tuple[tuple[Line, ...], tuple[Line, ...], int] = ((), (), 0)

    def tell(self, first: tuple[Line, ...], last: tuple[Line, ...], most: int) -> None:
        """Show these; where `most` lines are too few, the end of the first ones is left out, and that is said."""
        self._whole = (first, last, most)
        self._fit()

    def on_resize(self) -> None:
        """Another width breaks them elsewhere."""
        self._fit()

    def _fit(self) -> None:
        first, last, most = self._whole
        top, bottom = self._broken(first), self._broken(last)
        room = max(1, most - len(bottom))
        if len(top) > room:
            left_out = line(Span(text=f"... and {len(top) - room + 1} lines more", meaning=Meaning.MUTED))
            top = [*top[: room - 1], left_out]
        self.styles.height = len(top) + len(bottom)
        self.show((*top, *bottom))

    def _broken(self, lines: tuple[Line, ...]) -> list[Line]:
        width = self.size.width
        return [part for whole in lines for part in (wrapped(whole, width, self._indent) if width else (whole,))]
