"""A line that is typed in until it is entered or left; keys that follow close behind are for whoever has them then.

Knows neither what is typed nor what becomes of it.
"""

from collections.abc import Callable

from textual.events import Key
from textual.suggester import Suggester
from textual.widgets import Input

from hactl.tui.steady import Steady


class TypingLine(Steady, Input):
    """Hidden while nobody types."""

    def __init__(
        self,
        entered: Callable[[str], None],
        left: Callable[[], None],
        *,
        placeholder: str = "",
        suggester: Suggester | None = None,
        id: str | None = None,  # noqa: A002 - as the toolkit calls it
    ) -> None:
        """`entered` takes what was typed, `left` is told that it was given up. Both hide the line, and give the keys to
        somebody else at once."""
        super().__init__(placeholder=placeholder, suggester=suggester, select_on_focus=False, id=id)
        self._entered, self._left = entered, left

    def _on_key(self, event: Key) -> None:  # type: ignore[override]  # the toolkit calls those of the classes behind it
        """Both ends are seen here, in the order of the keys. A key that was on its way is sent on."""
        if self.display and event.key not in ("enter", "escape"):
            return
        event.stop()
        event.prevent_default()
        if not self.display:
            self.app.post_message(Key(event.key, event.character))
        elif event.key == "enter":
            self._entered(self.value)
        else:
            self._left()
