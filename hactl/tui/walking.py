"""The keys that move through time, the same live and in a recording. Where they lead is decided by a `Walk`."""

from abc import abstractmethod
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from hactl.core.errors import HactlError
from hactl.tui.notices import say_error, warn
from hactl.tui.past import Walk


class Walking(App[None]):
    """A console that shows one moment."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "hold", "freeze the view, or live", show=False),
        Binding("left_square_bracket", "walk(-1)", "back in time", show=False),
        Binding("right_square_bracket", "walk(1)", "forward in time", show=False),
        Binding("left_curly_bracket", "walk(-30)", "back in time", show=False),
        Binding("right_curly_bracket", "walk(30)", "forward in time", show=False),
        Binding("n", "stop(1)", "next event", show=False),
        Binding("N", "stop(-1)", "previous event", show=False),
        Binding("plus", "faster(1)", "play faster", show=False),
        Binding("minus", "faster(-1)", "play slower", show=False),
    ]

    moments: Walk

    @abstractmethod
    def _draw(self) -> None:
        """Show the moment that it is now."""

    def action_hold(self) -> None:
        """Hold the view, while measuring goes on, or go back to now; of a recording, play it and hold it."""
        self.moments.hold()
        self._draw()

    def action_walk(self, seconds: int) -> None:
        """Back or forward in time."""
        self.moments.walk(seconds)
        self._draw()

    def action_stop(self, step: int) -> None:
        """To the next event, or to the one before."""
        try:
            self.moments.stop(step)
        except HactlError as error:
            say_error(self, error)
        self._draw()

    def action_faster(self, step: int) -> None:
        """Play faster or slower."""
        if told := self.moments.faster(step):
            warn(self, told)
        self._draw()
