"""P5: a node is stopped with SIGSTOP at 1,000/s, from outside: what clients feel, and when its capacity is back.

Then another one without any traffic: nobody feels it, and it must be found out all the same.
"""

import argparse
import asyncio
import os
import signal

from common import Bench, BenchFleet, Values, loaded, median, mono, pid_of

from hactl.core.events import Event, FailoverEnded, FailoverMoved

bench = Bench(
    "P5",
    "SIGSTOP of a node at 1,000/s: failed; slower than 100 ms; slowest; capacity back, also without traffic",
    "0; <= 5; <= 150 ms; <= 250 ms at the median, both",
)
bench.option("--rate", 1000.0, "requests per second")


async def run(options: argparse.Namespace, _: int) -> Values:
    """One freeze under load, one without; times from the signal."""
    with BenchFleet() as fleet:
        async with loaded(fleet.url, rate=options.rate, duration=6) as load:
            await asyncio.sleep(2)
            victim, seq = fleet.serving[0], fleet.now.seq
            frozen = mono()
            os.kill(pid_of(victim), signal.SIGSTOP)
            report = bench.judged(await load.finish(), frozen - 0.1, frozen + 2)
        ended = _ends(fleet, seq)
        await fleet.until_serving()
        idle, seq = fleet.serving[-1], fleet.now.seq
        quiet = mono()
        os.kill(pid_of(idle), signal.SIGSTOP)
        await asyncio.sleep(3)
        ended_quietly = _ends(fleet, seq)
    return {
        "failed": report.failed,
        "slower_than_100ms": report.slower_than_100ms,
        "slowest_ms": report.max_ms,
        "moved_ms": (ended[FailoverMoved] - frozen) * 1000,
        "back_ms": (ended[FailoverEnded] - frozen) * 1000,
        "quiet_moved_ms": (ended_quietly[FailoverMoved] - quiet) * 1000,
        "quiet_back_ms": (ended_quietly[FailoverEnded] - quiet) * 1000,
    }


def _ends(fleet: BenchFleet, seq: int) -> dict[type[Event], float]:
    """When what came of a loss behind `seq` happened last, by kind."""
    return {type(record.event): record.mono for record in fleet.records(seq)}


def _met(values: dict[str, list[float]]) -> bool:
    felt = median(values, "slower_than_100ms") <= 5 and median(values, "slowest_ms") <= 150
    back = max(median(values, "back_ms"), median(values, "quiet_back_ms")) <= 250
    return max(values["failed"]) == 0 and felt and back


if __name__ == "__main__":
    bench.main(run, _met)
