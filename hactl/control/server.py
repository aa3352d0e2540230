"""Any Controller behind HTTP on two Unix sockets: one that takes commands, one that only answers questions.

Runs inside the daemon's own loop. The caller's user comes from the kernel, never from the request.
"""

import asyncio
import contextlib
from pathlib import Path

from hactl.control.controller import Controller
from hactl.control.gate import Gate
from hactl.control.listener import Listener
from hactl.control.peer import Allowed
from hactl.control.routes import Routes
from hactl.control.sockets import PrivateSocket


class ControlServer:
    """The daemon's door. `serve` is the one task it needs; everything else is asked from outside.

    `allowed` says who may speak to it; the sockets are opened to its group, if it has one. A watcher that does not read
    for `stall` seconds is dropped; it comes back from its last `seq`.
    """

    def __init__(
        self,
        controller: Controller,
        *,
        socket: Path,
        read_only_socket: Path,
        fleet: str,
        version: str,
        pid: int,
        allowed: Allowed,
        stall: float = 5.0,
    ) -> None:
        self._paths = (socket, read_only_socket)
        self._group = allowed.group
        self._routes = Routes(
            controller, read_only_socket=str(read_only_socket), fleet=fleet, version=version, pid=pid, stall=stall
        )
        self._listener = Listener(Gate(self._routes.app(), allowed=allowed, version=version))
        self._serving = False
        self._ended = asyncio.Event()

    async def serve(self) -> None:
        """Answer until `stop`, then leave nothing behind; once in a server's life.

        Raises HactlError when a socket cannot be had: its place is unsafe, or another daemon answers there.
        """
        self._serving = True
        try:
            with contextlib.ExitStack() as stack:
                sockets = [
                    stack.enter_context(contextlib.closing(PrivateSocket(path, self._group))) for path in self._paths
                ]
                try:
                    await self._listener.serve([each.listener for each in sockets])
                finally:
                    await self._listener.drop()
        finally:
            self._ended.set()

    async def started(self) -> None:
        """Return once both sockets answer. Belongs beside `serve` in one TaskGroup, which ends it if that fails."""
        await self._listener.up.wait()

    async def stop(self) -> None:
        """End the watchers' streams, then the answers in progress (1 s), then `serve`; returns when it has ended."""
        self._routes.closing = True
        for stream in tuple(self._routes.streams):
            stream.cancel()
        self._listener.leave.set()
        if self._serving:
            await self._ended.wait()
