"""What every screen has: the verdict on top, the keys that work now at the bottom, and its own body between them."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from hactl.core.model import Fleet
from hactl.core.talk import Snapshot
from hactl.core.value import replace
from hactl.tui import keys
from hactl.tui.activity import Sign
from hactl.tui.banner import banner
from hactl.tui.bindings import PAGES
from hactl.tui.fresh import STALE, unmeasured
from hactl.tui.layout import ROOMY
from hactl.tui.lines import Line, Span, cut, length, line, wrapped
from hactl.tui.look import Look
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.picture import View
from hactl.tui.steady import SteadyScreen
from hactl.tui.summary import ended, header
from hactl.tui.tail import Tail
from hactl.tui.widgets.lines_view import LinesView
from hactl.tui.widgets.prompt import Prompt

OPENING = ("filter", "ask", "command")
"""Actions after which letters are letters."""
ELSEWHERE = ("focus_next", "focus_previous")
"""Actions after which they are not any more."""
LEAST = (60, 15)
"""Columns and lines below which nothing sensible can be drawn."""
TOO_SMALL = "the window is too small: keys that change anything are off"


def fits(size: Size) -> bool:
    """Whether what a change would do can be seen on a terminal of this size."""
    return size.width >= LEAST[0] and size.height >= LEAST[1]


def enlarge(size: Size) -> tuple[Line, ...]:
    """What stands in a dialog in place of its answers where they are off; () where they are not."""
    if fits(size):
        return ()
    text = f"enlarge the window to {LEAST[0]}x{LEAST[1]} to answer; "
    return ((), line(Span(text=text, meaning=Meaning.DEGRADED), Span(text="esc", meaning=Meaning.KEY), " cancels"))


class Page(SteadyScreen, Screen[None]):
    """Draws the picture it is given; knows no daemon."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "back", show=False)]
    NAME: ClassVar[str] = ""
    """Which of PAGES it is."""
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Keys of this screen and what they do, for the line at the bottom."""
    TIME_KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("p", "play"), ("[ ]", "1 s"), ("{ }", "30 s"), ("n N", "events"), ("+ -", "speed"), ("/", "filter"),
        ("?", "help"), ("q", "quit"),
    )  # fmt: skip
    """Those of a recording, in their place."""

    tail: Tail | None = None
    """The log that is followed here, if one is; what comes of it is given to `take`."""
    _old: tuple[Snapshot | None, Snapshot | None] = (None, None)
    """A snapshot that has grown old, and what is left of it."""

    def __init__(self, look: Look, glyphs: Glyphs, prompt: Callable[[], Prompt]) -> None:
        """`prompt` makes a command line."""
        super().__init__()
        self.look = look
        self.glyphs = glyphs
        self._prompt = prompt

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield LinesView(self.look, id="header")
        yield from self.body()
        prompt = self._prompt()
        prompt.give_keys = self.take_keys
        yield prompt
        yield LinesView(self.look, id="keys")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Keys that open a line to type in come first, so that what follows them quickly is typed there; not within.
        Nor does a key lead out of it without closing it: the rest of what is typed would be keys."""
        return not (action in (*OPENING, *ELSEWHERE) and isinstance(self.focused, Input))

    def get_focusable_widget_at(self, x: int, y: int) -> Widget | None:
        """See Screen: a click beside a line that is typed in leaves the keys with it, for the same reason."""
        found = super().get_focusable_widget_at(x, y)
        return found if isinstance(found, Input) or not isinstance(self.focused, Input) else None

    @property
    def chosen(self) -> str:
        """The row or process that keys are about; "" where the screen has none."""
        return ""

    @property
    def marks(self) -> Collection[str]:
        """Rows that are marked: keys are about these then."""
        return ()

    @property
    def copied(self) -> str:
        """What is copied from here; "" for nothing."""
        return ""

    @property
    def prompt(self) -> Prompt:
        """The command line of this screen."""
        return self.query_one(Prompt)

    @abstractmethod
    def take_keys(self) -> None:
        """Give the keys to what has them when nothing is typed, at once."""

    @abstractmethod
    def body(self) -> Iterable[Widget]:
        """What stands between head and foot."""

    @abstractmethod
    def draw_body(self, view: View, *, now: float, stale: bool) -> None:
        """Show `view` in the body. `now` is the console's own monotonic clock, in seconds."""

    def draw(self, view: View, *, now: float, wall: float) -> None:
        """Show `view`; what has not changed is not drawn again."""
        if not self.is_mounted:
            return
        width, height = self.size
        self.set_class(not fits(self.size), "small")
        if not fits(self.size):
            needed = f"needs {LEAST[0]}x{LEAST[1]}, has {width}x{height}; keys that change anything are off"
            said = wrapped(line(Span(text=needed, meaning=Meaning.DEGRADED)), width)
            self._head(header(view, now=now, wall=wall, width=width, glyphs=self.glyphs), *said)
            return
        places = self._places(view) if width >= ROOMY[0] else ()
        above = header(view, now=now, wall=wall, width=width - length(places), glyphs=self.glyphs)
        self._head((*above, *places))
        old = view.live and now - view.heard > STALE
        stale = view.snapshot is not None and (old or (view.live and bool(view.trouble)) or not view.measured)
        if old and view.snapshot is not None:
            view = replace(view, snapshot=self._without_numbers(view.snapshot))
        self.set_class(not view.live, "past")
        self.draw_body(view, now=now, stale=stale)
        self.lines("#keys", (self._foot(view, width, now),))
        if self.focused is None and self.app.screen is self:
            self._give_keys()

    def _give_keys(self) -> None:
        """What had them was hidden for a while, or the window had none: the toolkit does not give all of them back."""
        if self.prompt.display:
            self.set_focus(self.prompt)
        else:
            self.take_keys()

    async def action_back(self) -> None:
        """To the fleet."""
        await self.app.run_action("page('fleet')")

    def _without_numbers(self, snapshot: Snapshot) -> Snapshot:
        """What was measured so long ago is nothing to go by; of one snapshot always the same."""
        if self._old[0] is not snapshot:
            self._old = (snapshot, unmeasured(snapshot))
        return self._old[1] or snapshot

    def take(self, lines: tuple[Line, ...]) -> None:
        """More of the log has come that is followed here."""

    def progress(self, view: View) -> int | None:  # noqa: ARG002
        """How far what is shown here has come as of `view`: another number than before says that there is more to see.

        0 is nothing yet, None is not known, or of no interest.
        """
        return None

    def _places(self, view: View) -> Line:
        """The digits of all screens, what is to be said of those, and the name of this one."""
        parts: list[str | Span] = []
        for digit, name in enumerate(PAGES, start=1):
            if name == self.NAME:
                parts.append(Span(text=f" {digit} {name} ", meaning=Meaning.TITLE))
            else:
                parts += [Span(text=f" {digit}", meaning=Meaning.MUTED), *self._sign(view, name)]
        return line(*parts, " ")

    def _signs(self, view: View) -> Line:
        """The digits of screens of which something is to be said."""
        parts: list[str | Span] = []
        for digit, name in enumerate(PAGES, start=1):
            if sign := self._sign(view, name):
                parts += [Span(text=str(digit), meaning=Meaning.MUTED), *sign, " "]
        return line(*parts)

    def _sign(self, view: View, name: str) -> tuple[Span, ...]:
        match view.signs.get(name):
            case Sign.NEW:
                return (Span(text=self.glyphs.news, meaning=Meaning.KEY),)
            case Sign.SILENT:
                return (Span(text=self.glyphs.silence, meaning=Meaning.MUTED),)
            case None:
                return ()

    def foot(self) -> Line:
        """What is to be said beside the keys, such as a filter that hides something."""
        return ()

    def _head(self, *lines: Line) -> None:
        """What stands on top, as high as it has lines."""
        self.query_one("#header").styles.height = len(lines)
        self.lines("#header", lines)

    def _foot(self, view: View, width: int, now: float) -> Line:
        """Keys in the order of their importance, as many as there is room for; the last two always have it."""
        if ended(view):
            again = " nothing is running: hactl up starts it again, and this console continues"
            return cut(line(Span(text=again, meaning=Meaning.MUTED)), width)
        if view.trouble and view.live:
            return banner(view.trouble, now - view.heard if view.snapshot is not None else 0.0, width)
        past = (Span(text=f"{view.trouble}  ", meaning=Meaning.DOWN),) if view.trouble else ()
        signs = self._signs(view) if width < ROOMY[0] else ()  # elsewhere they stand above
        shown: Line = line(" ", *past, *signs, *self.foot())
        known = self.KEYS if view.speed is None else self.TIME_KEYS
        fleet = view.snapshot.fleet if view.snapshot is not None else Fleet()
        meant = keys.rows(fleet, self.chosen, self.marks)
        offered = [_offered(view, meant, key, what) for key, what in known]
        last: Line = tuple(span for each in offered[-2:] for span in each)
        for each in offered[:-2]:
            if length(shown) + length(each) + length(last) <= width:
                shown += each
        return cut(shown + last, width)

    def lines(self, which: str, lines: tuple[Line, ...]) -> None:
        """Show lines in the view called `which`."""
        self.query_one(which, LinesView).show(lines)


def _offered(view: View, meant: keys.Rows, key: str, what: str) -> Line:
    """One key; dimmed when it would do nothing, with another name when it would do another thing than usually."""
    meaning = Meaning.KEY
    if key in keys.WRITES and view.snapshot is not None:
        choice = keys.choose(key, view.snapshot, meant)
        if choice.action is not None:
            what = choice.action.verb
        if choice.action is None or keys.forbidden(view):
            meaning = Meaning.MUTED
    elif keys.idle(key, view):
        meaning = Meaning.MUTED
    name = Span(text=f" {what}  ", meaning=Meaning.TEXT if meaning is Meaning.KEY else Meaning.MUTED)
    return line(Span(text=key, meaning=meaning), name)
