"""The process of a load: `python -m hactl.processes.load --url URL`. Wiring only; what it sends is `hactl.drill.load`.

stdout is NDJSON: `{"ready":true,...}` when connections are open, a `Progress` each second, the `Report` as last line.
SIGINT or SIGTERM end it early, with a report. Exit code 0 says that it ran, not that nothing failed.

With a lease it is tied to whoever started it, and holds the other end of its standard input: when nothing has come from
there for that long it ends early, with a report; on end-of-file it ends at once, and nobody is left to report to.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import resource
import select
import selectors
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from hactl.drill.load import Load, hang_up, line, open_session
from hactl.drill.load_plan import OTHERS, RETRIED, LoadPlan, Progress, Ready
from hactl.drill.measure import judge, percentile
from hactl.drill.records import Records


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one load and return the exit code."""
    options = _parser().parse_args(arguments)
    plan = _plan(options)
    _allow_many_descriptors()
    with asyncio.Runner(loop_factory=_precise_loop) as runner:
        try:
            records, retried, others = runner.run(_run(plan, options.lease))
        except asyncio.CancelledError:
            return 1
    if options.out:
        options.out.write_bytes(records.encode())
        if plan.retries:
            options.out.with_name(options.out.name + RETRIED).write_bytes(retried.encode())
        if plan.others:
            options.out.with_name(options.out.name + OTHERS).write_bytes(others.encode())
    print(line(judge(records)), flush=True)
    return 0


def _plan(options: argparse.Namespace) -> LoadPlan:
    return LoadPlan(
        url=options.url,
        rate=options.rate,
        duration=options.duration,
        timeout=options.timeout,
        method=options.method,
        connections=options.connections,
        body=os.fsencode(options.body),
        fresh_connections=options.fresh_connections,
        node_header=options.node_header,
        in_flight=options.in_flight,
        retries=options.retries,
        others=options.others,
        burst=options.burst,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hactl.processes.load", description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--rate", type=float, default=300.0, help="requests per second")
    parser.add_argument("--duration", type=float, default=10.0, help="seconds")
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds one request may take")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--connections", type=int, default=16, help="kept connections that take turns")
    parser.add_argument("--body", default="", help="request body")
    parser.add_argument("--fresh-connections", action="store_true", help="a new connection for each request")
    parser.add_argument("--node-header", default="x-hactl-node", help="response header that names the node")
    parser.add_argument("--in-flight", type=int, default=10_000, help="most requests under way at a time")
    parser.add_argument("--retries", type=int, default=0, help="send as much again by clients that retry this often")
    parser.add_argument("--others", default="", help="a URL that other clients ask for besides, now and then")
    parser.add_argument("--burst", type=int, default=0, help="so many clients that are cut off and come back at once")
    parser.add_argument("--lease", type=float, default=0.0, help="end when stdin brings nothing for so many seconds")
    parser.add_argument("--out", type=Path, help="file for every request, as JSON columns")
    return parser


async def _run(plan: LoadPlan, lease: float) -> tuple[Records, Records, Records]:
    """Every request of the clients that ask once, of those that try again, and of others."""
    async with open_session(plan) as session, open_session(plan) as another, open_session(plan) as third:
        load = Load(plan, session)
        retried = None if plan.policy is None else Load(plan, another, plan.policy)
        others = None if plan.beside is None else Load(plan.beside, third)
        streams = [stream for stream in (load, retried, others) if stream is not None]
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, _stop, streams)
        # Those that come back at once find nothing open already.
        warm = [await hang_up(plan)] if plan.burst else [await stream.warm() for stream in streams]
        print(line(Ready(warm=all(warm))), flush=True)
        # What exists by now stays: left out of collections, they take microseconds and delay no request.
        gc.collect()
        gc.freeze()
        async with _tied(lease, streams), _progress(load), asyncio.TaskGroup() as group:
            for turn, stream in enumerate(streams):
                # each in the middle between two requests of another
                group.create_task(stream.run(after=turn / (len(streams) * plan.rate)), name=f"stream {turn}")
        asked_again, elsewhere = (Records() if one is None else one.records for one in (retried, others))
        return load.records, asked_again, elsewhere


def _stop(streams: list[Load]) -> None:
    for stream in streams:
        stream.stop()


@contextlib.asynccontextmanager
async def _tied(lease: float, streams: list[Load]) -> AsyncIterator[None]:
    """Stop when nothing has come from standard input for `lease` seconds, and be cancelled at its end; 0: never."""
    if not lease:
        yield
        return
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    silent = loop.call_later(lease, _stop, streams)

    def hear() -> None:
        nonlocal silent
        silent.cancel()
        if os.read(0, 64):
            silent = loop.call_later(lease, _stop, streams)
        else:
            loop.remove_reader(0)
            task.cancel()

    loop.add_reader(0, hear)
    try:
        yield
    finally:
        loop.remove_reader(0)
        silent.cancel()


@contextlib.asynccontextmanager
async def _progress(load: Load) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        ticker = group.create_task(_tell(load))
        try:
            yield
        finally:
            ticker.cancel()


async def _tell(load: Load) -> None:
    # When nobody reads any more (the parent was killed), the broken pipe ends the run: a load is never left behind.
    records, told = load.records, 0
    while True:
        await asyncio.sleep(1.0)
        latencies = sorted(records.latencies(told))
        told += len(latencies)
        progress = Progress(
            t=round(time.monotonic() - load.began, 3),
            sent=load.sent,
            failed=records.failed,
            last_failed=records.last_failed,
            p99_ms=round(1000 * percentile(latencies, 0.99), 3) if latencies else None,
        )
        print(line(progress), flush=True)


class _PreciseSelector(selectors.DefaultSelector):
    """Sleeps to the microsecond. Plain epoll rounds up to whole milliseconds, which every latency would then carry."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if sys.platform == "linux" and timeout is not None and timeout > 0:
            select.select((self.fileno(),), (), (), timeout)
            timeout = 0
        return super().select(timeout)


def _precise_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(_PreciseSelector())


def _allow_many_descriptors() -> None:
    # A server that hangs holds rate x timeout connections; running out of descriptors would look like its failure.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main())
