"""P3 and P4: from an accepted kill -9 to a plan proved by every edge, and to the capacity serving again."""

import argparse
import asyncio
import os
import select

from common import Bench, BenchFleet, Values, loaded, median, mono, pid_of

from hactl.core.events import OperationBegan
from hactl.drill.timeline import read_timeline

bench = Bench(
    "P3 P4",
    "kill -9 under load, from the accepted command: plan proved by every edge; capacity back",
    "moved <= 30 ms at the median, <= 100 ms at worst; back <= 100 ms at the median",
)
bench.option("--rate", 500.0, "requests per second")


async def run(options: argparse.Namespace, _: int) -> Values:
    """One kill by command. `kernel` is how long the kernel itself took to end the process, as any parent sees it."""
    with BenchFleet() as fleet:
        async with loaded(fleet.url, rate=options.rate, duration=5) as load:
            await asyncio.sleep(1)
            victim, seq = fleet.serving[0], fleet.now.seq
            watched = os.pidfd_open(pid_of(victim))
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(asyncio.to_thread(fleet.hactl, "kill", victim.name, "--wait"))
                    dead = await asyncio.to_thread(_until_dead, watched)
            finally:
                os.close(watched)
            report = bench.judged(await load.finish())
        records = fleet.records(seq)
    began = next(record for record in records if isinstance(record.event, OperationBegan))
    timeline = read_timeline(records, victim.name, began.event.operation.id)
    if not timeline.complete:
        raise RuntimeError(f"the failover is not complete: {timeline}")
    return {
        "kernel_ms": (dead - began.mono) * 1000,
        "seen_ms": timeline.seen_ms or 0.0,
        "moved_ms": timeline.moved_ms or 0.0,
        "back_ms": timeline.back_ms or 0.0,
        "failed": report.failed,
    }


def _until_dead(pidfd: int) -> float:
    if not select.select([pidfd], [], [], 20)[0]:
        raise TimeoutError("the node was not killed within 20 s")
    return mono()


def _met(values: dict[str, list[float]]) -> bool:
    moved = median(values, "moved_ms") <= 30 and max(values["moved_ms"]) <= 100
    return moved and median(values, "back_ms") <= 100


if __name__ == "__main__":
    bench.main(run, _met)
