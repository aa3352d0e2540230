"""P11: throughput through edge and node against the same two hops configured by hand, in interleaved pairs.

The client shares the machine with what it measures, so the CPU time per request is given too: it does not depend on
who was waiting for whom. The daemon is stopped while the hand-made hops are measured, else its cost would count on
both sides and vanish from the ratio.
"""

import argparse
import asyncio
import os
import signal
import statistics

from bare_hops import BareHops
from closed_loop import Throughput, through
from common import Bench, BenchFleet, Values, cpu_seconds, median, pid_of

bench = Bench("P11", "throughput against the same two hops configured by hand", "ratio >= 0.97")
bench.option("--pairs", 8, "pairs per run")
bench.option("--seconds", 2.0, "length of one measurement")
bench.option("--connections", 16, "connections of the client")
bench.option("--nodes", 4, "nodes on both sides")


async def run(options: argparse.Namespace, number: int) -> Values:
    """Both sides up, measured in turn; the side that goes first alternates."""
    ratios, cpus, rates = [], [], []
    failed = 0
    with (
        BenchFleet(nodes=options.nodes, service=False) as fleet,
        BareHops(nodes=options.nodes, edges=2) as bare,
    ):
        daemon = fleet.client.hello().pid
        ours = [pid_of(node) for node in fleet.now.nodes.values()]
        for pair in range(-1, options.pairs):
            results: dict[bool, tuple[Throughput, float]] = {}
            for by_hand in (False, True) if (pair + number) % 2 == 0 else (True, False):
                if by_hand:
                    results[True] = await asyncio.to_thread(_paused, daemon, bare, options)
                else:
                    results[False] = await asyncio.to_thread(_measure, fleet.port, [*ours, daemon], options)
            if pair < 0:
                continue  # the first pair only warms both sides
            (hactl, hactl_cpu), (hand, hand_cpu) = results[False], results[True]
            ratios.append(hactl.rate / hand.rate)
            cpus.append(hactl_cpu / hand_cpu)
            rates.append((hactl.rate, hand.rate, hactl_cpu, hand_cpu))
            failed += hactl.failed + hand.failed
    middle = [statistics.median(column) for column in zip(*rates, strict=True)]
    names = ("hactl_per_second", "by_hand_per_second", "hactl_cpu_us_per_request", "by_hand_cpu_us_per_request")
    return {
        "ratio": statistics.median(ratios),
        "cpu_ratio": statistics.median(cpus),
        **dict(zip(names, middle, strict=True)),
        "failed": failed,
    }


def _measure(port: int, pids: list[int], options: argparse.Namespace) -> tuple[Throughput, float]:
    before = sum(map(cpu_seconds, pids))
    result = through(port, connections=options.connections, seconds=options.seconds)
    return result, 1e6 * (sum(map(cpu_seconds, pids)) - before) / result.requests


def _paused(daemon: int, bare: BareHops, options: argparse.Namespace) -> tuple[Throughput, float]:
    os.kill(daemon, signal.SIGSTOP)
    try:
        return _measure(bare.port, bare.pids, options)
    finally:
        os.kill(daemon, signal.SIGCONT)


if __name__ == "__main__":
    bench.main(run, lambda values: median(values, "ratio") >= 0.97)
