"""Errors inside the console are reported and the console continues: never a silent end, never a secret shown.

The toolkit ends an application at the first exception and prints every local variable with it. Here an exception in a
key, a message, a timer, a worker or a drawing is a notice with its type and place and nothing it was about. What can
only end (a screen that cannot be built, a fault in the toolkit's own widgets) ends with one line.
"""

import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from rich.segment import Segment
from rich.text import Text
from textual import events
from textual._callback import invoke
from textual.actions import ActionParseResult
from textual.app import App
from textual.dom import DOMNode
from textual.geometry import Region
from textual.message import Message
from textual.message_pump import MessagePump
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.strip import Strip
from textual.worker import Worker, WorkerState

from hactl.core.plain import plain

_BUILDING = (events.Load, events.Compose, events.Mount)
"""What comes first for whatever is shown: without it there is nothing to go on with."""


class Steady(MessagePump):
    """Put before the toolkit's class: a message that cannot be handled is the end of that message only."""

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if isinstance(message, _BUILDING):
                raise
            _app(self).stumble(error, f"{type(message).__name__} of {type(self).__name__}")

    async def _flush_next_callbacks(self) -> None:
        callbacks = self._next_callbacks.copy()
        self._next_callbacks.clear()
        for each in callbacks:
            try:
                with self.prevent(*each._prevent):
                    await invoke(each.callback)
            except Exception as error:
                _app(self).stumble(error, f"deferred work of {type(self).__name__}")


class SteadyScreen(Steady):
    """The same for a screen, and for what waits until it is drawn."""

    @property
    def stands(self) -> bool:
        """What it shows can be changed: it has been made, and was not left."""
        screen = cast("Screen[object]", self)
        return screen.is_mounted and screen in self.app.screen_stack

    async def _invoke_and_clear_callbacks(self) -> None:
        try:
            await super()._invoke_and_clear_callbacks()  # type: ignore[misc]  # of the screen behind it
        except Exception as error:
            _app(self).stumble(error, f"deferred work of {type(self).__name__}")


class SteadyLines(Steady):
    """The same for a widget that draws lines: those that cannot be drawn say so instead."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """See Widget."""
        try:
            return cast("list[Strip]", super().render_lines(crop))  # type: ignore[misc]  # of the widget behind it
        except Exception as error:
            _app(self).stumble(error, f"drawing {type(self).__name__}")
            said = Strip([Segment(f"cannot be drawn: {type(error).__name__}")])
            return [said.adjust_cell_length(crop.width)] * crop.height


class SteadyApp(Steady, App[None]):
    """An application that goes on."""

    def __init__(self, *, ansi_color: bool) -> None:
        super().__init__(ansi_color=ansi_color)
        self._stumbles: dict[str, float] = {}
        """What was said to have gone wrong, and until when that stands on the screen."""

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """See App; whoever the words are of, they drive no terminal."""
        super().notify(plain(message), title=plain(title), severity=severity, timeout=timeout, markup=markup)

    def stumble(self, error: BaseException, where: str) -> None:
        """Say that something inside went wrong; once for as long as it stands on the screen."""
        text = f"internal console error ({type(error).__name__} in {where}); continuing"
        now = time.monotonic()
        if self._stumbles.get(text, 0.0) <= now:
            self._stumbles[text] = now + self.NOTIFICATION_TIMEOUT
            self.notify(text, severity="error", markup=False)

    def steadily(self, act: Callable[[], object]) -> Callable[[], None]:
        """`act` for a timer."""

        def acting() -> None:
            try:
                act()
            except Exception as error:
                self.stumble(error, getattr(act, "__name__", "a timer"))

        return acting

    async def run_action(
        self,
        action: "str | ActionParseResult",  # the toolkit knows the second one to type checkers only
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """See App: what a key does."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:
            self.stumble(error, f"key for {action if isinstance(action, str) else action[1]}")
            return True

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Work that nobody waits for has failed."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.stumble(event.worker.error, event.worker.name)

    def _fatal_error(self) -> None:
        """It cannot go on: one line, and that once."""
        error = sys.exc_info()[1]
        self.bell()
        if error is not None and not self._exit_renderables:
            self._exit_renderables.append(Text(last_words(error)))
        self._close_messages_no_wait()


def _app(pump: MessagePump) -> SteadyApp:
    return cast("SteadyApp", pump.app)


def last_words(error: BaseException) -> str:
    """What ended the console: type and place, and nothing it was about."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}, {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"hactl: the console crashed: {type(error).__name__}{where}; the fleet keeps running"
