"""P8: a node dies while no daemon lives: the edges alone keep clients from noticing."""

import argparse
import asyncio
import os
import signal

from common import Bench, BenchFleet, Values, loaded, mono, pid_of

bench = Bench("P8", "node killed while the daemon is dead: failed GET requests", "0 after 0.5 s")
bench.option("--rate", 500.0, "requests per second")


async def run(options: argparse.Namespace, number: int) -> Values:
    """Kill the daemon, then a node; count what fails at once and what fails later than half a second."""
    with BenchFleet() as fleet:
        victims = fleet.serving
        async with loaded(fleet.url, rate=options.rate, duration=6) as load:
            os.kill(fleet.client.hello().pid, signal.SIGKILL)
            await asyncio.sleep(1)
            killed = mono()
            os.kill(pid_of(victims[number % len(victims)]), signal.SIGKILL)
            records = await load.finish()
        # The next daemon finds what happened, and `down` has somebody to talk to.
        await asyncio.to_thread(fleet.hactl, "up", "--detach")
    whole, later = bench.judged(records), bench.judged(records, killed + 0.5, mono())
    return {
        "failed_at_once": whole.failed - later.failed,
        "failed_later": later.failed,
        "requests": whole.requests,
        "slowest_ms": whole.max_ms,
        "longest_gap_ms": whole.longest_gap_ms,
    }


if __name__ == "__main__":
    bench.main(run, lambda values: not any(values["failed_later"]))
