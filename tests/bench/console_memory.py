"""Whether the console's memory stays flat: half an hour with 10,000 events, told within a minute, on a real terminal.

Before, everything that is bounded is filled to its bounds. The time of the fleet is hurried, the console's is not: it
draws as often as it does, and takes in what comes.
"""

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

from common import Bench, Values, median
from p14_console import Console
from pretended import pretending

bench = Bench("P14m", "console: memory over half an hour and 10,000 events", "<= 80 MB; grows by <= 1 MB")
bench.option("--nodes", 12, "gateway nodes")
bench.option("--minutes", 30, "how long, in the fleet's time")
bench.option("--events", 10_000, "how much happens meanwhile")
bench.option("--speed", 60, "seconds of the fleet within one second")

FILLING = 2700
"""Seconds of the fleet's time after which nothing that is bounded grows any more: moments go back 900, how the traffic
was spread another 900, and caches of what was drawn are a matter of how often it was looked at."""


def resident(pid: int) -> float:
    """Megabytes that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def run(options: argparse.Namespace, _: int) -> Values:
    """Fill, look, go on, look again; every screen is drawn in turn, and every one of them at both looks."""
    seconds = options.minutes * 60
    each = -(-options.events // seconds)  # at least as many as are promised
    with tempfile.TemporaryDirectory(prefix="hb-") as directory:
        async with pretending(Path(directory) / "state", "bench", options.nodes) as daemon:
            console = Console(Path(directory), "--fleet", "bench")
            watching = asyncio.get_running_loop().run_in_executor(None, console.watch, 24 * 3600.0)
            try:
                await asyncio.sleep(3.0)
                at = [resident(console.pid)]
                for length in (FILLING, seconds):
                    before = daemon.fleet_now.seq
                    for second in range(length):
                        daemon.second()
                        daemon.happen(each)
                        if second % 20 == 0:
                            console.write(str(1 + second // 20 % 6).encode())
                        await asyncio.sleep(1 / options.speed)
                    console.write(b"1")
                    await asyncio.sleep(3.0)
                    at.append(resident(console.pid))
                    happened = daemon.fleet_now.seq - before
            finally:
                console.close()
                await watching
    start, filled, end = at
    return {
        "rss_start_mb": start,
        "rss_filled_mb": filled,
        "rss_end_mb": end,
        "grown_mb": end - filled,
        "events": happened,
    }


if __name__ == "__main__":
    bench.main(run, lambda values: median(values, "rss_end_mb") <= 80 and median(values, "grown_mb") <= 1)
