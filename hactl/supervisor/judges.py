"""Everything that judges by measurements, run once a second: `guard`, `capacity`, `brownout`, `slowness`."""

from collections.abc import Callable

from hactl.core import load
from hactl.core.brownouts import fit_by_now
from hactl.core.model import Fleet, Now, Sample
from hactl.core.observations import Observation, RegionFaltered
from hactl.core.value import replace
from hactl.supervisor.brownout import Brownouts
from hactl.supervisor.capacity import CapacityWatch
from hactl.supervisor.guard import Guard
from hactl.supervisor.slowness import Slowness


class Judges:
    """Hears each measurement, and delivers what has changed by it."""

    def __init__(self, *, look: Callable[[], Fleet], deliver: Callable[[Observation], None]) -> None:
        self._look = look
        self._deliver = deliver
        self._guard = Guard()
        self._capacity = CapacityWatch()
        self._brownouts = Brownouts()
        self._slowness = Slowness()

    def measured(self, samples: tuple[Sample, ...], now: Now, *, lag: float) -> None:
        """Take one measurement, of about a second; `lag` is how late our own loop has been, in seconds."""
        for watch in (self._guard, self._capacity):
            news = watch.measured(self._look(), samples)
            if news is not None:
                self._deliver(news)
        carried = load.measured(self._look(), samples, now.wall)
        rate = None if carried is None else carried.total
        for crossing in self._brownouts.measured(self._look(), samples, now, lag=lag):
            self._deliver(replace(crossing, load=rate) if isinstance(crossing, RegionFaltered) else crossing)
        for brownout in fit_by_now(self._look(), rate):
            again = RegionFaltered(region=brownout.region, why=brownout.why, usual=brownout.usual, load=rate)
            self._deliver(again)
        # after the regions: where one falters as a whole, it is not for its nodes
        for saw in self._slowness.measured(self._look(), samples, now, lag=lag):
            self._deliver(saw)
