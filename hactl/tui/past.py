"""What a console can go back to, and how it is walked through. Protocols only: memory and disk look the same from here.

A Past has the moments. A Walk decides which of them is shown: `Moments` for a console on a fleet, `Replay` for one on
a recording.
"""

from collections.abc import Sequence
from typing import Protocol

from hactl.tui.picture import View


class Past(Protocol):
    """Moments that can be seen again."""

    @property
    def first(self) -> float | None:
        """The earliest one, as Unix time; None while there is none."""
        ...

    @property
    def last(self) -> float | None:
        """The newest one."""
        ...

    def then(self, at: float) -> View:
        """As it was at `at` (Unix time), or as near to that as is known."""
        ...

    def stop(self, at: float, step: int) -> float | None:
        """When the next event worth a stop behind `at` happened, or with a `step` of -1 the last one before it."""
        ...

    def troubles(self) -> Sequence[str]:
        """What could not be read since the last time this was asked."""
        ...


class Walk(Protocol):
    """Which moment is shown."""

    @property
    def refusal(self) -> str:
        """Why nothing can be changed at all; "" for a fleet that lives."""
        ...

    def view(self) -> View:
        """What is to be drawn."""
        ...

    def hold(self) -> None:
        """Stay at this moment, or go on."""
        ...

    def walk(self, seconds: float) -> None:
        """Back or forward in time."""
        ...

    def stop(self, step: int) -> None:
        """To the next event worth a stop, or with a `step` of -1 to the one before."""
        ...

    def faster(self, step: int) -> str:
        """Play faster, or slower; why not, where there is nothing to play."""
        ...

    def troubles(self) -> Sequence[str]:
        """What could not be read since the last time this was asked."""
        ...
