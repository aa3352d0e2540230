"""A separate process that strikes the daemon and ensures that one is in charge afterwards. What it does is `guarding`.

It outlives whoever started it for as long as that takes: when a runner is killed in the middle, the end of its pipe is
the sign to put everything right.
"""

import asyncio
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from subprocess import DEVNULL, PIPE
from types import TracebackType
from typing import IO, Self

from hactl.core import codec
from hactl.core.errors import HactlError
from hactl.core.value import Value
from hactl.drill.definition import FaultKind
from hactl.paths import FleetPaths
from hactl.supervisor import procfs

_PATIENCE = 15.0
"""Seconds that it has for a word of its own; a Python process has to start."""
_BACK = 120.0
"""Seconds until a daemon is in charge again, or never will be."""


class Word(Value):
    """One line of a guardian."""

    ready: bool = False
    again: str = ""
    """Who would start another daemon."""
    struck: float | None = None
    """Monotonic seconds at which the fault was in effect."""
    back: float | None = None
    """Monotonic seconds at which a daemon was in charge again."""
    pid: int | None = None
    """Of that one."""
    error: str = ""
    hint: str = ""


class Guardian:
    """One strike on one daemon: `async with Guardian(...) as guardian: await guardian.strike()`.

    Leaving the block ends the fault, and returns when a daemon is in charge. Entering and `strike` raise HactlError.
    """

    def __init__(self, paths: FleetPaths, kind: FaultKind, *, pid: int, ticks: int, seconds: float) -> None:
        """`seconds` is how long the daemon is to be away at most."""
        self._paths = paths
        self._freezes = kind is FaultKind.DAEMON_FREEZE
        self._pid = pid
        self._ticks = ticks
        self._seconds = seconds
        self._asked = False
        self._process: subprocess.Popen[bytes]
        self.again = ""
        """Who starts another daemon, for people."""
        self.struck: float | None = None
        """Monotonic seconds at which it was in effect."""
        self.back: Word | None = None
        """What it said when a daemon was in charge again, once it has been left."""

    async def __aenter__(self) -> Self:
        try:
            self._process = await asyncio.to_thread(self._begin)
        except OSError as error:
            raise HactlError(f"the guardian of the daemon cannot be started: {error}", "ulimit -a") from error
        try:
            self.again = (await self._word(_PATIENCE)).again
        except BaseException:
            self._let_go()
            await self._bury()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._let_go()
        with suppress(HactlError):  # what is not as it should be then, whoever looks at the fleet will say
            while self._asked and self.back is None:
                word = await self._word(_BACK)
                self.back = word if word.back is not None else None
        await self._bury()
        if self._freezes and procfs.start_ticks(self._pid) == self._ticks:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGCONT)  # once more, in case somebody has killed the guardian

    @property
    def pid(self) -> int:
        """Its own."""
        return self._process.pid

    async def strike(self) -> float | None:
        """Do it; monotonic seconds at which it was in effect, None when it never was."""
        self._asked = True
        os.write(self._in.fileno(), b"strike\n")
        self.struck = (await self._word(_PATIENCE)).struck
        return self.struck

    async def _bury(self) -> None:
        await asyncio.to_thread(self._process.wait)
        self._out.close()

    def _let_go(self) -> None:
        """It has nothing to wait for any more. It is never killed: it may be all that puts things right."""
        self._in.close()

    def _begin(self) -> "subprocess.Popen[bytes]":
        act = "freeze" if self._freezes else "kill"
        command = [sys.executable, "-P", "-m", "hactl.processes.guarding", "--state", str(self._paths.state)]
        command += ["--pid", str(self._pid), "--ticks", str(self._ticks), "--act", act, "--seconds", str(self._seconds)]
        return subprocess.Popen(
            command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            bufsize=0,
            start_new_session=True,
        )

    async def _word(self, patience: float) -> Word:
        line = await asyncio.to_thread(self._line, patience)
        if line is None:
            raise HactlError(f"the guardian of the daemon has not answered for {patience:g} s")
        if not line:
            self._process.wait()
            raise HactlError("the guardian of the daemon has exited", "hactl status")
        word = codec.decode(line, Word)
        if word.error:
            raise HactlError(word.error, word.hint)
        return word

    def _line(self, patience: float) -> bytes | None:
        if not select.select([self._out], [], [], patience)[0]:
            return None
        return self._out.readline()

    @property
    def _in(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _out(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout
