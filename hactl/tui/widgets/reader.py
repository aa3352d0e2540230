"""Lines that only ever grow, read at one's own pace: following never drags away a reader who has scrolled back.

Bounded: the oldest lines go, and what is on the screen stays where it is when they do. Text is text, never markup.
"""

from collections import deque
from itertools import islice
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from hactl.tui.lines import Line, Span, line, passes, plain
from hactl.tui.look import Look
from hactl.tui.meaning import Meaning
from hactl.tui.steady import SteadyLines

ROOM = 5000
"""Lines kept."""


class Reader(SteadyLines, ScrollView, can_focus=True):
    """Lines, newest at the bottom."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "by(-1)", "up", show=False),
        Binding("down,j", "by(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown,space", "page(1)", "page down", show=False),
        Binding("home,g", "first", "first", show=False),
        Binding("end,G,f", "follow", "follow", show=False),
        Binding("n", "match(1)", "next match", show=False),
        Binding("N", "match(-1)", "previous match", show=False),
    ]

    def __init__(self, look: Look, *, empty: str = "", id: str | None = None) -> None:  # noqa: A002
        """`empty` is shown while there is no line."""
        super().__init__(id=id)
        self._empty = line(Span(text=empty, meaning=Meaning.MUTED))
        self._look = look
        self._all: deque[Line] = deque(maxlen=ROOM)
        self._shown: list[Line] = []
        self._filter = ""
        self._search = ""
        self.following = True
        """New lines are scrolled to."""
        self.gone = 0
        """Lines that there was no room for any more, the oldest ones."""

    def on_mount(self) -> None:
        """Another theme draws everything anew."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh())

    @property
    def shown(self) -> list[Line]:
        """The lines that pass the filter, oldest first."""
        return self._shown

    @property
    def total(self) -> int:
        """Lines that there are, filtered or not."""
        return len(self._all)

    @property
    def current(self) -> str:
        """The line that was searched for, if it can be seen, or else the last one that can."""
        top = self.scroll_offset.y
        seen = [plain(each) for each in self._shown[top : top + max(1, self.size.height)]]
        hits = [each for each in seen if self._search and self._search in each.casefold()]
        return (hits or seen[-1:] or [""])[0]

    def when_empty(self, text: str) -> None:
        """What is to be shown while there is no line."""
        empty = line(Span(text=text, meaning=Meaning.MUTED))
        if empty != self._empty:
            self._empty = empty
            self.refresh()

    def clear(self) -> None:
        """Begin anew."""
        self._all.clear()
        self._shown.clear()
        self.following = True
        self.gone = 0
        self._fit()
        self.refresh()

    def add(self, lines: tuple[Line, ...]) -> None:
        """New lines at the end."""
        if not lines:
            return
        gone = max(0, len(self._all) + len(lines) - ROOM)
        self.gone += gone
        lost = sum(passes(plain(each), self._filter) for each in islice(self._all, gone))
        self._all.extend(lines)
        self._shown.extend(each for each in lines if passes(plain(each), self._filter))
        del self._shown[:lost]
        top = self.scroll_offset.y
        self._fit()
        if self.following:
            self._to(len(self._shown))
        elif lost:
            self._to(top - lost)
        self.refresh()

    def only(self, text: str) -> None:
        """Show lines that have `text`, whatever its case; with "!" in front those that have not."""
        self._filter = text
        self._shown = [each for each in self._all if passes(plain(each), self._filter)]
        self._fit()
        self.action_follow()

    def search(self, text: str) -> None:
        """Mark lines that have `text`, and go to the newest one."""
        self._search = text.casefold()
        self.action_match(-1)
        self.refresh()

    def _fit(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._shown))

    def _to(self, top: int) -> None:
        self.scroll_to(y=max(0, min(top, len(self._shown) - self.size.height)), animate=False, force=True)

    def on_resize(self) -> None:
        """Who follows goes on following."""
        self._fit()
        if self.following:
            self._to(len(self._shown))

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        at = y + self.scroll_offset.y
        spans = self._shown[at] if at < len(self._shown) else ()
        if at == 0 and not self._all:
            spans = self._empty
        segments = [Segment(span.text, self._look.style(span.meaning)) for span in spans]
        strip = Strip(segments).adjust_cell_length(self.size.width)
        if self._search and spans and self._search in plain(spans).casefold():
            strip = strip.apply_style(self._look.style(Meaning.CURSOR))
        return strip.apply_style(self.rich_style)

    # -- keys

    def action_by(self, lines: int) -> None:
        """Up or down; whoever goes up does not follow any more, and whoever reaches the end does again."""
        self._to(self.scroll_offset.y + lines)
        last = len(self._shown) - self.size.height
        self.following = self.scroll_offset.y + lines >= last

    def action_page(self, pages: int) -> None:
        """Up or down by a screen."""
        self.action_by(pages * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """To the oldest line."""
        self.action_by(-len(self._shown))

    def action_follow(self) -> None:
        """To the newest line, and on with those to come."""
        self.following = True
        self._to(len(self._shown))
        self.refresh()

    def action_match(self, step: int) -> None:
        """To the next or the previous line that was searched for."""
        if not self._search:
            return
        hits = [at for at, each in enumerate(self._shown) if self._search in plain(each).casefold()]
        top = self.scroll_offset.y
        ahead = [at for at in hits if (at > top if step > 0 else at < top)]
        if ahead:
            self.following = False
            self._to(ahead[0] if step > 0 else ahead[-1])
