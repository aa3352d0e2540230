"""The load's own process: its lines, its end."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hactl.drill.load_plan import LoadPlan, Progress
from hactl.drill.load_process import LoadProcess
from hactl.drill.measure import judge
from hactl.drill.records import Records
from hactl.processes.load import _parser, _plan
from hactl.processes.upstream import Upstream

Process = asyncio.subprocess.Process


@asynccontextmanager
async def load(*arguments: str) -> AsyncIterator[Process]:
    """A load on an upstream in this process; ended when the block is left."""
    connections: set[Upstream] = set()
    server = await asyncio.get_running_loop().create_server(lambda: Upstream(0.0, connections), "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hactl.processes.load", "--url", url, *arguments, stdout=asyncio.subprocess.PIPE
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            for connection in tuple(connections):
                connection.close()


async def lines(process: Process) -> list[dict[str, object]]:
    assert process.stdout
    return [json.loads(line) for line in (await process.stdout.read()).splitlines()]


async def test_lines_are_ready_then_progress_then_the_report(tmp_path: Path) -> None:
    """The contract of stdout, and `--out` holds what the report was made of."""
    out = tmp_path / "records"
    async with load("--rate", "50", "--duration", "1.2", "--out", str(out)) as process:
        ready, *progress, report = await lines(process)
        assert await process.wait() == 0
    assert ready == {"ready": True, "warm": True}
    assert progress
    assert all(set(line) == set(Progress.__struct_fields__) for line in progress)
    assert (report["requests"], report["ok"], report["failed"]) == (60, 60, 0)
    assert judge(Records.decode(out.read_bytes())).p99_ms == report["p99_ms"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_early_with_a_report(number: signal.Signals) -> None:
    """Ctrl-C and `kill` stop the sending, not the telling."""
    async with load("--rate", "100", "--duration", "60") as process:
        assert process.stdout
        assert b"ready" in await process.stdout.readline()
        process.send_signal(number)
        report = (await lines(process))[-1]
        assert await process.wait() == 0
    assert isinstance(report["requests"], int)
    assert report["requests"] < 6000
    assert report["failed"] == 0


async def test_a_dead_server_is_a_report_and_not_a_crash() -> None:
    """Nobody listens: every request failed, the process did its work."""
    async with load("--rate", "20", "--duration", "0.2", "--url", "http://127.0.0.1:1/") as process:
        ready, report = await lines(process)
        assert await process.wait() == 0
    assert ready["warm"] is False
    assert report["causes"] == {"refused": 4}


def test_every_part_of_a_plan_reaches_the_process() -> None:
    """What a drill asked for is what is sent: no part of a plan falls back to its default on the way."""
    plan = LoadPlan(
        url="http://127.0.0.1:1/x",
        rate=7.5,
        duration=1.25,
        timeout=0.5,
        method="PUT",
        connections=3,
        body=b"--x\xff",
        fresh_connections=True,
        node_header="x-node",
        in_flight=11,
        retries=3,
        others="http://127.0.0.1:1/y",
        burst=4,
    )
    assert all(getattr(plan, part) != getattr(LoadPlan(url=""), part) for part in LoadPlan.__struct_fields__)
    command = LoadProcess(plan)
    command._directory = Path("/nowhere")
    _, _, _, module, *arguments = command._command()
    assert module == "hactl.processes.load"
    assert _plan(_parser().parse_args(arguments)) == plan
