"""A load process for a drill, driven from an event loop. What it does is `hactl.processes.burden`.

It is tied to us by a pipe that carries nothing but signs of life: when we close it, or die, it ends; and when we are
stopped, as soon as a lease is over. By then the fleet is taken back, and nothing is to weigh on it any more.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process

from hactl.core.errors import HactlError
from hactl.drill.life_signs import SignsOfLife
from hactl.supervisor import procfs

PATIENCE = 120.0
"""Seconds until it has to be in effect: to touch gigabytes takes a while."""
_FAREWELL = 2.0
"""Seconds it has to end when the pipe is closed, before it is killed."""


class BurdenProcess:
    """One process: `start`, then `end` in any case."""

    def __init__(self, *arguments: str, seconds: float, lease: float = 15.0) -> None:
        """`arguments` are those of the process; it ends by itself when it has been in effect for `seconds`, or nothing
        was heard of us for `lease` seconds."""
        self.ticks = 0
        """Its start, in clock ticks after boot."""
        self._command = [sys.executable, "-P", "-m", "hactl.processes.burden", *arguments]
        self._command += ["--seconds", f"{seconds:g}", "--within", f"{PATIENCE:g}", "--lease", f"{lease:g}"]
        self._lease = lease
        self._signs: SignsOfLife | None = None
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        """Of the process; 0 before it was started."""
        return self._process.pid if self._process is not None else 0

    async def start(self) -> dict[str, int]:
        """Start it, and return when it is in effect: what it has taken, in its own words. Raises HactlError."""
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
            )
        except OSError as error:
            raise HactlError(f"the load process of the fault cannot be started: {error}", "ulimit -a") from error
        self.ticks = procfs.start_ticks(process.pid) or 0
        assert process.stdin is not None
        self._signs = SignsOfLife(process.stdin, self._lease)
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            async with asyncio.timeout(PATIENCE):
                line = await process.stdout.readline()
        except TimeoutError as error:
            raise HactlError(f"the load process of the fault has not answered for {PATIENCE:g} s") from error
        if not line:
            said = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
            raise HactlError("the load process of the fault exited at once", said[-1] if said else "")
        taken: dict[str, int] = json.loads(line)
        return taken

    async def end(self) -> None:
        """Close the pipe and see it end; one that does not is killed."""
        process = self._process
        if self._signs is not None:
            self._signs.end()
        if process is None or process.returncode is not None:
            return
        try:
            async with asyncio.timeout(_FAREWELL):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    @property
    def gone(self) -> bool:
        """Nothing of it is left, by the kernel's word."""
        return not procfs.lives(self.pid, self.ticks)
