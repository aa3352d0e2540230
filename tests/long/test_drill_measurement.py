"""How a drill measures, against truths that are known: an outage of three seconds, and a generator that was held up.

Half a minute each: short enough for every build, too long for the suite.
"""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from support.build import a_spec
from support.ports import free_port
from support.script import serving

from hactl.core.value import replace
from hactl.drill.definition import Availability, Definition, Fault, FaultKind, Objectives, Phases, Target
from hactl.drill.evidence import Evidence, Times
from hactl.drill.judging import Windows, objectives, validity
from hactl.drill.load_plan import LoadPlan
from hactl.drill.load_process import LoadProcess
from hactl.drill.measure import judge
from hactl.drill.plan import plan
from hactl.drill.punctual import EACH_SECOND
from hactl.drill.records import Records

pytestmark = pytest.mark.alone

OUTAGE, WINDOW = 3.0, 20.0
DRILL = Definition(
    name="known",
    title="A known outage",
    faults=(Fault(kind=FaultKind.KILL, target=Target(nodes=1)),),
    phases=Phases(baseline=4.0, hold=10.0, settle=5.0),
    objectives=Objectives(rto=1.0, availability=Availability(least=0.999, window=WINDOW)),
)
PLAN = plan(DRILL, serving(a_spec()), 1)


async def service(port: int) -> Process:
    """The only service there is; returns when it listens."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hactl.processes.upstream", "--port", str(port), "--lifetime", "120"),
        stdin=DEVNULL,
        stdout=PIPE,
    )
    assert process.stdout is not None
    assert msgspec.json.decode(await process.stdout.readline())["port"] == port
    return process


async def end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


async def requests_until(load: LoadProcess, moment: float) -> None:
    """Until the load has said that it is so many seconds old."""
    while (progress := await load.progress()) is not None and progress.t < moment:
        pass


async def test_a_known_outage_is_read_as_what_it_was() -> None:
    """The only service is gone for 3 s of 20 s: 85 % available within half a per cent, and the recovery time within
    50 ms of the moment at which it listened again."""
    port = free_port()
    first = await service(port)
    second: Process | None = None
    try:
        load = LoadPlan(url=f"http://127.0.0.1:{port}/", rate=200.0, duration=28.0, timeout=1.0, node_header="")
        async with LoadProcess(load) as running:
            await requests_until(running, 4.0)
            first.kill()
            await first.wait()
            fault = time.monotonic()
            # The length of the outage is what is measured here; nothing is waited for.
            loop, over = asyncio.get_running_loop(), asyncio.Event()
            loop.call_later(OUTAGE, over.set)
            await over.wait()
            second = await service(port)
            truth = time.monotonic() - fault
            records = await running.finish()
    finally:
        await end(first)
        if second is not None:
            await end(second)
    evidence = Evidence(times=Times(fault=fault, failback=fault + WINDOW))
    windows = Windows(DRILL, evidence, list(records))
    assert windows.outage is not None
    assert windows.outage.rto is not None
    assert abs(windows.outage.rto - truth) <= 0.05, (windows.outage, truth)
    (availability,) = [
        float(item.value.removesuffix(" %"))
        for item in objectives(DRILL, PLAN, evidence, windows)
        if item.name == "availability"
    ]
    assert abs(availability - 100 * (1 - truth / WINDOW)) <= 0.5


async def test_a_generator_that_was_held_up_makes_a_run_inconclusive(tmp_path: Path) -> None:
    """Stopped for a third of a second, as by a machine without a processor to spare: the run proves nothing."""
    port = free_port()
    process = await service(port)
    try:
        load = LoadPlan(url=f"http://127.0.0.1:{port}/", rate=200.0, duration=6.0, node_header="")
        async with LoadProcess(load, within=tmp_path) as running:
            await requests_until(running, 2.0)
            os.kill(running.pid, signal.SIGSTOP)
            loop, over = asyncio.get_running_loop(), asyncio.Event()
            loop.call_later(0.33, over.set)
            await over.wait()
            os.kill(running.pid, signal.SIGCONT)
            records: Records = await running.finish()
    finally:
        await end(process)
    whole = judge(records)
    assert whole.failed == 0
    assert whole.late
    evidence = Evidence(times=Times(fault=whole.begin + 1.0, failback=whole.end))
    unnamed = replace(PLAN, load=load)
    checks = validity(DRILL, unnamed, evidence, Windows(DRILL, evidence, list(records)))
    late = {"load generator on time", f"load generator on time {EACH_SECOND}"}
    assert late <= {check.name for check in checks if not check.ok}
