"""Which moment of a fleet is shown: live, or one in the past. Draws nothing, collects nothing."""

from collections.abc import Sequence

from hactl.tui.past import Past
from hactl.tui.picture import Picture, View


class Moments:
    """A walk through the time of a picture, which goes on being collected meanwhile."""

    refusal = ""

    def __init__(self, picture: Picture, past: Past | None = None) -> None:
        """`past` is what can be gone back to, when that is more than the picture itself has."""
        self._picture = picture
        self._past: Past = past or picture
        self._as_of: float | None = None
        """Unix time of what is shown; None for now."""

    @property
    def live(self) -> bool:
        """What is shown is now."""
        return self._as_of is None

    def view(self) -> View:
        """What is to be drawn."""
        return self._picture.now() if self._as_of is None else self._past.then(self._as_of)

    def hold(self) -> None:
        """Stay at this moment, or go back to now."""
        snapshot = self._picture.snapshot
        self._as_of = None if self._as_of is not None or snapshot is None else snapshot.at

    def walk(self, seconds: float) -> None:
        """Back or forward; beyond the newest moment it is now again."""
        first, last = self._past.first, self._past.last
        if first is None or last is None:
            return
        as_of = (last if self._as_of is None else self._as_of) + seconds
        self._as_of = None if as_of >= last and seconds > 0 else max(first, as_of)

    def stop(self, step: int) -> None:
        """To another event; behind the last one it is now again."""
        last = self._past.last
        if last is None or (step > 0 and self.live):
            return
        found = self._past.stop(last if self._as_of is None else self._as_of, step)
        if found is not None or step > 0:
            self._as_of = found

    def faster(self, step: int) -> str:  # noqa: ARG002 - a living fleet has the speed that it has
        """See Walk."""
        return "only a recording can be played faster: hactl replay"

    def troubles(self) -> Sequence[str]:
        """See Walk."""
        return self._past.troubles()
