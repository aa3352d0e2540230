"""The fault proxy, seen from the daemon: started when a hop is first disturbed, told, read back, ended. Not its inside.

One process stands in all hops that are disturbed. It is held by a pipe: when the daemon ends, however that comes, the
pipe does, and the proxy with it.
"""

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process

from hactl.core import codec
from hactl.core.errors import HactlError
from hactl.core.hop import HopOrder, HopOrders, HopReadings

_START = 10.0
_ANSWER = 2.0
"""Seconds that it has to do as it is told: it needs a few milliseconds, or it hangs."""
_LEAVE = 2.0


class HopProxy:
    """The proxy of one daemon; there is a process as long as there is something to disturb."""

    def __init__(self, *, answer: float = _ANSWER) -> None:
        """One that takes longer than `answer` seconds to do as it is told counts as hanging."""
        self._answer = answer
        self._process: Process | None = None
        self._lock = asyncio.Lock()

    async def tell(self, orders: tuple[HopOrder, ...]) -> tuple[int, HopReadings]:
        """Have it stand in these hops and no others, and read back what is so; with the pid of its process.

        Raises HactlError when it cannot be started, or does not answer; it is then killed.
        """
        async with self._lock:
            process = self._process
            fresh = process is None or process.returncode is not None
            if process is None or fresh:
                process = await self._start()
            try:
                async with asyncio.timeout(_START if fresh else self._answer):
                    readings = codec.decode(await self._ask(process, orders), HopReadings)
            except BaseException as error:
                await self._kill()
                if isinstance(error, TimeoutError | OSError):
                    raise HactlError("the proxy for disturbed hops does not answer", "hactl events") from error
                raise
            return process.pid, readings

    async def ended(self) -> int:
        """Wait until its process ends, whatever for; its exit code. Returns at once when there is none."""
        process = self._process
        return await process.wait() if process is not None else 0

    async def close(self) -> None:
        """End it: nobody is led through it any more."""
        async with self._lock:
            process = self._process
            if process is None or process.stdin is None:
                return
            process.stdin.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LEAVE):
                    await process.wait()
            await self._kill()

    async def _start(self) -> Process:
        command = (sys.executable, "-P", "-m", "hactl.processes.hop_proxy")
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, start_new_session=True, limit=1 << 20
            )
        except OSError as error:
            raise HactlError(f"the proxy for disturbed hops cannot be started: {error}", "hactl doctor") from error
        return self._process

    async def _ask(self, process: Process, orders: tuple[HopOrder, ...]) -> bytes:
        if process.stdin is None or process.stdout is None:
            raise AssertionError("started with pipes")
        process.stdin.write(codec.encode(HopOrders(hops=orders)) + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise OSError("it has ended")
        return line

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
