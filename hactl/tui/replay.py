"""Which moment of a recording is shown: paused, or played at some speed. Draws nothing, reads nothing."""

from collections.abc import Callable, Sequence

from hactl.core.value import replace
from hactl.tui.past import Past
from hactl.tui.picture import View

SPEEDS = (1, 2, 5, 10, 30, 60, 300)
"""How many recorded seconds a second takes."""


class Replay:
    """A walk through a recording, from its first moment to its last."""

    refusal = "this is a recording: nothing in it can be changed"

    def __init__(self, past: Past, *, at: float, clock: Callable[[], float]) -> None:
        """Begins at `at` (Unix time), standing still; `clock` tells monotonic seconds."""
        self._past = past
        self._at = at
        self._clock = clock
        self._since: float | None = None
        """When it was at that moment while it is played, on that clock; None while it stands."""
        self._speed = 0
        """Place in SPEEDS."""

    def view(self) -> View:
        """What is to be drawn."""
        at = self._moment()
        speed = 0.0 if self._since is None else float(SPEEDS[self._speed])
        return replace(self._past.then(at), live=False, speed=speed)

    def hold(self) -> None:
        """Play, or stand still."""
        at, last = self._moment(), self._past.last
        plays = self._since is None and last is not None and at < last
        self._at, self._since = at, self._clock() if plays else None

    def walk(self, seconds: float) -> None:
        """Back or forward, no further than there is anything."""
        self._go(self._moment() + seconds)

    def stop(self, step: int) -> None:
        """To another event; it stands still there."""
        found = self._past.stop(self._moment(), step)
        if found is not None:
            self._since = None
            self._go(found)

    def faster(self, step: int) -> str:
        """Play faster or slower."""
        self._go(self._moment())
        self._speed = max(0, min(self._speed + step, len(SPEEDS) - 1))
        return ""

    def troubles(self) -> Sequence[str]:
        """See Walk."""
        return self._past.troubles()

    def _moment(self) -> float:
        """Where it is now; at the end it stands."""
        if self._since is None:
            return self._at
        at = self._at + (self._clock() - self._since) * SPEEDS[self._speed]
        last = self._past.last
        if last is not None and at >= last:
            self._at, self._since = last, None
            return last
        return at

    def _go(self, at: float) -> None:
        first, last = self._past.first, self._past.last
        if first is None or last is None:
            return
        self._at = max(first, min(at, last))
        if self._since is not None:
            self._since = self._clock()
