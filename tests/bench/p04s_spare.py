"""P4s: the same as P4 with a warm spare, for Envoy nodes and for a program that takes five seconds to start."""

import argparse
import asyncio
import sys
from pathlib import Path

from common import Bench, BenchFleet, Values, loaded, median

from hactl.core.events import OperationBegan
from hactl.drill.timeline import read_timeline

SLOW = 5.0
"""Seconds the program takes until it listens."""
PROGRAM = (sys.executable, str(Path(__file__).with_name("slow_gateway.py")), "{port}", str(SLOW))
OWN = f'[gateway]\nkind = "command"\ncommand = [{", ".join(repr(word) for word in PROGRAM)}]\n\n[health]\npath = "/"\n'

bench = Bench(
    "P4s",
    "kill -9 of a node while a spare stands by, from the accepted command: capacity serving again",
    "<= 30 ms at the median, also for a gateway that takes 5 s to start",
)
bench.option("--rate", 500.0, "requests per second")


async def run(options: argparse.Namespace, _: int) -> Values:
    """One kill of each kind of node."""
    envoy = await _one_kill(options.rate, service=True, extra="")
    own = await _one_kill(options.rate, service=False, extra=OWN)
    return {f"envoy_{name}": value for name, value in envoy.items()} | {
        f"slow_{name}": value for name, value in own.items()
    }


async def _one_kill(rate: float, *, service: bool, extra: str) -> Values:
    with BenchFleet(service=service, spares=1, extra=extra) as fleet:
        async with loaded(fleet.url, rate=rate, duration=3) as load:
            await asyncio.sleep(1)
            victim, seq = fleet.serving[0], fleet.now.seq
            await asyncio.to_thread(fleet.hactl, "kill", victim.name)
            report = bench.judged(await load.finish())
        records = fleet.records(seq)
    began = next(record for record in records if isinstance(record.event, OperationBegan))
    timeline = read_timeline(records, victim.name, began.event.operation.id)
    if timeline.back_ms is None:
        raise RuntimeError(f"nobody stepped in: {timeline}")
    return {"moved_ms": timeline.moved_ms or 0.0, "back_ms": timeline.back_ms, "failed": report.failed}


def _met(values: dict[str, list[float]]) -> bool:
    lost = max(values["envoy_failed"] + values["slow_failed"])
    return median(values, "envoy_back_ms") <= 30 and median(values, "slow_back_ms") <= 30 and lost == 0


if __name__ == "__main__":
    bench.main(run, _met)
