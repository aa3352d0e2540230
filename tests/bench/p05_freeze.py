"""P5: a node is stopped with SIGSTOP at 1,000/s, from outside: what clients feel, and when its capacity is back."""

import argparse
import asyncio
import os
import signal

from common import Bench, BenchFleet, Values, loaded, median, mono, pid_of

from hactl.core.events import FailoverEnded, FailoverMoved

bench = Bench(
    "P5",
    "SIGSTOP of a node at 1,000/s: failed; slower than 100 ms; slowest; capacity back",
    "0; <= 5; <= 150 ms; <= 250 ms at the median",
)
bench.option("--rate", 1000.0, "requests per second")


async def run(options: argparse.Namespace, _: int) -> Values:
    """One freeze; times from the signal."""
    with BenchFleet() as fleet:
        async with loaded(fleet.url, rate=options.rate, duration=6) as load:
            await asyncio.sleep(2)
            victim, seq = fleet.serving[0], fleet.now.seq
            frozen = mono()
            os.kill(pid_of(victim), signal.SIGSTOP)
            report = bench.judged(await load.finish(), frozen - 0.1, frozen + 2)
        ended = {type(record.event): record.mono for record in fleet.records(seq)}
    return {
        "failed": report.failed,
        "slower_than_100ms": report.slower_than_100ms,
        "slowest_ms": report.max_ms,
        "moved_ms": (ended[FailoverMoved] - frozen) * 1000,
        "back_ms": (ended[FailoverEnded] - frozen) * 1000,
    }


def _met(values: dict[str, list[float]]) -> bool:
    felt = median(values, "slower_than_100ms") <= 5 and median(values, "slowest_ms") <= 150
    return max(values["failed"]) == 0 and felt and median(values, "back_ms") <= 250


if __name__ == "__main__":
    bench.main(run, _met)
