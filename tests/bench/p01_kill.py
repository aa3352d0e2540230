"""P1: requests that fail when nodes are killed from outside under load: one of four, three of four, a whole region."""

import argparse
import asyncio
import os
import signal

from common import Bench, BenchFleet, Values, loaded, pid_of

bench = Bench("P1", "kill -9 of nodes under load: failed GET requests", "0 in every scenario")
bench.option("--rate", 500.0, "requests per second")

SCENARIOS = {
    "one_of_four": ((("local", 0, 4),), 1),
    "three_of_four": ((("local", 0, 4),), 3),
    "whole_region": ((("east", 0, 2), ("west", 1, 2)), 2),
}


async def run(options: argparse.Namespace, _: int) -> Values:
    """Every scenario once, each on a fresh fleet: a restart budget knows no runs."""
    values: Values = {}
    for name, (regions, victims) in SCENARIOS.items():
        with BenchFleet(regions=regions) as fleet:
            async with loaded(fleet.url, rate=options.rate, duration=6) as load:
                await asyncio.sleep(1.5)
                for node in fleet.serving[:victims]:
                    os.kill(pid_of(node), signal.SIGKILL)
                report = bench.judged(await load.finish())
            values[f"{name}_failed"] = report.failed
            values[f"{name}_requests"] = report.requests
            values[f"{name}_slowest_ms"] = report.max_ms
    return values


if __name__ == "__main__":
    bench.main(run, lambda values: not any(sum(values[f"{name}_failed"]) for name in SCENARIOS))
