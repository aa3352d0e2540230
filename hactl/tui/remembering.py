"""Saves the user's choices in one console for the next. Where they are kept is `settings`."""

from textual.app import App

from hactl.core.errors import HactlError
from hactl.core.value import replace
from hactl.tui.notices import say_error
from hactl.tui.render import COLUMNS
from hactl.tui.rows import Arrangement
from hactl.tui.settings import SettingsFile

_TITLES = [column.title for column in COLUMNS]


class Remembering:
    """What one console remembers."""

    def __init__(self, host: App[None], file: SettingsFile) -> None:
        self._host = host
        self._file = file

    def arrangement(self) -> Arrangement:
        """The order of rows as it was left; a column that is gone is none. Says why nothing could be remembered."""
        if self._file.trouble is not None:
            say_error(self._host, self._file.trouble)
        settings = self._file.settings
        sort = _TITLES.index(settings.sort) if settings.sort in _TITLES else None
        return Arrangement(sort=sort, reverse=sort is not None and settings.reverse)

    def look(self, arrangement: Arrangement, theme: str) -> None:
        """Keep what is different now; `theme` is "" when none was chosen. What cannot be kept is said, once."""
        sort = _TITLES[arrangement.sort] if arrangement.sort is not None else ""
        settings = self._file.settings
        now = replace(settings, sort=sort, reverse=bool(sort) and arrangement.reverse, theme=theme or settings.theme)
        try:
            self._file.keep(now)
        except HactlError as error:
            say_error(self._host, error)
