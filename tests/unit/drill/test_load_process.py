"""A load in its own process: started, watched, ended, gone."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.descriptors import none_left
from support.polling import wait_until
from support.processes import ended, state

from hactl.core.errors import HactlError
from hactl.drill.load_plan import OTHERS_RATE, LoadPlan
from hactl.drill.load_process import LoadProcess
from hactl.drill.measure import judge
from hactl.drill.records import Records
from hactl.processes.upstream import Upstream


@asynccontextmanager
async def upstream() -> AsyncIterator[str]:
    connections: set[Upstream] = set()
    server = await asyncio.get_running_loop().create_server(lambda: Upstream(0.0, connections), "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        for connection in tuple(connections):
            connection.close()


def empty(directory: Path) -> bool:
    return not list(directory.iterdir())


def recorded(directory: Path) -> list[Records]:
    """What loads have left in there."""
    return [Records.decode(path.read_bytes()) for path in directory.rglob("records")]


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_run_comes_back_with_every_request(tmp_path: Path) -> None:
    """What the process measured arrives row by row, on this machine's monotonic clock; nothing is left."""
    loop = asyncio.get_running_loop()
    async with upstream() as url:
        before = loop.time()
        async with LoadProcess(LoadPlan(url=url, rate=50, duration=1.3), within=tmp_path) as load:
            assert load.warm
            progress = await load.progress()
            assert progress is not None
            assert 0 < progress.sent <= 65
            records = await load.finish()
            assert await load.progress() is None
    assert len(records) == 65
    assert judge(records).failed == 0
    assert all(before < row.intended <= row.done < loop.time() for row in records)
    assert gone(load.pid)
    assert empty(tmp_path)


async def test_stopping_early_still_gives_a_report() -> None:
    """A stopped load says what it has seen so far."""
    async with upstream() as url, LoadProcess(LoadPlan(url=url, rate=100, duration=60)) as load:
        await load.progress()
        load.stop()
        records = await load.finish()
    assert 0 < len(records) < 6000
    assert judge(records).failed == 0


async def test_leaving_early_ends_the_process(tmp_path: Path) -> None:
    """Whoever leaves in the middle (an error, Ctrl-C) leaves neither process nor file."""
    async with upstream() as url:
        with pytest.raises(RuntimeError, match="something else"):
            async with LoadProcess(LoadPlan(url=url, duration=60), within=tmp_path) as load:
                raise RuntimeError("something else")
    assert gone(load.pid)
    assert empty(tmp_path)


async def test_cancelling_while_it_starts_ends_the_process(tmp_path: Path) -> None:
    """Cancelled between the start and the first line, nothing is left either."""

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    asked = asyncio.Event()
    async with await asyncio.start_server(mute, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        load = LoadProcess(LoadPlan(url=url), within=tmp_path)
        start = asyncio.get_running_loop().create_task(load.__aenter__())
        await asked.wait()
        start.cancel()
        await asyncio.wait([start])
    assert start.cancelled()
    assert gone(load.pid)
    assert empty(tmp_path)


async def test_a_process_that_dies_is_an_error_that_says_so() -> None:
    """A generator that was killed is never mistaken for one that saw no failure."""
    async with upstream() as url, LoadProcess(LoadPlan(url=url, duration=60)) as load:
        os.kill(load.pid, signal.SIGKILL)
        with pytest.raises(HactlError, match="exited with code -9"):
            await load.finish()


async def test_clients_that_try_again_are_a_stream_of_their_own(tmp_path: Path) -> None:
    """As many requests, between those that are judged; each stream comes back whole."""
    async with (
        upstream() as url,
        LoadProcess(LoadPlan(url=url, rate=50, duration=0.5, retries=2), within=tmp_path) as load,
    ):
        records = await load.finish()
    assert len(records) == len(load.retried) == 25
    due, again = sorted(row.intended for row in records), sorted(row.intended for row in load.retried)
    assert [after - before for before, after in zip(due, again, strict=True)] == pytest.approx([0.01] * 25, abs=0.005)
    assert judge(load.retried).failed == 0
    assert empty(tmp_path)


async def test_clients_of_another_route_are_a_small_stream_of_their_own(tmp_path: Path) -> None:
    """They ask for something else, as often as others do by themselves, and do not count among those that are
    judged."""
    async with upstream() as url:
        plan = LoadPlan(url=f"{url}status/503", others=url, rate=200, duration=0.5)
        async with LoadProcess(plan, within=tmp_path) as load:
            records = await load.finish()
    assert (len(records), len(load.others), len(load.retried)) == (100, round(OTHERS_RATE / 2), 0)
    assert (judge(records).failed, judge(load.others).failed) == (100, 0)
    assert empty(tmp_path)


async def test_one_that_cannot_be_started_is_an_error_that_says_so(tmp_path: Path) -> None:
    """No place for its files, or no descriptor, with which not even those could be removed that had a place."""
    with pytest.raises(HactlError, match=r"cannot be started.*No such file"):
        async with LoadProcess(LoadPlan(url="http://127.0.0.1:1/"), within=tmp_path / "nowhere"):
            pass
    assert empty(tmp_path)
    with none_left(), pytest.raises(HactlError, match=r"cannot be started.*Too many open files"):
        async with LoadProcess(LoadPlan(url="http://127.0.0.1:1/"), within=tmp_path):
            pass


async def test_what_was_left_is_asked_for_its_records_in_vain() -> None:
    """As an error of the load, whoever asks: a report is still to be made."""
    async with upstream() as url, LoadProcess(LoadPlan(url=url, rate=50.0, duration=30.0)) as load:
        pass
    with pytest.raises(HactlError, match="exited with code"):
        await load.finish()


STARTS_ONE = """
import asyncio, sys
from pathlib import Path
from hactl.drill.load_plan import LoadPlan
from hactl.drill.load_process import LoadProcess
async def main():
    plan = LoadPlan(url=sys.argv[1], rate=50, duration=60)
    async with LoadProcess(plan, within=Path(sys.argv[2]), lease=1.0) as load:
        print(load.pid, flush=True)
        while progress := await load.progress():
            print(progress.t, flush=True)
asyncio.run(main())
"""


@asynccontextmanager
async def started_elsewhere(url: str, within: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Another process that has started a load with a lease of a second, and the pid of that; it has asked for longer
    than one sign of life is good for."""
    program = (sys.executable, "-c", STARTS_ONE, url, str(within))
    parent = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    try:
        pid = int(await parent.stdout.readline())
        while float(await parent.stdout.readline()) < 2.5:
            pass
        yield parent, pid
    finally:
        if parent.returncode is None:
            parent.kill()
        await parent.wait()


async def test_it_asks_nobody_any_more_when_whoever_started_it_is_stopped(tmp_path: Path) -> None:
    """Ctrl-Z: the fleet is taken back from whoever shows no sign of life, and nothing is to weigh on it then. What was
    seen is there when they go on."""
    async with upstream() as url, started_elsewhere(url, tmp_path) as (parent, pid):
        parent.send_signal(signal.SIGSTOP)
        await asyncio.to_thread(wait_until, lambda: state(pid) == "Z")  # nobody is there to bury it
        (records,) = recorded(tmp_path)
        assert len(records) > 100
        parent.send_signal(signal.SIGCONT)
        assert await parent.wait() == 0
    assert empty(tmp_path)


async def test_it_ends_at_once_with_whoever_started_it(tmp_path: Path) -> None:
    """kill -9 of the parent: the kernel closes the pipe, and nobody is left to whom records could be of use."""
    async with upstream() as url, started_elsewhere(url, tmp_path) as (parent, pid):
        fd = os.pidfd_open(pid)
        try:
            parent.kill()
            await ended(fd)
        finally:
            os.close(fd)
    assert recorded(tmp_path) == []
