"""Screen 2: one process in full, what happened to it, and the last lines of its log."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget

from hactl.tui.layout import ROOMY
from hactl.tui.lines import Line, cut, plain, wrapped
from hactl.tui.local import command_line
from hactl.tui.meaning import Meaning
from hactl.tui.node_facts import facts, history
from hactl.tui.picture import View
from hactl.tui.region_facts import INDENT
from hactl.tui.screens.one import OneOf
from hactl.tui.widgets.lines_view import LinesView
from hactl.tui.widgets.reader import Reader

BESIDE = 0.48
"""The part of a wide screen for facts; the rest is for what happened."""
LINES = 500
"""Lines of its log that are kept here; more are on the screen of logs."""
LOG = 6
"""Lines that are always kept for the log, the one above it included."""


class NodePage(OneOf):
    """Whatever is known of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "wrap", "wrap the log", show=False),
    ]
    NAME = "node"
    KEYS = (
        ("esc", "back"), ("K", "kill"), ("T", "stop"), ("R", "restart"), ("D", "drain"), ("W", "weight"),
        ("< >", "others"), ("^p", "all"), ("Z", "freeze"), ("l", "logs"), ("w", "wrap"),
        ("u", "undo"), ("?", "help"), ("q", "quit"),
    )  # fmt: skip
    _command = ("", "")
    """Instance and command line: the latter is looked up once for each."""
    _known: tuple[Line, ...] = ()
    """All facts, as they were told last."""

    def body(self) -> Iterable[Widget]:
        """Facts scroll where there is too little room for them."""
        yield Horizontal(
            VerticalScroll(LinesView(self.look, id="facts"), id="scroll"), LinesView(self.look, id="past"), id="about"
        )
        yield Reader(self.look, empty=" the log is empty", room=LINES, id="log")

    @property
    def copied(self) -> str:
        """All that is known of it, and nothing that is drawn."""
        known = (each for each in self._known if all(span.meaning is not Meaning.GRAPH for span in each))
        return "\n".join(plain(each) for each in known)

    def draw_body(self, view: View, *, now: float, stale: bool) -> None:
        """See Page."""
        super().draw_body(view, now=now, stale=stale)
        roomy = self.size.width >= ROOMY[0]
        self.set_class(roomy, "roomy")
        width = int(self.size.width * BESIDE) if roomy else self.size.width - 2
        shown = facts(view, self.node, self.glyphs, width, command=self._called(view))
        past = history(view, self.node)
        self._known = shown
        if roomy:
            self.query_one("#scroll").styles.width = width + 2
            room = self.query_one("#past", LinesView).size
            self.lines("#past", tuple(cut(each, room.width) for each in past[: room.height]))
        else:
            shown = (*shown, (), *past)
        shown = tuple(part for each in shown for part in wrapped(each, width, INDENT))
        self.query_one("#facts").styles.height = len(shown)
        needed = max(len(shown), len(past) if roomy else 0)
        self.query_one("#about").styles.height = max(1, min(self.size.height - 2 - LOG, needed))
        self.lines("#facts", shown)

    def _called(self, view: View) -> str:
        node = view.snapshot.fleet.nodes.get(self.node) if view.snapshot is not None else None
        launch = node.launch if node is not None else None
        instance = launch.instance if launch is not None else ""
        if instance != self._command[0]:
            self._command = (instance, command_line(launch))
        return self._command[1]

    def take_keys(self) -> None:
        """See Page."""
        self.set_focus(self.query_one("#scroll"))

    def foot(self) -> Line:
        """See Page."""
        return self.trouble_line()

    def action_wrap(self) -> None:
        """Long lines of its log go on in the next row, or are cut again."""
        self.log_reader.action_wrap()
