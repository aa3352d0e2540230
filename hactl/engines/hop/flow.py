"""One connection through a hop: two flows, one each way, between a caller and a target. What may pass says the gate.

Bytes are never dropped or altered: what does not arrive waits, in a bounded store, and arrives later, as TCP would send
it again once a cut cable is mended. When the store is full nothing more is read, and the sender feels it. What is
closed while nothing arrives is closed later, too.
"""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast

from hactl.core.hop import Disturbance, Way
from hactl.engines.hop.gate import Gate

STORE = 1 << 20
"""Bytes that wait in one way of one connection at most, before its sender is no longer read."""
_RUDELY = struct.pack("ii", 1, 0)

Call = Callable[[Callable[[], asyncio.Protocol]], Awaitable[object]]
"""Connects to the target. Raises OSError."""


class Flow:
    """One way of one connection: from a source to a sink, which may not be there yet."""

    def __init__(self, gate: Gate, way: Way) -> None:
        self.source: asyncio.Transport | None = None
        self.sink: asyncio.Transport | None = None
        self._gate = gate
        self._way = way
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[float, bytes]] = deque()
        """When each part came, in seconds of the loop, and the part; an empty one is the end."""
        self._stored = 0
        self._choked = False
        self._timer: asyncio.TimerHandle | None = None

    def feed(self, data: bytes) -> None:
        """Take what the source sent; b"" when it has ended."""
        free = self._gate.passes(self._way)
        if free and not self._waiting and self.sink is not None and not self._choked:
            self._deliver(data)
            return
        if not free:
            self._gate.held += len(data)
        self._waiting.append((self._loop.time(), data))
        self._stored += len(data)
        if self._stored >= STORE and self.source is not None:
            self.source.pause_reading()
        self.pump()

    def choke(self, choked: bool) -> None:
        """The sink takes no more for now, or takes more again."""
        self._choked = choked
        if not choked:
            self.pump()

    def pump(self) -> None:
        """Deliver what may arrive by now; come again when something may later."""
        while self._waiting and self.sink is not None and not self._choked:
            came, data = self._waiting[0]
            wait = self._gate.wait(self._way, came, len(data))
            if wait is None:
                return
            if wait > 0:
                self.close()
                self._timer = self._loop.call_later(wait, self.pump)
                return
            self._deliver(self._take(self._gate.portion(self._way, len(data))))
        if self._stored < STORE // 2 and self.source is not None and not self.source.is_closing():
            self.source.resume_reading()

    def close(self) -> None:
        """Come no more by itself."""
        if self._timer is not None:
            self._timer.cancel()

    def _take(self, most: int) -> bytes:
        came, data = self._waiting.popleft()
        if len(data) > most:
            self._waiting.appendleft((came, data[most:]))
            data = data[:most]
        self._stored -= len(data)
        return data

    def _deliver(self, data: bytes) -> None:
        if self.sink is None:
            raise AssertionError("there is somebody to deliver it to")
        if not data:
            self.sink.close()
            return
        self._gate.arrived(self._way, len(data))
        self.sink.write(data)


class End(asyncio.Protocol):
    """One end of a connection: what it says goes into one flow, what it is told comes out of the other."""

    def __init__(self, line: "Line", says: Flow, hears: Flow) -> None:
        self._line = line
        self._says = says
        self._hears = hears
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self.transport = cast(asyncio.Transport, transport)
        self._says.source = self._hears.sink = self.transport
        self._line.began(self)

    def data_received(self, data: bytes) -> None:
        """It says something."""
        if self._line.gate.suffers(Disturbance.RESET, Disturbance.REFUSE):
            self._line.reset()
        else:
            self._says.feed(data)

    def pause_writing(self) -> None:
        """It is told too much at a time."""
        self._hears.choke(True)

    def resume_writing(self) -> None:
        """It can be told more."""
        self._hears.choke(False)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it ended
        """It has gone."""
        self._says.source = None
        self._says.feed(b"")
        self._line.ended()

    def abort(self) -> None:
        """Reset the connection: what waits in it is lost, and the other side is told so."""
        if self.transport is None:
            return
        with contextlib.suppress(OSError):
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RUDELY)
        self.transport.abort()


class Line:
    """One connection of a caller, with the one to the target."""

    def __init__(self, gate: Gate, lines: "set[Line]", call: Call) -> None:
        """`lines` has it for as long as one of its ends is there."""
        self.gate = gate
        self._lines = lines
        self._call = call
        self._there, self._back = Flow(gate, Way.TO), Flow(gate, Way.FROM)
        self.caller = End(self, self._there, self._back)
        self._target = End(self, self._back, self._there)
        self._calling: asyncio.Task[None] | None = None
        self._ends = 0

    def began(self, end: End) -> None:
        """One of its ends is there."""
        self._ends += 1
        if end is self.caller:
            self.gate.connections += 1
            self._lines.add(self)
        if self.gate.closed or self.gate.suffers(Disturbance.REFUSE):
            self.abort()  # it was being accepted when that began
            return
        self.go_on()

    def ended(self) -> None:
        """One of them has gone."""
        self._ends -= 1
        if not self._ends:
            self._lines.discard(self)
            self._there.close()
            self._back.close()
            if self._calling is not None:
                self._calling.cancel()

    def go_on(self) -> None:
        """Something has changed: call the target, if something would arrive there by now, and deliver what may."""
        if self._calling is None and not self.gate.severed(Way.TO):
            self._calling = asyncio.get_running_loop().create_task(self._connect(), name="call a target")
        self._there.pump()
        self._back.pump()

    def reset(self) -> None:
        """End it in the rudest way."""
        self.gate.resets += 1
        self.abort()

    def abort(self) -> None:
        """The same, uncounted."""
        self.caller.abort()
        self._target.abort()

    async def _connect(self) -> None:
        try:
            await self._call(lambda: self._target)
        except OSError:
            self.abort()  # nobody is there, as the caller would have found
