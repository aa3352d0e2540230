"""P12: what the daemon itself costs, and how late its loop gets, with a fleet that serves under a moderate load."""

import argparse
import asyncio

from common import Bench, BenchFleet, Values, cpu_seconds, loaded, median, mono

bench = Bench(
    "P12", "daemon CPU as part of one core, with 8 nodes at default rates; loop lag", "<= 0.03 of a core; <= 50 ms"
)
bench.option("--nodes", 8, "gateway nodes; the promise for 100 is <= 0.20")
bench.option("--seconds", 20.0, "how long to measure")
bench.option("--rate", 300.0, "requests per second meanwhile")


async def run(options: argparse.Namespace, _: int) -> Values:
    """CPU time of the daemon over the interval, nothing happening but traffic."""
    lags: list[float] = []
    with BenchFleet(nodes=options.nodes, service=False) as fleet:
        pid = fleet.client.hello().pid
        async with loaded(fleet.url, rate=options.rate, duration=options.seconds + 3) as load:
            await asyncio.sleep(2)
            begin, used = mono(), cpu_seconds(pid)
            while mono() - begin < options.seconds:
                # Every few seconds only: being asked costs the daemon something too.
                await asyncio.sleep(min(4.0, options.seconds))
                pulse = (await asyncio.to_thread(fleet.client.fleet)).pulse
                lags.append(pulse.lag_ms)
            used, passed = cpu_seconds(pid) - used, mono() - begin
            bench.judged(await load.finish())
    return {"cpu": used / passed, "worst_lag_ms": max(lags), "rss_mb": pulse.rss / (1 << 20)}


if __name__ == "__main__":
    bench.main(run, lambda values: median(values, "cpu") <= 0.03 and max(values["worst_lag_ms"]) <= 50)
