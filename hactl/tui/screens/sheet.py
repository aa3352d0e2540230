"""A sheet over a screen: text to read, and away with it: help, or what a command has printed."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from hactl.tui.lines import Line, Span, line
from hactl.tui.look import Look
from hactl.tui.meaning import Meaning
from hactl.tui.steady import Steady
from hactl.tui.widgets.lines_view import LinesView
from hactl.tui.widgets.reader import Reader


class Sheet(Steady, ModalScreen[None]):
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


HELP = (
    ("everywhere", ""),
    ("1 2 3 4 5 6", "fleet, node, events, logs, drills, reports"),
    (":", "a command as in a shell; tab completes; theme NAME"),
    ("ctrl+p", "everything that can be done, found by typing"),
    ("e l", "events; the log of the process that is chosen"),
    ("y", "copy the row or line to the terminal's clipboard"),
    ("p", "hold the view, and back to now"),
    ("[ ]  { }", "back and forward in time, by 1 s and by 30 s"),
    ("n N", "to the next event worth a stop, or the one before"),
    ("+ -", "play a recording faster, slower; p plays, holds it"),
    ("?", "this"),
    ("q", "leave; the fleet goes on (ctrl+c does not leave)"),
    ("", ""),
    ("in tables", ""),
    ("j k g G", "down, up, first, last; or arrows, home, end"),
    ("enter", "go in"),
    ("/", "filter; !text leaves out what has it; esc clears"),
    ("left right o", "sort by another column, the other way round"),
    ("space  ctrl+\\", "mark, clear marks: changes are of all marked rows"),
    ("z", "only rows somebody should look at, and all again"),
    ("v", "the traffic of regions, or of the nodes of one"),
    ("", ""),
    ("about one process", ""),
    ("< >", "the one before, the next: daemon, edges, nodes"),
    ("", ""),
    ("in texts", ""),
    ("/ s n N", "filter, search, next and previous match"),
    ("f w", "follow; wrap long lines, or cut them"),
    ("", ""),
    ("changes, of a region where its head is chosen", ""),
    ("K  ctrl+k", "kill: SIGKILL, as a crash"),
    ("T R", "stop or start; restart, one at a time"),
    ("D Z", "drain or resume; freeze or thaw"),
    ("W", "weight of nodes or of regions: arrows, or type it"),
    ("S F", "number of nodes; move the traffic away, or back"),
    ("M", "of the fleet: repair nothing, or go on"),
    ("X", "drill"),
    ("u", "undo a weight or a resume, for 10 s"),
    ("", ""),
    ("when it asks", ""),
    ("y", "does it; everything else leaves it as it is"),
    ("a name", "of the fleet, where a safety rule would break"),
)
"""Keys and what they do; a line without keys is blank, one without an explanation a heading."""


def help_lines() -> tuple[Line, ...]:
    """All keys."""
    lines = []
    for keys, what in HELP:
        if not what:
            lines.append(line(Span(text=keys, meaning=Meaning.TITLE)))
        else:
            lines.append(line("  ", Span(text=f"{keys:<16}", meaning=Meaning.KEY), what))
    return tuple(lines)
