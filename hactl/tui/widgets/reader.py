"""Lines that only ever grow, read at your own pace: following never moves a reader who has scrolled back.

Bounded: the oldest lines go, and what is on the screen stays where it is when they do. Text is text, never markup.
"""

from bisect import bisect_right
from collections import deque
from itertools import accumulate, islice
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from hactl.tui.lines import Line, Span, cut, line, passes, plain, wrapped
from hactl.tui.look import Look
from hactl.tui.meaning import Meaning
from hactl.tui.steady import SteadyLines

ROOM = 5000
"""Lines kept where nothing else is said."""
_INDENT = 2
"""Cells that the rest of a wrapped line begins further in."""


class Reader(SteadyLines, ScrollView, can_focus=True):
    """Lines, newest at the bottom."""

    DEFAULT_CSS = "Reader { overflow-x: hidden; }"  # a bar to scroll sideways would lie over the newest line
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "by(-1)", "up", show=False),
        Binding("down,j", "by(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown,space", "page(1)", "page down", show=False),
        Binding("home,g", "first", "first", show=False),
        Binding("end,G,f", "follow", "follow", show=False),
        Binding("w", "wrap", "wrap", show=False),
        Binding("n", "match(1)", "next match", show=False),
        Binding("N", "match(-1)", "previous match", show=False),
    ]

    def __init__(self, look: Look, *, empty: str = "", room: int = ROOM, id: str | None = None) -> None:  # noqa: A002
        """`empty` is shown while there is no line; `room` is how many are kept."""
        super().__init__(id=id)
        self._empty = line(Span(text=empty, meaning=Meaning.MUTED))
        self._look = look
        self._all: deque[Line] = deque(maxlen=room)
        self._room = room
        self._shown: list[Line] = []
        self._rows: list[tuple[Line, Line]] = []
        """What is drawn: each row of the screen with the line it is a part of."""
        self._heights: list[int] = []
        """Rows of each line that is shown."""
        self._broken_at = 0
        self._filter = ""
        self._search = ""
        self._hit: int | None = None
        """Place of the match that was gone to last among the lines that are shown."""
        self.wrapping = False
        """Lines longer than the screen go on in the next row; otherwise they are cut, with a mark."""
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
        seen = [plain(whole) for _, whole in self._rows[top : top + max(1, self.size.height)]]
        hits = [each for each in seen if self._search and self._search in each.casefold()]
        return (hits or seen[-1:] or [""])[0]

    @property
    def found(self) -> str:
        """Which match of how many one is at; "" where nothing is searched for."""
        if not self._search:
            return ""
        hits = self._hits()
        if not hits:
            return "no match"
        return f"{hits.index(self._hit) + 1} of {len(hits)}" if self._hit in hits else f"{len(hits)} matches"

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
        self._hit = None
        self.following = True
        self.gone = 0
        self._break_anew()
        self.refresh()

    def instead(self, lines: tuple[Line, ...]) -> None:
        """These, whatever was there; who reads goes on with the same line if it is among them, or as near as can be."""
        at = self._at(self.scroll_offset.y)
        read = self._shown[at] if at < len(self._shown) else ()
        self._all.clear()
        self._all.extend(lines)
        self._shown = self._passing()
        self._hit = None
        self.gone = max(0, len(lines) - self._room)
        self._break_anew()
        same = [place for place, each in enumerate(self._shown) if each == read]
        top = min(same, key=lambda place: abs(place - at), default=at)
        self._to(len(self._rows) if self.following else sum(self._heights[:top]))
        self.refresh()

    def add(self, lines: tuple[Line, ...]) -> None:
        """New lines at the end."""
        if not lines:
            return
        gone = max(0, len(self._all) + len(lines) - self._room)
        self.gone += gone
        lost = sum(passes(plain(each), self._filter) for each in islice(self._all, gone))
        self._all.extend(lines)
        new = [each for each in lines if passes(plain(each), self._filter)]
        self._shown.extend(new)
        self._break(new)
        rows = sum(self._heights[:lost])
        del self._shown[:lost], self._heights[:lost], self._rows[:rows]
        if self._hit is not None:
            self._hit = self._hit - lost if self._hit >= lost else None
        top = self.scroll_offset.y
        self._fit()
        if self.following:
            self._to(len(self._rows))
        elif rows:
            self._to(top - rows)
        self.refresh()

    def only(self, text: str) -> None:
        """Show lines that have `text`, whatever its case; with "!" in front those that have not."""
        self._filter = text
        self._shown = self._passing()
        self._hit = None
        self._break_anew()
        self.action_follow()

    def search(self, text: str) -> None:
        """Mark lines that have `text`, and go to the newest of those that are or were on the screen, or to the next."""
        self._search = text.casefold()
        self._hit = None
        hits, last = self._hits(), self._at(self.scroll_offset.y + max(1, self.size.height) - 1)
        if hits:
            self._go_to(max((at for at in hits if at <= last), default=hits[0]))
        self.refresh()

    def _passing(self) -> list[Line]:
        return [each for each in self._all if passes(plain(each), self._filter)]

    def _hits(self) -> list[int]:
        """Places of the lines that were searched for among those that are shown."""
        if not self._search:
            return []
        return [at for at, each in enumerate(self._shown) if self._search in plain(each).casefold()]

    def _at(self, row: int) -> int:
        """Place of the line that this row is a part of."""
        return bisect_right(list(accumulate(self._heights)), row)

    def _go_to(self, hit: int) -> None:
        self._hit = hit
        self.following = False
        self._to(sum(self._heights[:hit]))

    def _break(self, lines: list[Line]) -> None:
        """More rows: one for each of these lines, or as many as it takes."""
        for whole in lines:
            parts = wrapped(whole, self._broken_at, _INDENT) if self._broken_at > _INDENT else (whole,)
            self._heights.append(len(parts))
            self._rows.extend((part, whole) for part in parts)

    @property
    def _width(self) -> int:
        """Cells that lines are broken at, beside a bar whether there is one or not; 0 for nowhere."""
        return max(0, self.size.width - self.styles.scrollbar_size_vertical) if self.wrapping else 0

    def _break_anew(self) -> None:
        self._broken_at = self._width
        self._rows.clear()
        self._heights.clear()
        self._break(self._shown)
        self._fit()

    def _fit(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._rows))

    @property
    def _last(self) -> int:
        """The top row when the end is seen."""
        return max(0, len(self._rows) - self.size.height)

    def _to(self, top: int) -> None:
        following = self.following
        self.scroll_to(y=max(0, min(top, self._last)), animate=False, force=True)
        self.following = following  # that is for whoever scrolls to say

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """A wheel or a bar says by where it leads whether one follows, as keys do; not a window that is enlarged."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) <= self._last:
            self.following = round(new_value) >= self._last

    def on_resize(self) -> None:
        """Who follows goes on following, and who reads goes on with the same line."""
        if self._width != self._broken_at:
            self._rearrange()
        else:
            self._fit()
            if self.following:
                self._to(len(self._rows))

    def _rearrange(self) -> None:
        top = self._at(self.scroll_offset.y)
        self._break_anew()
        self._to(len(self._rows) if self.following else sum(self._heights[:top]))

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        at = y + self.scroll_offset.y
        spans, whole = self._rows[at] if at < len(self._rows) else ((), ())
        if at == 0 and not self._all:
            spans = self._empty
        spans = cut(spans, self.scrollable_content_region.width)
        segments = [Segment(span.text, self._look.style(span.meaning)) for span in spans]
        strip = Strip(segments).adjust_cell_length(self.size.width)
        if self._search and whole and self._search in plain(whole).casefold():
            strip = strip.apply_style(self._look.style(Meaning.CURSOR))
        return strip.apply_style(self.rich_style)

    # -- keys

    def action_by(self, lines: int) -> None:
        """Up or down; whoever goes up does not follow any more, and whoever reaches the end does again."""
        wanted = self.scroll_offset.y + lines
        self.following = wanted >= self._last
        self._to(wanted)

    def action_page(self, pages: int) -> None:
        """Up or down by a screen."""
        self.action_by(pages * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """To the oldest line."""
        self.action_by(-len(self._rows))

    def action_follow(self) -> None:
        """To the newest line, and on with those to come."""
        self.following = True
        self._to(len(self._rows))
        self.refresh()

    def action_wrap(self) -> None:
        """Lines that are too long go on in the next row, or are cut again."""
        self.wrapping = not self.wrapping
        self._rearrange()
        self.refresh()

    def action_match(self, step: int) -> None:
        """To the next or the previous line that was searched for."""
        if not self._search:
            return
        here = self._at(self.scroll_offset.y) if self._hit is None else self._hit
        ahead = [at for at in self._hits() if (at > here if step > 0 else at < here)]
        if ahead:
            self._go_to(ahead[0] if step > 0 else ahead[-1])
