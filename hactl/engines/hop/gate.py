"""What a hop suffers at this moment, and what it has counted: asked by every byte that wants through. No sockets here.

Time comes from the event loop. A fault that comes and goes turns by itself; `turned` hears of it.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import assert_never

from hactl.core.hop import Disturbance, HopCount, HopFault, Way

_PORTION = 0.01
"""Seconds between two portions of a hop that is narrow."""


class Gate:
    """One place of a hop, as far as it lets bytes through."""

    def __init__(self, turned: Callable[[], None]) -> None:
        self.fault: HopFault | None = None
        self.connections = self.resets = self.sent = self.received = self.held = 0
        self.closed = False
        """Who comes now comes too late."""
        self._turned = turned
        self._loop = asyncio.get_running_loop()
        self._struck = False
        """It is so now; a fault that comes and goes is not always so."""
        self._swing: asyncio.TimerHandle | None = None
        self._credit = dict.fromkeys(Way, 0.0)
        """Bytes that may arrive of a hop that is narrow, and when that was reckoned."""
        self._reckoned = dict.fromkeys(Way, 0.0)

    def suffer(self, fault: HopFault | None) -> None:
        """From now on; the same as before changes nothing, not even when it comes and goes."""
        if fault == self.fault:
            return
        self._rest()
        self.fault, self._struck = fault, fault is not None
        if fault is not None and fault.down:
            self._swing = self._loop.call_later(fault.down, self._turn)
        self._turned()

    def close(self) -> None:
        """Nobody is let in any more, and nothing turns."""
        self.closed = True
        self._rest()

    def reopen(self) -> None:
        """Who comes now is let in again; what was counted before is over."""
        self.closed = False
        self.connections = self.resets = self.sent = self.received = self.held = 0

    @property
    def seen(self) -> HopCount:
        """What was counted."""
        return HopCount(
            connections=self.connections,
            resets=self.resets,
            sent=self.sent,
            received=self.received,
            held=self.held,
        )

    def suffers(self, *what: Disturbance) -> bool:
        """True while one of these is so."""
        return self.fault is not None and self._struck and self.fault.what in what

    def severed(self, way: Way) -> bool:
        """True while nothing arrives this way."""
        return self.suffers(Disturbance.HOLD) and self._strikes(way)

    def passes(self, way: Way) -> bool:
        """True while nothing keeps bytes from arriving at once."""
        waiting = self.suffers(Disturbance.HOLD, Disturbance.LATE, Disturbance.NARROW)
        return not (waiting and self._strikes(way))

    def wait(self, way: Way, came: float, size: int) -> float | None:
        """Seconds until `size` bytes that came then may arrive, or some of them; None: not before something changes."""
        if self.fault is None or self.passes(way):
            return 0.0
        match self.fault.what:
            case Disturbance.HOLD:
                return None
            case Disturbance.LATE:
                return max(0.0, came + self.fault.lag - self._loop.time())
            case Disturbance.NARROW:
                return 0.0 if not size or self._earned(way, self.fault.rate) >= 1 else _PORTION
            case Disturbance.REFUSE | Disturbance.RESET:
                return 0.0
            case _:
                assert_never(self.fault.what)

    def portion(self, way: Way, size: int) -> int:
        """How many of so many bytes may arrive now; at least one when `wait` said so."""
        if not size or not self.suffers(Disturbance.NARROW) or not self._strikes(way):
            return size
        part = max(1, min(size, int(self._credit[way])))
        self._credit[way] -= part
        return part

    def arrived(self, way: Way, size: int) -> None:
        """Count it."""
        if way is Way.TO:
            self.sent += size
        else:
            self.received += size

    def _strikes(self, way: Way) -> bool:
        return self.fault is not None and self.fault.way in (way, Way.BOTH)

    def _earned(self, way: Way, rate: int) -> float:
        """Credit for the time that has passed, of at most two portions: a pause saves nothing up."""
        now = self._loop.time()
        earned = self._credit[way] + (now - self._reckoned[way]) * rate
        self._credit[way] = min(max(1.0, rate * _PORTION * 2), earned)
        self._reckoned[way] = now
        return self._credit[way]

    def _rest(self) -> None:
        if self._swing is not None:
            self._swing.cancel()

    def _turn(self) -> None:
        fault = self.fault
        if fault is not None:
            self._struck = not self._struck
            self._swing = self._loop.call_later(fault.down if self._struck else fault.up, self._turn)
            self._turned()


def count(parts: Iterable[HopCount]) -> HopCount:
    """Of several places together."""
    total = HopCount()
    for part in parts:
        total = HopCount(**{name: getattr(total, name) + getattr(part, name) for name in HopCount.__struct_fields__})
    return total
