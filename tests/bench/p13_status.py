"""P13: the wall time of `hactl status`, warm, beside the time Python takes to do nothing."""

import argparse
import asyncio
import statistics
import subprocess
import sys

from common import Bench, BenchFleet, Values, median, mono

bench = Bench("P13", "wall time of `hactl status`, warm", "<= 120 ms at the median")
bench.option("--times", 20, "calls per run")


async def run(options: argparse.Namespace, _: int) -> Values:
    """Interleaved calls of status, of status --json and of a Python that does nothing."""
    times: dict[str, list[float]] = {"status_ms": [], "json_ms": [], "python_ms": []}
    with BenchFleet(service=False) as fleet:
        fleet.hactl("status")
        for _ in range(options.times):
            for name, call in (
                ("status_ms", lambda: fleet.hactl("status")),
                ("json_ms", lambda: fleet.hactl("status", "--json")),
                ("python_ms", lambda: subprocess.run([sys.executable, "-c", "pass"], check=True)),
            ):
                begin = mono()
                await asyncio.to_thread(call)
                times[name].append((mono() - begin) * 1000)
    values = {name: statistics.median(found) for name, found in times.items()}
    return {**values, "ratio_to_python": values["status_ms"] / values["python_ms"]}


if __name__ == "__main__":
    bench.main(run, lambda values: median(values, "status_ms") <= 120)
