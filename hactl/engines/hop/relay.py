"""One place in a hop: accepts connections, relays them to a target, and disturbs them as it is told. Nothing else.

Runs in the proxy's process (`processes.hop_proxy`), on its event loop.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable

from hactl.core.hop import Disturbance, HopCount, HopFault
from hactl.engines.hop.flow import Line
from hactl.engines.hop.gate import Gate

_BACKLOG = 1024
_LOOK = 0.01


class Relay:
    """`open` it, have it `suffer` something or nothing, `close` it when nobody is led here any more."""

    def __init__(self, listen: str, target: tuple[str, int]) -> None:
        """`listen` is an address, at which a port is chosen, or the path of a socket."""
        self.target = target
        self.port = 0
        """Once it is open; 0 at a path."""
        self._listen = listen
        self._loop = asyncio.get_running_loop()
        self._gate = Gate(self._turned)
        self._lines: set[Line] = set()
        self._kept: socket.socket | None = None
        """Keeps the port while nobody is accepted there."""
        self._server: asyncio.Server | None = None
        self._opening = asyncio.Lock()
        self._accepting: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Stand there, and let everything pass. Raises OSError."""
        if not self._by_path:
            self._kept = _bound(self._listen, 0)
            self.port = self._kept.getsockname()[1]
        await self._accept()

    async def suffer(self, fault: HopFault | None) -> None:
        """From now on; it is so when this returns. Raises OSError."""
        self._gate.suffer(fault)
        await self._accept()

    def retire(self) -> None:
        """Accept nobody any more, and leave the place to others."""
        self._gate.close()
        self._refuse()
        if self._by_path:
            _remove(self._listen)

    async def resume(self) -> None:
        """Accept again, after `retire`: those who are here still are here already. Raises OSError."""
        self._gate.reopen()
        await self._accept()

    async def close(self, patience: float) -> None:
        """Retire for good; those who are here may finish for so many seconds. Cancelled then, it is only retired."""
        self.retire()
        until = self._loop.time() + patience
        while self._lines and self._loop.time() < until:  # noqa: ASYNC110 - they tell nobody when they end
            await asyncio.sleep(_LOOK)
        for line in tuple(self._lines):
            line.abort()
        if self._kept is not None:
            self._kept.close()

    @property
    def fault(self) -> HopFault | None:
        """What it suffers."""
        return self._gate.fault

    @property
    def seen(self) -> HopCount:
        """What it has counted."""
        return self._gate.seen

    @property
    def _by_path(self) -> bool:
        return self._listen.startswith("/")

    def _turned(self) -> None:
        """Bring what is open to what is so now."""
        if self._gate.suffers(Disturbance.REFUSE):
            self._refuse()
        elif self._server is None:
            self._accepting = self._loop.create_task(self._accept(), name="accept again")
        for line in tuple(self._lines):
            if self._gate.suffers(Disturbance.REFUSE, Disturbance.RESET):
                line.reset()
            else:
                line.go_on()

    async def _accept(self) -> None:
        """Accept, unless that is done already, or is not to be."""
        async with self._opening:
            if self._server is not None or self._gate.suffers(Disturbance.REFUSE):
                return
            if self._by_path:
                _remove(self._listen)
                self._server = await self._loop.create_unix_server(self._line, self._listen, backlog=_BACKLOG)
            else:
                place = _bound(self._listen, self.port)
                self._server = await self._loop.create_server(self._line, sock=place, backlog=_BACKLOG)

    def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _line(self) -> asyncio.Protocol:
        async def call(made: Callable[[], asyncio.Protocol]) -> object:
            return await self._loop.create_connection(made, *self.target)

        return Line(self._gate, self._lines, call).caller


def _bound(address: str, port: int) -> socket.socket:
    """Two sockets may share the port, of which one does not listen: with that alone connections are refused."""
    place = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        place.bind((address, port))
    except OSError:
        place.close()
        raise
    return place


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108 - in coroutines, and it does not block
