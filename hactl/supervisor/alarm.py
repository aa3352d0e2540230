"""One alarm for every deadline of a fleet, set to the soonest. Deadlines live in the fleet; this only rings."""

import asyncio
from collections.abc import Callable

from hactl.core import auto_failback, brownouts
from hactl.core.model import Fleet
from hactl.core.observations import Observation, Ticked, Woke


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
        self._timer: asyncio.TimerHandle | None = None

    def set(self, fleet: Fleet) -> None:
        """Look at the deadlines of `fleet` from now on."""
        self._fleet = fleet
        soonest = min(
            (
                *(node.deadline.at for node in fleet.nodes.values() if node.deadline is not None),
                *(operation.look_again for operation in fleet.operations.values()),
                *((fleet.paused.ends,) if fleet.paused is not None and fleet.paused.ends is not None else ()),
                *(look for look in (auto_failback.next_look(fleet), brownouts.next_look(fleet)) if look is not None),
            ),
            default=0.0,
        )
        if soonest == self._at and self._timer is not None:
            return
        self.stop()
        self._at = soonest
        if soonest:
            self._timer = self._loop.call_later(max(0.0, soonest - self._mono()), self._rang)

    def stop(self) -> None:
        """Ring no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _rang(self) -> None:
        self._timer = None
        now, fleet = self._mono(), self._fleet
        due: list[Observation] = [
            Woke(node=node.name, deadline=node.deadline.kind)
            for node in fleet.nodes.values()
            if node.deadline is not None and node.deadline.at <= now
        ]
        over = fleet.paused is not None and fleet.paused.ends is not None and fleet.paused.ends <= now
        looks = (auto_failback.next_look(fleet), brownouts.next_look(fleet))
        over = over or any(look is not None and look <= now for look in looks)
        if over or any(operation.look_again <= now for operation in fleet.operations.values()):
            due.append(Ticked())
        if due:
            self._ring(due)
        else:
            self.set(fleet)
