"""Screens to read: 3, the events, and 4, the log of one process. Both follow, filter and search the same way."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from hactl.core.telling import told
from hactl.tui.happenings import happened, noteworthy
from hactl.tui.lines import Line, Span, line
from hactl.tui.look import Look
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.picture import RECORDS, View
from hactl.tui.screens.one import OneOf
from hactl.tui.screens.page import Page
from hactl.tui.widgets.prompt import Prompt
from hactl.tui.widgets.reader import ROOM, Reader
from hactl.tui.widgets.typing_line import TypingLine


class ReadingPage(Page):
    """A reader, and a line to type a filter or a search in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "ask('filter')", "filter", show=False, priority=True),
        Binding("s", "ask('search')", "search", show=False, priority=True),
        Binding("escape", "clear", "clear", show=False),
    ]
    ROOM: ClassVar[int] = ROOM
    """Lines kept."""
    EMPTY: ClassVar[str] = ""
    """What is said while there is nothing to read."""
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("/", "filter"), ("w", "wrap"), ("s", "search"), ("n N", "matches"), ("f", "follow"), ("esc", "back"),
        ("?", "help"), ("q", "quit"),
    )  # fmt: skip
    TIME_KEYS = (("p", "play"), ("[ ]", "1 s"), ("{ }", "30 s"), *KEYS)

    def __init__(self, look: Look, glyphs: Glyphs, prompt: Callable[[], Prompt]) -> None:
        super().__init__(look, glyphs, prompt)
        self._asking = "filter"
        self._kept = {"filter": "", "search": ""}

    def body(self) -> Iterable[Widget]:
        """The reader takes it all."""
        yield Reader(self.look, empty=self.EMPTY, room=self.ROOM, id="reader")
        yield TypingLine(self._entered, self._back, id="ask")

    def on_mount(self) -> None:
        """The reader has the keys."""
        self._back()

    def take_keys(self) -> None:
        """See Page."""
        box = self.query_one("#ask")
        self.set_focus(box if box.display else self.reader)

    @property
    def reader(self) -> Reader:
        """What is read."""
        return self.query_one(Reader)

    @property
    def copied(self) -> str:
        """The line that was searched for, or the last one on the screen."""
        return self.reader.current.strip()

    @property
    def following(self) -> str:
        """Whether one sees what comes, in words."""
        return "following" if self.reader.following else "not following, f follows"

    def foot(self) -> Line:
        """What is followed, left out or looked for."""
        reader = self.reader
        parts = [Span(text=f"{self.following}  ", meaning=Meaning.MUTED)]
        if reader.gone:
            parts.append(Span(text=f"{reader.gone:,} older lines dropped  ", meaning=Meaning.MUTED))
        if self._kept["filter"]:
            said = f"/{self._kept['filter']} {len(reader.shown)} of {reader.total}  "
            parts.append(Span(text=said, meaning=Meaning.DEGRADED))
        if reader.found:
            parts.append(Span(text=f"{self._kept['search']}: {reader.found}  ", meaning=Meaning.DEGRADED))
        return line(*parts)

    def action_ask(self, what: str) -> None:
        """Type a filter or a search."""
        self._asking = what
        box = self.query_one("#ask", Input)
        box.placeholder = "filter, ! inverts" if what == "filter" else "search"
        box.display = True
        box.value = self._kept[what]
        self.set_focus(box)  # at once: what is typed next is meant for it

    def _entered(self, text: str) -> None:
        """Filter or search by what was typed."""
        self._use(self._asking, text)
        self._back()

    async def action_clear(self) -> None:
        """Nothing is left out or looked for any more; once more, and it is back to the fleet."""
        if kept := [what for what, text in self._kept.items() if text]:
            for what in kept:
                self._use(what, "")
        else:
            await self.action_back()

    def _use(self, what: str, text: str) -> None:
        self._kept[what] = text
        if what == "filter":
            self.reader.only(text)
        else:
            self.reader.search(text)

    def _back(self) -> None:
        self.query_one("#ask").display = False
        self.take_keys()


class EventsPage(ReadingPage):
    """Everything that happened, in plain sentences."""

    NAME = "events"
    ROOM = RECORDS
    EMPTY = " nothing has happened yet"

    _seen = 0
    _live = True

    def progress(self, view: View) -> int | None:
        """See Page: up to the newest record that says something by itself."""
        return next((record.seq for record in noteworthy(reversed(view.records), 1)), None)

    def draw_body(self, view: View, *, now: float, stale: bool) -> None:  # noqa: ARG002
        """See Page. Of another time everything is shown anew, and whoever reads goes on with the same line."""
        until = view.records[-1].seq if view.records else 0
        goes_on = view.live and self._live and until >= self._seen
        self._live = view.live
        if until == self._seen:
            return
        if goes_on:
            new = (record for record in view.records if record.seq > self._seen)
            self.reader.add(tuple(happened(record) for record in told(new)))
        else:
            self.reader.instead(tuple(happened(record) for record in told(view.records)))
        self._seen = until


class LogsPage(OneOf, ReadingPage):
    """The log of one process."""

    NAME = "logs"
    EMPTY = " the log is empty"
    KEYS = (("< >", "others"), *ReadingPage.KEYS)

    def progress(self, view: View) -> int | None:  # noqa: ARG002
        """See Page: lines that have come since it was turned to."""
        return self.later

    @property
    def following(self) -> str:
        """See ReadingPage: of the past nothing comes."""
        return super().following if self._live else "live only"

    def foot(self) -> Line:
        """Whose log it is, and why it cannot be read, if it cannot."""
        name = Span(text=f"{self.node}  ", meaning=Meaning.TITLE)
        return (name, *self.trouble_line(), *super().foot())
