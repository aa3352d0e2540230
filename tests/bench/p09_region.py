"""P9: a whole region is lost, and moved as planned work: how long clients are without an answer, and who fails."""

import argparse
import asyncio
import os
import signal

from common import Bench, BenchFleet, Values, loaded, mono, pid_of

from hactl.core.region_events import RegionBack, RegionMoved

bench = Bench(
    "P9", "loss of a region, active/passive; planned failover and failback", "RTO <= 1 s; 0 failed GET requests"
)
bench.option("--rate", 500.0, "requests per second")

REGIONS = (("east", 0, 2), ("west", 1, 2))
CHANGES = (("failover", "east"), ("failback", "east"))


async def run(options: argparse.Namespace, _: int) -> Values:
    """A fresh fleet: traffic goes there and back as planned work, then all nodes of the first region are killed.

    RTO is the longest time without a success after the kill, as clients see it; the kill comes from outside. That the
    region is whole again says nothing about what traffic it gets: it waits for a failback.
    """
    values: Values = {}
    with BenchFleet(regions=REGIONS) as fleet:
        async with loaded(fleet.url, rate=options.rate, duration=120) as load:
            windows = {}
            for change in CHANGES:
                begin = mono()
                await asyncio.to_thread(fleet.hactl, *change, "--step-time", "500ms", "--wait")
                windows[change[0]] = (begin, mono())
            await asyncio.sleep(0.5)
            mark, victims = fleet.now.seq, [node for node in fleet.now.in_region("east") if node.serviceable]
            killed = mono()
            for node in victims:
                os.kill(pid_of(node), signal.SIGKILL)
            await fleet.until_serving()
            await asyncio.sleep(1)
            load.stop()
            records = await load.finish()
        events = [record.event for record in fleet.records(mark)]
        values["moved_ms"] = next(event.ms for event in events if isinstance(event, RegionMoved))
        values["whole_again_ms"] = next(event.back_ms or 0.0 for event in events if isinstance(event, RegionBack))
    report = bench.judged(records)
    loss = bench.judged(records, killed - 0.1, killed + 2)
    values |= {"failed": report.failed, "requests": report.requests, "slowest_ms": report.max_ms}
    values |= {"rto_ms": loss.longest_gap_ms, "loss_failed": loss.failed, "loss_slowest_ms": loss.max_ms}
    for name, (begin, end) in windows.items():
        part = bench.judged(records, begin, end)
        values |= {f"{name}_failed": part.failed, f"{name}_slowest_ms": part.max_ms}
    return values


if __name__ == "__main__":
    bench.main(run, lambda values: not any(values["failed"]) and max(values["rto_ms"]) <= 1000)
