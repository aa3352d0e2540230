"""The current look of every meaning. Everything that draws asks here; themes are changed here, for all at once."""

from rich.style import Style

from hactl.tui.meaning import Meaning
from hactl.tui.theme import Theme


class Look:
    """The theme that is in force."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme

    def style(self, meaning: Meaning) -> Style:
        """How `meaning` looks now; ask again for each drawing."""
        return self.theme.style(meaning)
