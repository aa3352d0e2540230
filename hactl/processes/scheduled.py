"""Starts the drills that are due, each as a process of its own, and hears how they end. Decides nothing: `scheduling`.

A run outlives the daemon that started it, as one that a person started does; the daemon that comes then knows nothing
of its end. What is due while there is no daemon is not made up for.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Mapping

from hactl.config.zones import zone
from hactl.core.errors import os_reason
from hactl.core.model import Fleet
from hactl.core.moments import due
from hactl.core.observations import DrillDue, DrillOver, Observation
from hactl.core.schedule import ScheduleSpec
from hactl.core.signature import LABEL
from hactl.paths import FleetPaths, state_home

LOOK = 5.0
"""Seconds between two looks at the clock: it can be set at any time."""


class Schedules:
    """The schedules of one fleet."""

    def __init__(
        self,
        paths: FleetPaths,
        *,
        look: Callable[[], Fleet],
        deliver: Callable[[Observation], None],
        wall: Callable[[], float],
        program: tuple[str, ...] = (sys.executable, "-P", "-m", "hactl"),
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """`wall` is Unix time; `program` is hactl."""
        self._paths = paths
        self._look = look
        self._deliver = deliver
        self._wall = wall
        self._program = program
        self._environment = environment

    async def run(self, pause: float = LOOK) -> None:
        """Look at the clock until cancelled; what has been started then goes on."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                for schedule in self._look().spec.schedules:
                    if (started := self._consider(schedule)) is not None:
                        tasks.create_task(self._hear(schedule.name, started), name=f"schedule {schedule.name}")
                await asyncio.sleep(pause)

    def _consider(self, schedule: ScheduleSpec) -> "subprocess.Popen[bytes] | None":
        """The run of `schedule`, when it is due and may begin: that is journaled first, and so is why not."""
        where = zone(schedule.zone)
        if where is None:
            return None
        turn = self._look().drills.turns.get(schedule.name)
        moment = due(schedule, where, self._wall(), turn.at if turn else 0.0)
        if moment is None:
            return None
        self._deliver(DrillDue(schedule=schedule.name, at=moment.at, blocked=moment.blocked))
        turn = self._look().drills.turns.get(schedule.name)
        if turn is None or turn.at != moment.at or turn.skipped:
            return None
        try:
            return self._start(schedule)
        except OSError as error:
            why = f"cannot be started: {os_reason(error)}"
            self._deliver(DrillOver(schedule=schedule.name, why=why))
            return None

    def _start(self, schedule: ScheduleSpec) -> "subprocess.Popen[bytes]":
        what = ("--suite", schedule.suite) if schedule.suite else (schedule.drill,)
        self._paths.drills.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._paths.drills / f"schedule-{schedule.name}.log").open("wb") as log:
            return subprocess.Popen(
                [*self._program, "--fleet", self._look().name, "drill", "run", *what, "--no-input"],
                cwd=self._paths.state,
                # it may be relative to where we are, and the run is elsewhere
                env={
                    **self._environment,
                    "HACTL_STATE_DIR": str(state_home().absolute()),
                    LABEL: f"schedule-{schedule.name}",
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def _hear(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        """Wait until it has ended, and say so."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        fd = os.pidfd_open(process.pid)
        try:
            loop.add_reader(fd, ended.set)
            await ended.wait()
        except asyncio.CancelledError:
            process.returncode = 0  # it lives on by design: not ours to wait for
            raise
        finally:
            loop.remove_reader(fd)
            os.close(fd)
        self._deliver(DrillOver(schedule=name, code=process.wait()))
