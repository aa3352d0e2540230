"""Drills that are due are started as processes of their own, once each, and their end is heard."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.build import a_spec
from support.script import Script, serving

from hactl.core.commands import LockDrills
from hactl.core.drill import Turn
from hactl.core.observations import DrillOver, Observation
from hactl.core.schedule import Hours, ScheduleSpec
from hactl.paths import FleetPaths, state_home
from hactl.processes.scheduled import Schedules

NIGHTLY = ScheduleSpec(name="nightly", drill="node-kill", at=Hours(begin=120, end=120))
WEEKLY = ScheduleSpec(name="weekly", suite="ci", at=Hours(days=(3,), begin=120, end=120))
AT = 1_795_658_400.0
"""Thursday, 2026-11-26, 02:00 UTC."""
PROGRAM = (
    "import json, os, sys;"
    "print(json.dumps([sys.argv[1:], os.environ['HACTL_LABEL'], os.getcwd(), os.environ['HACTL_STATE_DIR']]));"
    "sys.exit(10)"
)


class Night:
    """A daemon's core and clock, and a program in the place of hactl that says how it was called."""

    def __init__(self, directory: Path, *schedules: ScheduleSpec, program: str = PROGRAM, allowed: bool = True) -> None:
        directory.joinpath("state").mkdir()
        self.paths = FleetPaths(directory / "state")
        self.story = Script(serving(a_spec(safety={"scheduled_drills": allowed}, schedules=schedules)))
        self.now = AT + 1
        self.seen: list[Observation] = []
        self.over = asyncio.Event()
        self._wanted = 0
        self._program = program

    def deliver(self, saw: Observation) -> None:
        self.story >> saw
        self.seen.append(saw)
        if sum(isinstance(one, DrillOver) for one in self.seen) == self._wanted:
            self.over.set()

    @asynccontextmanager
    async def running(self, *, ends: int) -> AsyncIterator[Schedules]:
        """The clockwork runs, until so many have ended."""
        self._wanted = ends
        schedules = Schedules(
            self.paths,
            look=lambda: self.story.fleet,
            deliver=self.deliver,
            wall=lambda: self.now,
            program=(sys.executable, "-c", self._program),
            environment=os.environ,
        )
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(schedules.run(pause=0.01))
            yield schedules
            task.cancel()

    def said(self, name: str) -> list[object]:
        found: list[object] = json.loads((self.paths.drills / f"schedule-{name}.log").read_text())
        return found


async def test_what_is_due_is_run_once_on_behalf_of_its_schedule(tmp_path: Path) -> None:
    """A drill and a suite at the same time: whichever is second finds nothing in its way here but its own gate. It
    runs elsewhere, and finds the same fleet."""
    night = Night(tmp_path, NIGHTLY, WEEKLY)
    async with night.running(ends=2):
        await night.over.wait()
    assert night.said("nightly") == [
        ["--fleet", "default", "drill", "run", "node-kill", "--no-input"],
        "schedule-nightly",
        str(night.paths.state),
        str(state_home().absolute()),
    ]
    assert night.said("weekly")[0] == ["--fleet", "default", "drill", "run", "--suite", "ci", "--no-input"]
    assert night.story.fleet.drills.turns == {
        "nightly": Turn(at=AT, over=True, code=10),
        "weekly": Turn(at=AT, over=True, code=10),
    }
    assert len(night.seen) == 4


async def test_a_program_that_cannot_be_started_is_the_end_of_its_run(tmp_path: Path) -> None:
    night = Night(tmp_path, NIGHTLY)
    night.paths.drills.write_text("in the way")
    async with night.running(ends=1):
        await night.over.wait()
    turn = night.story.fleet.drills.turns["nightly"]
    assert (turn.over, turn.code) == (True, None)
    assert turn.why.startswith("cannot be started: ")


@pytest.mark.parametrize("how", ["not allowed", "locked", "too late", "zone"])
async def test_what_may_not_begin_is_not_started(tmp_path: Path, how: str) -> None:
    """What stands in the way is journaled, that nobody has allowed it as much as a lock; a moment that has passed, or
    that is in no known time zone, is nothing to tell."""
    schedule = ScheduleSpec(name="n", drill="x", at=NIGHTLY.at, zone="Mars/Olympus" if how == "zone" else "UTC")
    night = Night(tmp_path, schedule, allowed=how != "not allowed")
    if how == "locked":
        night.story >> LockDrills()
    if how == "too late":
        night.now = AT + 3600
    async with night.running(ends=1):
        for _ in range(5):
            await asyncio.sleep(0)
    assert not night.paths.drills.exists()
    turn = night.story.fleet.drills.turns.get("n")
    why = {"not allowed": "safety.scheduled_drills = false", "locked": "drills are locked by alice"}.get(how)
    assert (turn.skipped if turn is not None else None) == why


async def test_a_run_goes_on_when_the_daemon_leaves(tmp_path: Path) -> None:
    """It is in a session of its own, and nobody waits for it; here it ends when it is told to, and in good order."""
    born, told = tmp_path / "born", tmp_path / "told"
    for pipe in (born, told):
        os.mkfifo(pipe)
    program = f"import os; open({str(born)!r}, 'w').write(str(os.getpid())); open({str(told)!r}).read()"
    night = Night(tmp_path, NIGHTLY, program=program)
    async with night.running(ends=1):
        pid = int(await asyncio.to_thread(born.read_text))
    assert os.getsid(pid) == pid
    await asyncio.to_thread(told.write_text, "enough")
    assert await asyncio.to_thread(os.waitpid, pid, 0) == (pid, 0)
    assert night.story.fleet.drills.turns["nightly"] == Turn(at=AT)
