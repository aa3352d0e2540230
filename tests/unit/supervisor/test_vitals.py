"""The daemon's own vitals: a loop that was held up is noticed, and what is measured is this very process."""

import asyncio
import os
import time

from hactl.core import lag
from hactl.supervisor.vitals import BEAT, SLICE, SLICES, WINDOW, Vitals


async def measured(held_up: float) -> Vitals:
    """Vitals of a loop that was blocked for so long right after they began."""
    vitals = Vitals()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(vitals.run())
        await asyncio.sleep(0)
        time.sleep(held_up)  # noqa: ASYNC251 - blocking the loop is the point
        await asyncio.sleep(BEAT)  # the beat that was late is over before this one
        running.cancel()
    return vitals


def test_before_the_first_beat_nothing_is_late() -> None:
    """No measurement is no lag."""
    vitals = Vitals()
    assert (vitals.lag, vitals.recent_lag(), vitals.cpu) == (0.0, 0.0, 0.0)


async def test_a_blocked_loop_shows_as_lag() -> None:
    """Whoever judges others by their silence must know how late it is itself."""
    vitals = await measured(held_up=4 * BEAT)
    assert vitals.lag >= 2.5 * BEAT
    assert vitals.recent_lag() == vitals.lag


async def test_recent_lag_forgets_what_is_some_beats_ago() -> None:
    """A hiccup excuses the probes of that moment only."""
    vitals = Vitals()
    vitals._lags.extend([0.4, 0.01, 0.02, 0.03, 0.02, 0.01])
    assert vitals.lag == 0.4
    assert vitals.recent_lag() == 0.03
    vitals._lags.extend([0.0] * WINDOW)
    assert vitals.lag == 0.0


async def test_a_loop_that_was_held_up_was_late_for_everybody_who_wanted_something_meanwhile() -> None:
    """One beat came late; those that never came count as well, each with what it would have had to wait."""
    vitals = await measured(held_up=4 * BEAT)
    assert sum(vitals.lags) > len(vitals._lags)
    assert lag.quantile(vitals.lags, 1.0) >= 150


def test_ten_minutes_are_remembered_in_a_bounded_memory() -> None:
    """A bad moment is found for as long, and forgotten then; a daemon that slept for days counts ten minutes of it."""
    vitals, begin = Vitals(), time.monotonic()
    vitals._note(begin, 3.0)
    for minute in range(1, SLICES + 1):
        assert lag.quantile(vitals.lags, 1.0) == 5000
        vitals._note(begin + minute * (SLICE + 1), 0.0)
    assert lag.quantile(vitals.lags, 1.0) == 1
    vitals._note(begin + (SLICES + 1) * (SLICE + 1), 1e9)
    assert sum(vitals.lags) <= SLICE * SLICES / BEAT + SLICES + 1


async def test_processor_time_is_this_processes_own() -> None:
    """Part of one core, over about a second: a loop that does nothing but work has nearly all of it."""
    vitals = Vitals()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        running = group.create_task(vitals.run())
        while not vitals.cpu:
            sum(range(20_000))
            await asyncio.sleep(0)
        running.cancel()
    assert 0.0 < vitals.cpu < 1.5


def test_memory_is_this_processes_own() -> None:
    """The kernel's number, in bytes."""
    with open(f"/proc/{os.getpid()}/status") as status:  # noqa: PTH123
        resident = next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS"))
    assert resident / 2 < Vitals().rss < resident * 2
