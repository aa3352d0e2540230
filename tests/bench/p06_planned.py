"""P6: requests that fail while an operator works: every planned change under load, one after the other."""

import argparse
import asyncio

from common import Bench, BenchFleet, Values, loaded, mono

bench = Bench("P6", "planned work under load: failed GET requests", "0 for every change")
bench.option("--rate", 1000.0, "requests per second")


async def run(options: argparse.Namespace, _: int) -> Values:
    """One fleet, one load, every change in turn; failures are counted for the time each change took."""
    windows: dict[str, tuple[float, float]] = {}
    with BenchFleet() as fleet:
        first, second = (node.name for node in fleet.serving[:2])
        edge = fleet.now.edges[0].name
        changes = {
            "drain": ("drain", first),
            "resume": ("resume", first),
            "restart": ("restart", second),
            "stop": ("stop", first),
            "start": ("start", first),
            "weight": ("weight", second, "10"),
            "weight_back": ("weight", second, "100"),
            "policy": ("policy", "round-robin"),
            "rolling_restart": ("restart", "--all"),
            "edge_restart": ("restart", edge),
        }
        async with loaded(fleet.url, rate=options.rate, duration=300) as load:
            for name, change in changes.items():
                begin = mono()
                await asyncio.to_thread(fleet.hactl, *change, "--wait")
                await asyncio.sleep(0.3)
                windows[name] = (begin, mono())
            load.stop()
            records = await load.finish()
    report = bench.judged(records)
    values: Values = {"failed": report.failed, "requests": report.requests, "slowest_ms": report.max_ms}
    for name, (begin, end) in windows.items():
        part = bench.judged(records, begin, end)
        values[f"{name}_failed"] = part.failed
        values[f"{name}_p999_ms"] = part.p999_ms
    return values


if __name__ == "__main__":
    bench.main(run, lambda values: not any(values["failed"]))
