"""One alarm for every deadline of a fleet, set to the soonest. Deadlines are in the fleet; this only rings.

A daemon that was itself held up, stopped or short of a processor, rings too late. That is no fault of the processes:
news that came in time is handled first, so that a node that got ready meanwhile is not killed for being late.
"""

import asyncio
from collections.abc import Callable

from hactl.core import deadlines
from hactl.core.model import Fleet
from hactl.core.observations import Observation

HELD_UP = 0.5
"""Seconds late from which on it must have been us."""
GRACE = 1.0
"""Seconds in which what has happened meanwhile is heard."""


class Alarm:
    """Rings when the soonest deadline of the newest fleet has come."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, mono: Callable[[], float], ring: Callable[[list[Observation]], None]
    ) -> None:
        self._loop = loop
        self._mono = mono
        self._ring = ring
        self._fleet = Fleet()
        self._at = 0.0
        self._due = 0.0
        """When it is to ring; a deadline that has passed when it is set is not late."""
        self._timer: asyncio.TimerHandle | None = None
        self._hearing = False
        """It was late, and waits for what has happened meanwhile."""

    def set(self, fleet: Fleet) -> None:
        """Look at the deadlines of `fleet` from now on."""
        self._fleet = fleet
        soonest = deadlines.soonest(fleet) or 0.0
        if self._timer is not None and (soonest == self._at or self._hearing):
            return
        now = self._mono()
        late = self._timer is not None and now - self._due > HELD_UP
        self.stop()
        self._at = soonest
        if late:
            self._hear_first()
        elif soonest:
            self._due = max(soonest, now)
            self._timer = self._loop.call_later(self._due - now, self._rang)

    def stop(self) -> None:
        """Ring no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._hearing = False

    def _hear_first(self) -> None:
        self._hearing = True
        self._timer = self._loop.call_later(GRACE, self._rang)

    def _rang(self) -> None:
        self._timer = None
        now, fleet = self._mono(), self._fleet
        if now - self._due > HELD_UP and not self._hearing:
            self._hear_first()
            return
        self._hearing = False
        due = deadlines.due(fleet, now)
        if due:
            self._ring(due)
        else:
            self.set(fleet)
