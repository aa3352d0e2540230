"""Which moment is shown: now, going on by itself, or one of those that are kept. Draws nothing, collects nothing."""

from hactl.tui.picture import Picture, View


class Moments:
    """A walk through the time of a picture, which goes on being collected meanwhile."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._as_of: float | None = None
        """Unix time of what is shown; None for now."""

    @property
    def live(self) -> bool:
        """What is shown is now."""
        return self._as_of is None

    def view(self) -> View:
        """What is to be drawn."""
        return self._picture.now() if self._as_of is None else self._picture.then(self._as_of)

    def hold(self) -> None:
        """Stay at this moment, or go back to now."""
        snapshot = self._picture.snapshot
        self._as_of = None if self._as_of is not None or snapshot is None else snapshot.at

    def walk(self, seconds: float) -> None:
        """Back or forward; beyond the newest moment it is now again."""
        if not self._picture.moments:
            return
        first, last = self._picture.moments[0].at, self._picture.moments[-1].at
        as_of = (last if self._as_of is None else self._as_of) + seconds
        self._as_of = None if as_of >= last and seconds > 0 else max(first, as_of)
