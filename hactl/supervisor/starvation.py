"""Whether a silent process is waiting for a processor. Then it hangs no more than we do, and killing it would not help.

The kernel reports for each thread how long it ran and how long it was ready to run but did not. A thread that waits now
has not had that wait added yet: it is recognized by its state. Without such accounting in the kernel nothing is known.
"""

import asyncio
from collections.abc import Callable, Mapping

from hactl.supervisor.procfs import Turns

WAITING = 0.5
"""Part of the time that a thread of a starved process has spent waiting. On a machine with five busy threads for each
core it is 0.8 for one that wants to run; for one that hangs it is next to nothing, whatever the machine does."""


class Starvation:
    """Remembers one process's account from one silent probe to the next.

    read   its threads' account now; called in a thread, like
    clock  monotonic seconds
    """

    def __init__(self, read: Callable[[], Mapping[int, Turns]], clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._before: Mapping[int, Turns] = {}
        self._at = float("-inf")

    async def starved(self, silent_since: float) -> bool:
        """Ask after a probe that was not answered, the first of which was sent at `silent_since`: is it starved?

        At the first look into a silence it is enough that a thread is ready: there is nothing to compare with.
        """
        # Not in the loop: it takes long for a process of many threads, and time is scarce just then.
        threads, now = await asyncio.to_thread(self._account)
        before, at = self._before, self._at
        self._before, self._at = threads, now
        if at < silent_since:
            return any(thread.ready for thread in threads.values())
        return starved(before, threads, now - at)

    def _account(self) -> tuple[Mapping[int, Turns], float]:
        return self._read(), self._clock()


def starved(before: Mapping[int, Turns], now: Mapping[int, Turns], elapsed: float) -> bool:
    """Whether some thread has waited for a processor for at least half of `elapsed` seconds."""
    for number, thread in now.items():
        if (then := before.get(number)) is None:
            continue
        ran, waited = thread.ran - then.ran, thread.waited - then.waited
        if thread.ready:
            waited = max(waited, elapsed - ran)
        if waited >= WAITING * elapsed:
            return True
    return False
