"""What pages about one process share: which process it is, keys to the next one, and its log, followed."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from hactl.tui.lines import Line, Span
from hactl.tui.meaning import Meaning
from hactl.tui.picture import View
from hactl.tui.screens.page import Page
from hactl.tui.tail import DAEMON, Tail
from hactl.tui.widgets.reader import Reader


class OneOf(Page):
    """About the daemon, an edge or a node; where it shows more than a log, about a region as well."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("less_than_sign", "turn(-1)", "previous", show=False),
        Binding("greater_than_sign", "turn(1)", "next", show=False),
    ]
    node = ""
    """Which one: a name of the fleet, or `tail.DAEMON`; "" before one was chosen."""
    later: int | None = None
    """Lines that its log has got since its end was read for the first time; None before that."""
    _names: tuple[str, ...] = (DAEMON,)
    _live = True
    """What is shown is now: the log is read on."""

    @property
    def chosen(self) -> str:
        """See Page."""
        return self.node

    @property
    def log_reader(self) -> Reader:
        """Where its log is shown."""
        return self.query_one(Reader)

    def turn_to(self, node: str) -> None:
        """Be about another process."""
        self.node = node
        if self.tail is None:
            self.tail = Tail()
        if self.tail.turn_to("" if node.startswith("[") else node):
            self.later = None
            if self.is_mounted:
                self.log_reader.clear()

    async def action_turn(self, by: int) -> None:
        """The next one of all there are, or the one before."""
        at = self._names.index(self.node) if self.node in self._names else int(by < 0)  # from a region to the first
        self.turn_to(self._names[(at + by) % len(self._names)])
        await self.app.run_action(f"page('{self.NAME}')")

    def take(self, lines: tuple[Line, ...]) -> None:
        """See Page."""
        if self.later is not None:
            self.later += len(lines)
        elif self.tail is not None and not self.tail.trouble:
            self.later = 0
        self.log_reader.add(lines)

    def draw_body(self, view: View, *, now: float, stale: bool) -> None:  # noqa: ARG002
        """Who there is to choose from; the daemon's is shown before somebody has chosen."""
        if view.snapshot is not None:
            self._names = (DAEMON, *view.snapshot.fleet.nodes)
        if not self.node:
            self.turn_to(DAEMON)
        self._live = view.live
        reader = self.log_reader
        if view.speed is not None:
            reader.when_empty(f" logs are not part of a recording: hactl logs {self.node}")
        elif not view.live:
            reader.when_empty(" logs are shown live only: p goes back to live")
        else:
            reader.when_empty(" the log is empty")
        reader.display = not self.node.startswith("[")
        said = f"log of {self.node}" + (f", {reader.gone:,} older lines dropped" if reader.gone else "")
        said += " · w: cut" if reader.wrapping else " · w: wrap"
        if reader.border_title != said:
            reader.border_title = said

    def trouble_line(self) -> Line:
        """Why the log cannot be read, if it cannot."""
        trouble = self.tail.trouble if self.tail is not None else ""
        return (Span(text=f"{trouble}  ", meaning=Meaning.DOWN),) if trouble else ()
