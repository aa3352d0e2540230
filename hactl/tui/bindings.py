"""The keys that work on every screen, and the screens by name. What each screen has besides stands with it.

Lower case reads, upper case writes. No key that writes has priority over a line that is being typed in.
"""

from textual.binding import Binding, BindingType

from hactl.tui.keys import WRITES

PAGES = ("fleet", "node", "events", "logs", "drills", "reports")
"""Screens by name, in the order of their digits."""
BINDINGS: list[BindingType] = [
    Binding("q,ctrl+q", "quit", "quit", show=False),
    *(Binding(str(digit), f"page('{name}')", name, show=False) for digit, name in enumerate(PAGES, start=1)),
    Binding("colon", "command", "command", show=False, priority=True),
    Binding("question_mark", "help", "help", show=False),
    Binding("l", "page('logs')", "logs", show=False),
    Binding("e", "page('events')", "events", show=False),
    *(Binding(key, f"change('{key}')", what, show=False) for key, what in (WRITES | {"X": "drill"}).items()),
    Binding("ctrl+k", "change('K')", "kill", show=False),
    Binding("u", "undo", "undo", show=False),
    Binding("y", "copy", "copy", show=False),
    Binding("ctrl+p", "palette", "everything", show=False),
]
