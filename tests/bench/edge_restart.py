"""Planned restarts of edges while both cores burn, with a new connection for each request: which requests fail.

Connections that the kernel has completed and the edge has not accepted yet are reset when the edge stops listening.
"""

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from common import Bench, BenchFleet, Values, loaded, mono

bench = Bench("P6e", "edges restarted one after the other on a burnt machine: failed GET requests", "0")
bench.option("--rate", 200.0, "requests per second, each on a connection of its own")
bench.option("--rounds", 5, "how often each edge is restarted in one run")
bench.option("--burners", 4, "processes that do nothing but compute meanwhile")


async def run(options: argparse.Namespace, _: int) -> Values:
    """So many restarts of each edge by command; failures by what clients saw."""
    with BenchFleet() as fleet:
        edges = [edge.name for edge in fleet.now.edges]
        async with loaded(fleet.url, rate=options.rate, duration=300, fresh_connections=True) as load:
            with burning(options.burners):
                begin = mono()
                for _ in range(options.rounds):
                    for edge in edges:
                        await asyncio.to_thread(fleet.hactl, "restart", edge, "--wait")
                end = mono()
            load.stop()
            records = await load.finish()
    report = bench.judged(records)
    restarts = options.rounds * len(edges)
    return {
        "failed": report.failed,
        "requests": report.requests,
        "restarts": restarts,
        "seconds_each": (end - begin) / restarts,
    }


@contextmanager
def burning(count: int) -> Iterator[None]:
    """So many processes that compute without end, ended by their pids; each ends by itself after five minutes."""
    program = "import time\nend = time.monotonic() + 300\nwhile time.monotonic() < end: pass"
    burners = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(count)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


if __name__ == "__main__":
    bench.main(run, lambda values: not any(values["failed"]))
