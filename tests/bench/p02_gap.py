"""P2: what clients feel of a kill -9 at 1,000/s, beside the same load without a fault."""

import argparse
import asyncio
import os
import signal

from common import Bench, BenchFleet, Values, loaded, median, mono, pid_of

bench = Bench(
    "P2",
    "kill -9 at 1,000/s: longest gap without a success, p99.9 against no fault",
    "gap <= 10 ms; p99.9 ratio <= 1.5",
)
bench.option("--rate", 1000.0, "requests per second")


async def run(options: argparse.Namespace, number: int) -> Values:
    """One load without and one with a kill; which comes first alternates.

    The kill comes from outside: to start a `hactl kill` takes the processor from everybody for longer than the fault.
    """
    values: Values = {}
    with BenchFleet() as fleet:
        for fault in (False, True) if number % 2 == 0 else (True, False):
            await fleet.until_serving()
            async with loaded(fleet.url, rate=options.rate, duration=6) as load:
                victim = pid_of(fleet.serving[0])
                await asyncio.sleep(2)
                killed = mono()
                if fault:
                    os.kill(victim, signal.SIGKILL)
                report = bench.judged(await load.finish(), killed - 0.1, killed + 2)
            kind = "fault" if fault else "quiet"
            values[f"{kind}_longest_gap_ms"] = report.longest_gap_ms
            values[f"{kind}_p999_ms"] = report.p999_ms
            values[f"{kind}_failed"] = report.failed
    values["p999_ratio"] = values["fault_p999_ms"] / values["quiet_p999_ms"]
    values["gap_ratio"] = values["fault_longest_gap_ms"] / values["quiet_longest_gap_ms"]
    return values


if __name__ == "__main__":
    bench.main(run, lambda values: median(values, "fault_longest_gap_ms") <= 10 and median(values, "p999_ratio") <= 1.5)
