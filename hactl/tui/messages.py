"""Messages to the console from outside it: from a demo that runs while the console is open."""

from textual.app import App
from textual.message import Message

from hactl.tui.lines import line
from hactl.tui.look import Look
from hactl.tui.screens.sheet import Sheet


class Said(Message):
    """A thing in passing."""

    def __init__(self, text: str, *, bad: bool = False) -> None:
        super().__init__()
        self.text = text
        self.bad = bad


class Shown(Message):
    """A page to read."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self.title = title
        self.text = text


class Listening(App[None]):
    """A console that lets others say something."""

    look: Look

    def on_said(self, message: Said) -> None:
        """A notice."""
        self.notify(message.text, severity="error" if message.bad else "information", markup=False, timeout=10.0)

    def on_shown(self, message: Shown) -> None:
        """A sheet over the screen."""
        lines = tuple(line(each) for each in message.text.splitlines())
        self.push_screen(Sheet(self.look, title=message.title, lines=lines))
