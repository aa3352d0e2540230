"""A load in a separate process, driven from an event loop. What it sends is `load`; this only starts and stops it."""

import asyncio
import os
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType

from hactl.core import codec
from hactl.core.errors import HactlError
from hactl.drill.life_signs import SHARE, SignsOfLife
from hactl.drill.load_plan import OTHERS, PREFIX, RETRIED, LoadPlan, Progress, Ready
from hactl.drill.records import Records

_START = 15.0
"""Seconds a load process may take beyond its request timeout until its connections are open."""
_SILENCE = 15.0
"""Seconds without a line, where one a second is due, after which a load process is broken."""


class LoadProcess:
    """One run of a plan: `async with LoadProcess(plan) as load`. On leaving, the process and its files are gone.

    Entering returns when the connections are open and the first request is due. Both entering and every method raise
    HactlError when the process fails.
    """

    def __init__(self, plan: LoadPlan, *, within: Path | None = None, lease: float = 0.0) -> None:
        """Its files lie in `within` meanwhile; None: where temporary files lie. It sends nothing more when we have been
        stopped for longer than a `lease` in seconds, but not before that is over; 0: it does not care."""
        self.plan = plan
        self._within = within
        self._lease = lease
        self.warm = False
        """Every connection of the warm-up got an answer."""
        self.retried = Records()
        """Every request of the second stream, if there is one; complete when `finish` has returned."""
        self.others = Records()
        """The same of other clients."""
        self._over = False
        self._stack = AsyncExitStack()
        self._process: Process
        self._directory: Path

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    async def __aenter__(self) -> "LoadProcess":
        try:
            async with AsyncExitStack() as stack:
                self._process = await self._begin(stack)
                stack.push_async_callback(_end, self._process)
                self.warm = codec.decode(await self._line(_START + self.plan.timeout), Ready).warm
                self._stack = stack.pop_all()
        except OSError as error:
            raise HactlError(f"the load generator cannot be started: {error}", "df -h; ulimit -a") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _begin(self, stack: AsyncExitStack) -> Process:
        self._directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=PREFIX, dir=self._within)))
        errors = stack.enter_context((self._directory / "stderr").open("wb"))
        process = await asyncio.create_subprocess_exec(
            *self._command(),
            stdin=PIPE if self._lease else DEVNULL,
            stdout=PIPE,
            stderr=errors,
            start_new_session=True,
        )
        if process.stdin is not None:
            stack.callback(SignsOfLife(process.stdin, self._lease).end)
        return process

    async def progress(self) -> Progress | None:
        """How it stands: waits for the next of its lines, about one a second; None when every request is done."""
        if self._over:
            return None
        line = await self._line(_SILENCE)
        self._over = not line.startswith(b'{"t":')
        return None if self._over else codec.decode(line, Progress)

    async def finish(self) -> Records:
        """Wait for the end and return every request."""
        while await self.progress():
            pass
        await self._process.wait()
        if self.plan.retries:
            self.retried = await self._read(f"records{RETRIED}")
        if self.plan.others:
            self.others = await self._read(f"records{OTHERS}")
        return await self._read("records")

    def stop(self) -> None:
        """Send nothing more; `finish` then returns what was sent so far."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    async def _read(self, name: str) -> Records:
        try:
            return Records.decode(await asyncio.to_thread((self._directory / name).read_bytes))
        except OSError as error:
            raise HactlError(f"the load generator has left no records: {error}") from error

    async def _line(self, timeout: float) -> bytes:
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(timeout):
                line = await self._process.stdout.readline()
        except TimeoutError as error:
            raise HactlError(f"the load generator has not answered for {timeout:g} s") from error
        if line:
            return line
        code = await self._process.wait()
        said: list[str] = []
        with suppress(OSError):  # it was left before, and its files with it
            said = (self._directory / "stderr").read_text(errors="replace").strip().splitlines()
        raise HactlError(f"the load generator exited with code {code}", said[-1] if said else "")

    def _command(self) -> list[str]:
        plan = self.plan
        command = [sys.executable, "-P", "-m", "hactl.processes.load", "--out", str(self._directory / "records")]
        command += ["--url", plan.url, "--method", plan.method, f"--body={os.fsdecode(plan.body)}"]
        command += ["--rate", str(plan.rate), "--duration", str(plan.duration), "--timeout", str(plan.timeout)]
        command += ["--connections", str(plan.connections), "--node-header", plan.node_header]
        command += ["--in-flight", str(plan.in_flight), "--retries", str(plan.retries)]
        command += ["--burst", str(plan.burst), "--others", plan.others]
        # the last sign may have been given so long before we were stopped
        command += ["--lease", f"{self._lease * (1 + SHARE):g}"]
        return [*command, "--fresh-connections"] if plan.fresh_connections else command


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
    await process.wait()
