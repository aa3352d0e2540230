"""P7: kill -9 of the daemon under load: failed requests, workers restarted, and how fast the next one has them all."""

import argparse
import asyncio
import os
import signal

from common import Bench, BenchFleet, Values, loaded, mono, pid_of

from hactl.core.commands import SetWeight
from hactl.core.errors import CommandRejected
from hactl.core.events import DaemonStarted, NodeAdopted

bench = Bench(
    "P7",
    "kill -9 of the daemon: failed GET requests, workers restarted, seconds until all are adopted again",
    "0; 0; <= 1 s, whatever the journal's age",
)
bench.option("--rate", 500.0, "requests per second")
bench.option("--history", 300, "weight changes that age the journal before")


async def run(options: argparse.Namespace, _: int) -> Values:
    """Age the journal, kill the daemon, go on half a second without one, start the next."""
    with BenchFleet() as fleet:
        await _age(fleet, options.history)
        pids = {node.name: pid_of(node) for node in fleet.now.nodes.values()}
        seq = fleet.now.seq
        async with loaded(fleet.url, rate=options.rate, duration=6) as load:
            os.kill(fleet.client.hello().pid, signal.SIGKILL)
            await asyncio.sleep(0.5)
            began = mono()
            await asyncio.to_thread(fleet.hactl, "up", "--detach")
            ended = mono()
            report = bench.judged(await load.finish())
        records = fleet.records(seq)
        after = {node.name: pid_of(node) for node in fleet.now.nodes.values()}
    started = next(record for record in records if isinstance(record.event, DaemonStarted))
    adopted = [record for record in records if isinstance(record.event, NodeAdopted)]
    return {
        "failed": report.failed,
        "requests": report.requests,
        "restarted": sum(after[name] != pid for name, pid in pids.items()),
        "adopted": len(adopted),
        "adopted_s": max((record.mono for record in adopted), default=started.mono) - began,
        "up_returned_s": ended - began,
        "journal_records": started.seq,
    }


async def _age(fleet: BenchFleet, changes: int) -> None:
    name = fleet.serving[0].name
    for number in range(changes):
        try:
            await asyncio.to_thread(fleet.client.submit, SetWeight(nodes=(name,), weight=100 - number % 2))
        except CommandRejected:
            await asyncio.sleep(0.01)
    await fleet.until_serving()


if __name__ == "__main__":
    bench.main(
        run,
        lambda values: not any(values["failed"]) and not any(values["restarted"]) and max(values["adopted_s"]) <= 1,
    )
