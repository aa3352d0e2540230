"""A drill as a process of its own: from a chosen fleet to a filed report, stopped in an orderly way by signals.

The first Ctrl-C, SIGTERM or SIGHUP stops the drill and restores everything; a second one leaves at once, and the daemon
restores everything as soon as it misses the runner.
"""

import asyncio
import contextlib
import os
import signal
import socket
import time

from hactl import __version__
from hactl.cli import output
from hactl.cli.choice import Chosen
from hactl.cli.drill_asking import admit
from hactl.cli.drill_recover import bury
from hactl.cli.options import label
from hactl.control.aclient import AsyncClient
from hactl.control.peer import Peer
from hactl.core.errors import CommandRejected, HactlError
from hactl.drill.definition import Definition
from hactl.drill.load_process import LoadProcess
from hactl.drill.phases import Phase
from hactl.drill.report import DrillReport, Identity
from hactl.drill.retention import prune
from hactl.drill.runner import Runner
from hactl.drill.runs import OpenRun, Run, abandoned, runs
from hactl.supervisor import procfs

_RECOVERY = 120.0
"""Seconds that an earlier drill without a runner has to be put back before this one is refused."""


def execute(chosen: Chosen, definition: Definition, seed: int, *, attended: bool) -> DrillReport:
    """Run it; `attended` says whether a person is there to do what it may ask for.

    Raises CommandRejected when it may not be begun, HactlError when nobody answers or nothing can be written,
    KeyboardInterrupt when told twice.
    """
    hello = chosen.client.hello()
    for run in abandoned(chosen.paths.drills):
        buried = bury(chosen, run, _RECOVERY)
        output.say(f"{run.name}: {buried.verdict}: {buried.why}")
    try:
        prune((one.directory for one in runs(chosen.paths.drills)), time.time())
    except HactlError as error:
        output.say(str(error))  # no reason not to run
    admit(chosen.client, definition, seed, chosen.paths.state)
    run = Run.create(chosen.paths.drills, definition.name, time.time())
    ticks = procfs.start_ticks(os.getpid())
    if ticks is None:
        raise HactlError("this process cannot be identified: /proc is not available", "hactl doctor")
    here = Peer(pid=os.getpid(), uid=os.geteuid(), gid=os.getegid())
    identity = Identity(
        run=run.name,
        fleet=hello.fleet,
        by=here.signature(socket.gethostname()),
        via=label(),
        host=socket.gethostname(),
        version=__version__,
        began=time.time(),
        revision=0,
    )
    me = OpenRun(identity=identity, definition=definition, phase=Phase.PLAN, pid=os.getpid(), ticks=ticks)
    try:
        return asyncio.run(_run(chosen, definition, run, me, seed, attended))
    except CommandRejected:
        run.discard()
        raise
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _run(chosen: Chosen, definition: Definition, run: Run, me: OpenRun, seed: int, attended: bool) -> DrillReport:
    async with AsyncClient(chosen.paths.control, owner=chosen.paths.owner) as client:
        runner = Runner(
            client,
            definition,
            run,
            me=me,
            paths=chosen.paths,
            seed=seed,
            load=lambda plan: LoadProcess(plan, within=run.directory, lease=definition.limits.lease),
            say=_say,
            attended=attended,
        )
        _heed_signals(runner)
        return await runner.run()


def _say(text: str) -> None:
    """Talk, if anybody is left to listen: a terminal that was closed is no reason to leave a fleet as it is."""
    with contextlib.suppress(OSError):
        output.say(text)


def _heed_signals(runner: Runner) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is None:
        raise AssertionError("called from a task")
    told: list[int] = []

    def hear(number: int) -> None:
        told.append(number)
        if len(told) > 1:
            task.cancel()
            return
        runner.stop(f"interrupted by {signal.Signals(number).name}", interrupted=True)
        _say("stopping: restoring everything (press Ctrl-C again to leave at once; the daemon will finish)")

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, hear, number)
