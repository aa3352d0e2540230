"""Processes that want a whole core each, for a bounded time: what is left to everybody else is little.

async with burners(seconds=15) as burning:
    await burning.over()
"""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

PER_CORE = 4
LAST = 19
"""The lowest priority."""
_BURN = "import time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"


class Burning:
    """Some of them."""

    def __init__(self, processes: list[Process]) -> None:
        self._processes = processes

    async def over(self) -> None:
        """Wait until the last has ended by itself."""
        for process in self._processes:
            await process.wait()

    def end(self) -> None:
        """End those that have not."""
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.kill()


@asynccontextmanager
async def burners(*, seconds: float, per_core: int = PER_CORE) -> AsyncIterator[Burning]:
    """More of them than there are cores, each of which stops by itself after so many seconds."""
    argv = (sys.executable, "-IS", "-c", _BURN.format(seconds=seconds))
    count = per_core * (os.cpu_count() or 1)
    burning = Burning([await asyncio.create_subprocess_exec(*argv, start_new_session=True) for _ in range(count)])
    try:
        yield burning
    finally:
        burning.end()
        await burning.over()


def comes_last(pids: Iterable[int]) -> None:
    """Whoever else wants a processor gets it before these; also where the kernel shares them out by session."""
    for pid in pids:
        os.setpriority(os.PRIO_PROCESS, pid, LAST)
        with suppress(FileNotFoundError):
            Path(f"/proc/{pid}/autogroup").write_text(str(LAST))
