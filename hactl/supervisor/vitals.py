"""How the daemon itself is: the lag of its loop, its processor time, its memory. Measures only its own process."""

import asyncio
import resource
import time
from collections import deque

from hactl.core import lag

BEAT = 0.05
"""Seconds between two looks at the clock."""
WINDOW = 100
"""Beats remembered: five seconds."""
SLICE = 60.0
"""Seconds in one set of counts ..."""
SLICES = 10
"""... of which so many are kept."""
_PAGE = resource.getpagesize()


class Vitals:
    """Measures while `run` runs."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque(maxlen=WINDOW)
        self._counts: deque[list[int]] = deque([list(lag.NONE)], maxlen=SLICES)
        self._slice_ends = time.monotonic() + SLICE
        self._cpu_mark = (time.monotonic(), time.process_time())
        self.cpu = 0.0
        """Part of one core over the last second or so."""

    @property
    def lag(self) -> float:
        """Worst delay of the loop in the last five seconds, in seconds."""
        return max(self._lags, default=0.0)

    def recent_lag(self, seconds: float = 5 * BEAT) -> float:
        """Worst delay within the last beats: by default what matters for a probe that was just missed."""
        return max(list(self._lags)[-round(seconds / BEAT) :], default=0.0)

    @property
    def rss(self) -> int:
        """Bytes resident now."""
        with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - Path.read_bytes costs three times as much
            return int(statm.read().split()[1]) * _PAGE

    @property
    def lags(self) -> tuple[int, ...]:
        """How late every moment of the last ten minutes was, or of all since we began; see `core.lag`."""
        return lag.total(self._counts)

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            due = time.monotonic() + BEAT
            await asyncio.sleep(BEAT)
            now = time.monotonic()
            self._note(now, max(0.0, now - due))
            then, used = self._cpu_mark
            if now - then >= 1.0:
                spent = time.process_time()
                self.cpu = (spent - used) / (now - then)
                self._cpu_mark = (now, spent)

    def _note(self, now: float, late: float) -> None:
        self._lags.append(late)
        if now >= self._slice_ends:
            self._counts.append(list(lag.NONE))
            self._slice_ends = now + SLICE
        counts = self._counts[-1]
        counts[lag.place(late * 1000)] += 1
        late = min(late, SLICE * SLICES)
        while (late := late - BEAT) > 0.0:  # the beats that were missed meanwhile
            counts[lag.place(late * 1000)] += 1
