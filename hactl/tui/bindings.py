"""The keys that work on every screen, and the screens by name. What each screen has besides stands with it.

Those that go through time and those that change something stand with what they do: `walking`, `acting`.
"""

from textual.binding import Binding, BindingType

PAGES = ("fleet", "node", "events", "logs", "drills", "reports")
"""Screens by name, in the order of their digits."""
BINDINGS: list[BindingType] = [
    Binding("q,ctrl+q", "quit", "quit", show=False),
    *(Binding(str(digit), f"page('{name}')", name, show=False) for digit, name in enumerate(PAGES, start=1)),
    Binding("colon", "command", "command", show=False, priority=True),
    Binding("question_mark", "help", "help", show=False),
    Binding("l", "page('logs')", "logs", show=False),
    Binding("e", "page('events')", "events", show=False),
]
