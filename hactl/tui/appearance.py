"""Changing the console's appearance while it is open: by theme name, and when the theme's file is edited.

A theme is read and judged before anything is drawn with it: one that is no use is a message, and the old look stays.
"""

from textual.app import App

from hactl.core.errors import HactlError
from hactl.tui.look import Look
from hactl.tui.notices import say_error
from hactl.tui.theme import Theme
from hactl.tui.themes import Stamp, Themes
from hactl.tui.toolkit import for_textual


class Appearance:
    """The look of one console."""

    def __init__(self, host: App[None], look: Look, themes: Themes) -> None:
        self._host = host
        self._look = look
        self._themes = themes
        self._seen: Stamp | None = themes.stamp(look.theme.name)
        self._changes = 0
        self.chosen = ""
        """The theme that was chosen by name since the console was opened; "" for none."""

    def names(self) -> list[str]:
        """The themes there are."""
        return list(self._themes.known())

    def choose(self, name: str) -> None:
        """Look like the theme `name` from now on, if it is any use."""
        if self._put_on(name):
            self.chosen = name

    def _put_on(self, name: str) -> bool:
        stamp = self._themes.stamp(name)
        try:
            theme = self._themes.read(name)
        except HactlError as error:
            say_error(self._host, error)
            return False
        self._seen = stamp
        self.show(theme)
        return True

    def look_again(self) -> None:
        """Somebody may have edited the file of the theme in force."""
        stamp = self._themes.stamp(self._look.theme.name)
        if stamp is not None and stamp != self._seen:
            self._seen = stamp  # also when it is no use: that is said once
            self._put_on(self._look.theme.name)

    def show(self, theme: Theme) -> None:
        """Draw everything with `theme`."""
        self._look.theme = theme
        self._changes += 1
        host, before = self._host, self._host.theme
        host.ansi_color = not theme.surface.background
        name = f"look-{self._changes}"  # another one each time: the same one again would be no change
        host.register_theme(for_textual(theme, name))
        host.theme = name
        if self._changes > 1:
            host.unregister_theme(before)
