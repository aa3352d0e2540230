"""Drills on a real fleet, short enough for tests: in this process to be stopped, or in their own to be killed."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from support.fleet import RunningFleet

from hactl.core.commands import BeginDrill, EndDrill
from hactl.core.drills import in_progress
from hactl.drill import library
from hactl.drill.definition import AIMLESS, Definition, FaultKind
from hactl.drill.keys import LASTS
from hactl.drill.load_process import LoadProcess
from hactl.drill.phases import Phase
from hactl.drill.punctual import EACH_SECOND
from hactl.drill.report import DrillReport, Identity
from hactl.drill.runner import Runner
from hactl.drill.runs import OpenRun, Run
from hactl.drill.verdict import Status
from hactl.supervisor import procfs

SHORT = ("phases.baseline=2s", "phases.hold=1s", "phases.settle=1s", "limits.lease=2s", "load.rate=125")
UNHURRIED = ("objectives.detect=1s", "objectives.restore_capacity=5s")
"""For drills of one process that are to pass here: a machine that does other things as well brings nobody back within
250 ms. How many requests may fail is never changed."""
PATIENCE = 240.0
"""Seconds after which a drill that goes on to nothing has failed; never a measure of anything."""
LATE = {"load generator on time", "requests not sent"}
"""Checks that a machine which does other things as well spoils: then a run shows nothing, whatever the fleet did."""
CLIENTS_LATE = "clients with retries on time"
FEW_CANARIES = "canaries in journal before the fault"


def short(name: str, *settings: str) -> Definition:
    """A built-in drill that takes four seconds; `settings` change it further."""
    return library.load(name, (*SHORT, *settings))


_AIMED = {
    FaultKind.UPSTREAM_DOWN: 'target = { service = "random" }\nhow = "hang"',
    FaultKind.UPSTREAM_SLOW: 'target = { service = "random" }\ndelay = "50ms"',
    FaultKind.UPSTREAM_FLAPPING: 'target = { service = "random" }\ndown = "200ms"\nup = "300ms"',
    FaultKind.IMPAIR: 'target = { nodes = 1 }\ndelay = "50ms"\nfailed = 0.01',
    FaultKind.LATENCY: 'target = { nodes = 1 }\ndelay = "50ms"\ndirection = "from"',
    FaultKind.BANDWIDTH: 'target = { nodes = 1 }\nrate = "64KiB"',
    FaultKind.FLAPPING: 'target = { nodes = 1 }\ndown = "200ms"\nup = "300ms"\nhow = "reset"',
    FaultKind.CPU: "target = { nodes = 1 }\nper_cpu = 1",
    FaultKind.MEMORY: "share = 0.05",
    FaultKind.SURGE: "factor = 1.5\nreconnects = 5",
    FaultKind.CONFIG: 'change = "invalid"',
}
"""What a fault of that kind says besides when; of others no more than that one node is meant."""


def of_kind(kind: FaultKind) -> str:
    """The text of a short drill with one fault, gentle, of that kind; over before the failback where it can be."""
    said = _AIMED.get(kind, "" if kind in AIMLESS else "target = { nodes = 1 }")
    said += '\nfor = "1s"' if kind in LASTS else ""
    head = f'schema = 1\nname = "one"\ntitle = "A {kind}"\ntags = ["one"]\n[phases]\nhold = "3s"\nsettle = "10s"\n'
    return f'{head}[[fault]]\ntype = "{kind}"\nat = "1s"\n{said}\n'


def held_down(first: str, later: str) -> str:
    """The text of a drill that kills one node and keeps it down, and three seconds later another one."""
    fault = '[[fault]]\ntype = "process.kill"\ntarget = {{ names = ["{}"] }}\nkeep_down = true\nat = "{}"\n'
    head = 'schema = 1\nname = "later"\ntitle = "One that is held down, and one more"\n'
    return head + fault.format(first, "0s") + fault.format(later, "3s")


def options(*settings: str) -> list[str]:
    """The same for `hactl drill`."""
    return [part for setting in (*SHORT, *settings) for part in ("--set", setting)]


def status(report: DrillReport) -> dict[str, Status]:
    """How each objective ended."""
    return {item.name: item.status for item in report.objectives}


def spoilt(report: DrillReport) -> set[str]:
    """The checks of validity that the run has not passed."""
    return {check.name for check in report.validity if not check.ok}


def only_late(report: DrillReport, *also: str) -> bool:
    """True when nothing is wrong with the measurement but that this machine was too busy for it; `also` are checks that
    this spoils in the drill at hand. A stream may be late as a whole, or in one second."""
    late = {*LATE, *also}
    return spoilt(report) <= late | {f"{name} {EACH_SECOND}" for name in late}


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
        load=lambda plan: LoadProcess(plan, within=within, lease=drill.limits.lease),
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
        async with asyncio.timeout(PATIENCE):
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

    async def ended(self) -> None:
        """It has ended, whatever it still said."""
        async with asyncio.timeout(PATIENCE):
            await self.process.wait()

    async def over(self) -> int:
        """Its exit code, when it has ended; what it said meanwhile is in `said`."""
        async with asyncio.timeout(PATIENCE):
            out, err = await self.process.communicate()
        self.said += err.decode().splitlines(keepends=True)
        self.said += out.decode().splitlines(keepends=True)
        code = self.process.returncode
        assert code is not None
        return code


def drilling(
    fleet: RunningFleet, name: str, *settings: str, env: dict[str, str] | None = None
) -> AbstractAsyncContextManager[DrillProcess]:
    """A short drill in a process of its own: as `as_written`, but for `SHORT` and `settings`."""
    return as_written(fleet, name, *options(*settings), env=env)


@asynccontextmanager
async def as_written(
    fleet: RunningFleet, name: str, *args: str, env: dict[str, str] | None = None
) -> AsyncIterator[DrillProcess]:
    """A drill in a process of its own; killed in the end, if it still runs. `env` is what its processes have in their
    environment besides."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hactl", "drill", "run", name, "--seed", "1", *args),
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


@asynccontextmanager
async def on_loan(fleet: RunningFleet, lent: BeginDrill) -> AsyncIterator[str]:
    """The fleet is lent to a drill without a runner, whose operation this is; ended, and waited for, when the block is
    left, unless it is over by then."""
    drill = await fleet.command(lent, wait=False)
    try:
        yield drill
    finally:
        if in_progress(fleet.now) is not None:
            await fleet.client.submit(EndDrill(id=drill), by="test")
        await fleet.ended(drill)
        await fleet.calm()


async def hactl(fleet: RunningFleet, *args: str) -> tuple[int, str, str]:
    """`hactl ARGS` beside the fleet's file: exit code, data, talk."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hactl", *args), cwd=fleet.directory, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
