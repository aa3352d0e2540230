"""P5e: one of two edges is stopped or killed from outside, with a new connection for each request."""

import argparse
import asyncio
import os
import signal

from common import Bench, BenchFleet, Values, loaded, median, mono, pid_of

from hactl.core.events import EdgeLost, TrafficApplied

bench = Bench(
    "P5e",
    "SIGSTOP or kill -9 of one of two edges: new connections that fail later than 400 ms after it; edge replaced",
    "0; <= 500 ms at the median",
)
bench.option("--rate", 200.0, "requests per second, each on a connection of its own")
SETTLED = 0.4
"""Seconds after which no new connection may fail."""


async def run(options: argparse.Namespace, _: int) -> Values:
    """One of each; times from the signal."""
    frozen = await _one(options.rate, signal.SIGSTOP)
    killed = await _one(options.rate, signal.SIGKILL)
    return {f"frozen_{name}": value for name, value in frozen.items()} | {
        f"killed_{name}": value for name, value in killed.items()
    }


async def _one(rate: float, number: signal.Signals) -> Values:
    with BenchFleet() as fleet:
        async with loaded(fleet.url, rate=rate, duration=5, timeout=2.0, fresh_connections=True) as load:
            await asyncio.sleep(1)
            victim, seq = fleet.now.edges[0], fleet.now.seq
            at = mono()
            os.kill(pid_of(victim), number)
            records = await load.finish()
        everything, later = bench.judged(records), bench.judged(records, at + SETTLED, at + 3)
        news = fleet.records(seq)
        use = next((record.event.loss.use for record in news if isinstance(record.event, EdgeLost)), None)
        proofs = [
            record.mono
            for record in news
            if isinstance(record.event, TrafficApplied) and record.event.edge == victim.name
        ]
    return {
        "failed_at_once": everything.failed - later.failed,
        "failed_later": later.failed,
        "said_connections": use.connections if use is not None else -1,
        "said_in_flight": use.requests if use is not None else -1,
        "replaced_ms": (min(proofs) - at) * 1000,
    }


def _met(values: dict[str, list[float]]) -> bool:
    lost = max(values["frozen_failed_later"] + values["killed_failed_later"])
    return lost == 0 and max(median(values, "frozen_replaced_ms"), median(values, "killed_replaced_ms")) <= 500


if __name__ == "__main__":
    bench.main(run, _met)
