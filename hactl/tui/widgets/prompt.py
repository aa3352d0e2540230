"""The command line at the bottom: history with the arrows, completion with the tabulator."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import Suggester

from hactl.tui.widgets.typing_line import TypingLine

MOST = 200
"""Commands remembered."""


class Prompt(TypingLine):
    """Hidden until it is asked for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "recall(-1)", "older", show=False),
        Binding("down", "recall(1)", "newer", show=False),
        Binding("tab", "accept", "complete", show=False),
    ]

    class Entered(Message):
        """A command was typed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Nothing is to be done."""

    def __init__(self, history: list[str], complete: Callable[[str], str | None], *, id: str | None = None) -> None:  # noqa: A002
        """`history` is shared by all screens: what was typed on one can be recalled on another."""
        super().__init__(
            self._submit,
            self._leave,
            placeholder="a command, as in a shell: kill seoul-1 --wait",
            suggester=_By(complete),
            id=id,
        )
        self.give_keys: Callable[[], None] = _nobody
        """Gives the keys to whoever has them when nothing is typed."""
        self._history = history
        self._place = 0
        self.display = False

    def open(self, text: str = "") -> None:
        """Take the keys."""
        self.display = True
        self.value = text
        self.cursor_position = len(text)
        self._place = len(self._history)
        self.screen.set_focus(self)  # at once: what is typed next is meant for it

    def action_recall(self, step: int) -> None:
        """An older command, or a newer one."""
        self._place = min(max(0, self._place + step), len(self._history))
        self.value = self._history[self._place] if self._place < len(self._history) else ""
        self.cursor_position = len(self.value)

    def action_accept(self) -> None:
        """Take what is suggested."""
        if self._suggestion:
            self.value = self._suggestion
            self.cursor_position = len(self.value)

    def _leave(self) -> None:
        self.display = False
        self.give_keys()
        self.post_message(self.Left())

    def _submit(self, typed: str) -> None:
        text = typed.strip()
        if not text:
            self._leave()
            return
        self.display = False
        self.give_keys()
        self._history[:] = [*[old for old in self._history if old != text], text][-MOST:]
        self.post_message(self.Entered(text))


def _nobody() -> None:
    """Nobody has them."""


class _By(Suggester):
    def __init__(self, complete: Callable[[str], str | None]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        return self._complete(value)
