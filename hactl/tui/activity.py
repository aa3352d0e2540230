"""What has happened on screens that are not shown: something new, or a log that has fallen silent. Pure.

Which screen has what is for the screens to say (`Page.progress`); how it looks stands with the line it is drawn in.
"""

from collections.abc import Mapping
from enum import Enum, auto

SILENCE = {"logs": 60.0}
"""Screens of which it says something that nothing comes any more, and after how many seconds it does."""


class Sign(Enum):
    """What stands beside the digit of a screen."""

    NEW = auto()
    SILENT = auto()


class Activity:
    """Of all screens of one console."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        """How far each has come."""
        self._seen: dict[str, int] = {}
        """How far each had come when it was looked at last, or when it was first known."""
        self._spoke: dict[str, float] = {}
        """When each came further, of those that have."""

    def look(self, progress: Mapping[str, int | None], shown: str, now: float) -> dict[str, Sign]:
        """The signs of now (seconds of a monotonic clock), where `shown` is the screen that is looked at.

        `progress` says how far each screen has come: 0 is nothing yet, None is not known, and both begin anew; of
        others it only matters whether it is another than before.
        """
        for name, far in progress.items():
            if not far:
                self._forget(name)
            if far is None:
                continue
            if self._known.setdefault(name, far) != far:
                self._spoke[name] = now
            self._known[name] = far
            if name == shown:
                self._seen[name] = far
            self._seen.setdefault(name, far)
        signs = {name: Sign.NEW for name, far in self._known.items() if far != self._seen[name]}
        for name, most in SILENCE.items():
            if name in self._spoke and name != shown and now - self._spoke[name] > most:
                signs.setdefault(name, Sign.SILENT)
        return signs

    def _forget(self, name: str) -> None:
        """It begins anew."""
        self._known.pop(name, None)
        self._seen.pop(name, None)
        self._spoke.pop(name, None)
