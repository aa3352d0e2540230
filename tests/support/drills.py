"""Drills on a real fleet, short enough for tests: in this process to be stopped, or in their own to be killed."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from support.fleet import RunningFleet

from hactl.drill import library
from hactl.drill.definition import Definition
from hactl.drill.load_process import LoadProcess
from hactl.drill.phases import Phase
from hactl.drill.report import Identity
from hactl.drill.runner import Runner
from hactl.drill.runs import OpenRun, Run
from hactl.supervisor import procfs

SHORT = ("phases.baseline=2s", "phases.hold=1s", "phases.settle=1s", "limits.lease=2s", "load.rate=100")


def short(name: str, *settings: str) -> Definition:
    """A built-in drill that takes four seconds; `settings` change it further."""
    return library.load(name, (*SHORT, *settings))


def options(*settings: str) -> list[str]:
    """The same for `hactl drill`."""
    return [part for setting in (*SHORT, *settings) for part in ("--set", setting)]


def runner(
    fleet: RunningFleet, drill: Definition, *, seed: int = 1, say: Callable[[str], None] = lambda _: None
) -> Runner:
    """A drill in this process, about to run."""
    run = Run.create(fleet.paths.drills, drill.name, time.time())
    pid = os.getpid()
    identity = Identity(run=run.name, fleet="t", by="test", host="here", version="0", began=time.time(), revision=0)
    me = OpenRun(identity=identity, definition=drill, phase=Phase.PLAN, pid=pid, ticks=procfs.start_ticks(pid) or 0)
    within = run.directory
    return Runner(
        fleet.client,
        drill,
        run,
        me=me,
        paths=fleet.paths,
        seed=seed,
        load=lambda plan: LoadProcess(plan, within=within),
        say=say,
    )


class DrillProcess:
    """`hactl drill run` in a process of its own."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.said: list[str] = []

    async def until(self, phase: str) -> None:
        """It has said something of that phase."""
        assert self.process.stderr is not None
        while line := (await self.process.stderr.readline()).decode():
            self.said.append(line)
            if line.startswith(f"{phase}:"):
                return
        raise AssertionError(f"it ended before {phase}: {self.said}")

    def deafen(self) -> None:
        """Nobody reads any more what it says, as when its terminal is closed."""
        transport = self.process._transport  # type: ignore[attr-defined]
        for number in (1, 2):
            transport.get_pipe_transport(number).close()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def over(self) -> int:
        """Its exit code, when it has ended; what it said meanwhile is in `said`."""
        out, err = await self.process.communicate()
        self.said += err.decode().splitlines(keepends=True)
        self.said += out.decode().splitlines(keepends=True)
        code = self.process.returncode
        assert code is not None
        return code


@asynccontextmanager
async def drilling(
    fleet: RunningFleet, name: str, *settings: str, env: dict[str, str] | None = None
) -> AsyncIterator[DrillProcess]:
    """A short drill in a process of its own; killed in the end, if it still runs. `env` is what its processes have in
    their environment besides."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hactl", "drill", "run", name, "--seed", "1", *options(*settings)),
        cwd=fleet.directory,
        env={**os.environ, **(env or {})},
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )
    try:
        yield DrillProcess(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def hactl(fleet: RunningFleet, *args: str) -> tuple[int, str, str]:
    """`hactl ARGS` beside the fleet's file: exit code, data, talk."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hactl", *args), cwd=fleet.directory, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
