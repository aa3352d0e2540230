"""P12: what the daemon itself costs, and how late its loop gets, with a fleet that serves under a moderate load.

`--kind command --nodes 100` is the large fleet: programs as cheap as they come, so that the machine is the daemon's.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from common import Bench, BenchFleet, Values, cpu_seconds, loaded, median, mono

from hactl.core.lag import quantile, since

TINY = (sys.executable, "-IS", str(Path(__file__).with_name("tiny_gateway.py")), "{port}")
OWN = f'[gateway]\nkind = "command"\ncommand = [{", ".join(repr(word) for word in TINY)}]\n\n[health]\npath = "/"\n'
LARGE = 50
"""Nodes from which on it is the promise for 100 that counts."""

bench = Bench(
    "P12",
    "daemon CPU as part of one core at default rates; loop lag",
    "<= 0.03 of a core with 8 nodes, <= 0.20 with 100; loop lag p99.9 <= 50 ms",
)
bench.option("--kind", "envoy", "envoy, or command: a tiny program")
bench.option("--nodes", 8, "gateway nodes")
bench.option("--seconds", 20.0, "how long to measure")
bench.option("--rate", 300.0, "requests per second meanwhile")


async def run(options: argparse.Namespace, _: int) -> Values:
    """CPU time of the daemon over the interval, nothing happening but traffic."""
    lags: list[float] = []
    extra = OWN if options.kind == "command" else ""
    began = mono()
    with BenchFleet(nodes=options.nodes, service=False, extra=extra) as fleet:
        up = mono() - began
        pid = fleet.client.hello().pid
        async with loaded(fleet.url, rate=options.rate, duration=options.seconds + 3) as load:
            await asyncio.sleep(2)
            before = (await asyncio.to_thread(fleet.client.fleet)).pulse.lags
            begin, used = mono(), cpu_seconds(pid)
            while mono() - begin < options.seconds:
                # Every few seconds only: being asked costs the daemon something too.
                await asyncio.sleep(min(4.0, options.seconds))
                pulse = (await asyncio.to_thread(fleet.client.fleet)).pulse
                lags.append(pulse.lag_ms)
            used, passed = cpu_seconds(pid) - used, mono() - begin
            report = bench.judged(await load.finish())
    return {
        "nodes": options.nodes,
        "up_s": up,
        "cpu": used / passed,
        "lag_p999_ms": quantile(since(before, pulse.lags), 0.999),
        "worst_lag_ms": max(lags),
        "rss_mb": pulse.rss / (1 << 20),
        "failed": report.failed,
    }


def _met(values: dict[str, list[float]]) -> bool:
    allowed = 0.20 if values["nodes"][0] >= LARGE else 0.03
    return median(values, "cpu") <= allowed and median(values, "lag_p999_ms") <= 50


if __name__ == "__main__":
    bench.main(run, _met)
