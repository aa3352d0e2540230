"""Before an edge stops listening: new connections go to the other edges, so that none is left waiting at its door.

A connection that the kernel has completed, and nobody has accepted when the socket is closed, is reset. An edge that
is short of processor time has some of these. So they are steered away first (see `shared_port`), then those that wait
are given time to be accepted, and only then is the edge told to stop listening.

It needs leave to borrow sockets of the edges, which a kernel may refuse; then edges stop as they would without. It is
never done halfway: whose socket stands at which place of the group is found out by a connection to each, and whatever
does not come out as expected, then or later, gives the choice back to the kernel. So does every daemon that takes over
from one that died meanwhile, and it is only begun where the next daemon would be allowed to end it.
"""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from hactl.core.model import Fleet
from hactl.core.node import Node
from hactl.core.value import Value, replace
from hactl.supervisor import shared_port

T = TypeVar("T")

ACCEPT = 0.5
"""Seconds an edge may take to accept the connection that shows its place."""
LONGEST = 2.0
"""Seconds it may take altogether ..."""
PART = 0.25
"""... and this part of the time that an edge has for its drain, which is needed for those it serves."""
CLOSED = 15.0
"""Seconds in which an edge that was told to stop listening does."""
MOST = 128
"""Sockets of a group that is looked into; each takes one connection."""
_LOOK = 0.001
_WATCH = 0.02
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")
"""Says who may look into other processes; there is none where everybody may who has the same user."""
_STATUS = Path("/proc/self/status")
_SYS_PTRACE = 1 << 19
"""CAP_SYS_PTRACE."""


class Door(Value):
    """One port, and the processes that share it."""

    host: str
    port: int
    pids: dict[str, int]
    """By edge."""


class Steered(Value):
    """Whose new connections go to whom, for now."""

    own: frozenset[int]
    """The sockets of the edge that leaves, by inode."""
    others: frozenset[int]


class Handover:
    """Steers the new connections of one edge at a time to the others."""

    def __init__(self, look: Callable[[], Fleet], *, permitted: Callable[[], bool] | None = None) -> None:
        """`permitted` is whether this and every later daemon may borrow sockets."""
        self._look = look
        self._permitted = permitted or may_borrow
        self._one_at_a_time = asyncio.Lock()
        self._busy = False
        """With an edge that leaves, or is about to; not with the end of what an earlier daemon began."""

    @asynccontextmanager
    async def of(self, edge: Node) -> AsyncIterator[bool]:
        """Within the block the edge is told to stop listening; the block is left when it has.

        Yields whether its new connections go to others by now.
        """
        if self._busy or not self._possible(edge):
            yield False
            return
        self._busy = True
        try:
            async with self._one_at_a_time, self._steered(edge) as steered:
                yield steered is not None
        finally:
            self._busy = False

    async def end(self) -> None:
        """Give the choice back to the kernel: a daemon that died may have left it with somebody."""
        async with self._one_at_a_time:
            await _to_its_end(partial(give_back, door_of(self._look())))

    @asynccontextmanager
    async def _steered(self, edge: Node) -> AsyncIterator[Steered | None]:
        door, called_off = door_of(self._look()), threading.Event()
        patience = min(LONGEST, PART * self._look().spec.gateway.stop_timeout)
        try:
            # Whatever was waited for may have changed what was possible.
            steering = partial(steer, door, edge.name, patience, called_off)
            steered = await _to_its_end(steering, called_off) if self._possible(edge) else None
            yield steered
            if steered is not None:
                await _closed(door, steered)
        finally:
            # At the door that was steered, wherever they listen now; some may have been replaced since.
            pids = door.pids | door_of(self._look()).pids
            await _to_its_end(partial(give_back, replace(door, pids=pids)))

    def _possible(self, edge: Node) -> bool:
        return edge.name in door_of(self._look()).pids and self._fits(edge) and self._permitted()

    def _fits(self, edge: Node) -> bool:
        """There is somebody to take its connections, and nobody whose place could be mistaken."""
        fleet = self._look()
        others = [other for other in fleet.edges if other.name != edge.name and other.state.alive]
        here = (edge.address, edge.port)
        return (
            not fleet.closing
            and bool(others)
            and all(other.serviceable and (other.address, other.port) == here for other in others)
        )


def door_of(fleet: Fleet) -> Door:
    """Where the edges of a fleet listen together."""
    alive = [edge for edge in fleet.edges if edge.launch is not None]
    host, port = (alive[0].address, alive[0].port) if alive else (fleet.spec.edge.host, fleet.spec.edge.port)
    return Door(host=host, port=port, pids={edge.name: edge.launch.pid for edge in alive if edge.launch is not None})


def may_borrow(yama: Path = YAMA, own: Path = _STATUS) -> bool:
    """True when a process of the same user may be looked into, whether it is a child or was adopted."""
    try:
        scope = int(yama.read_text())
    except (OSError, ValueError):  # no such rule in this kernel
        return True
    if scope == 0:
        return True
    held = next((line.split()[1] for line in own.read_text().splitlines() if line.startswith("CapEff:")), "0")
    return scope < 3 and bool(int(held, 16) & _SYS_PTRACE)


def steer(
    door: Door, leaving: str, patience: float = LONGEST, called_off: threading.Event | None = None
) -> Steered | None:
    """Let no new connection come to `leaving` any more, and wait until it has accepted those it has.

    None when that cannot be brought about for certain within `patience` seconds, or before it is called off: the
    kernel picks as ever then.
    """
    end = time.monotonic() + patience

    def over() -> bool:
        return time.monotonic() >= end or (called_off is not None and called_off.is_set())

    try:
        return _steer(door, leaving, over)
    except OSError:
        give_back(door)
        return None


def who_accepts(door: Door, aim: Callable[[int], None] | None = None) -> str:
    """The edge that accepts a new connection; "" when none of them did in time.

    `aim` is called first, with the port the connection is going to come from.
    """
    host = _WILDCARDS.get(door.host, door.host)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.settimeout(ACCEPT)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leaves nothing behind
        if aim is not None:
            probe.bind(("", 0))
            aim(probe.getsockname()[1])
        before = {edge: shared_port.descriptors(pid) for edge, pid in door.pids.items()}
        probe.connect((host, door.port))
        client, end = probe.getsockname()[:2], time.monotonic() + ACCEPT
        while time.monotonic() < end:
            if inode := shared_port.acceptor(host, door.port, client):
                return _owner(door, inode, before) or _owner(door, inode, {})
            time.sleep(_LOOK)
    return ""


def _owner(door: Door, inode: int, before: Mapping[str, Collection[str]]) -> str:
    """Who has that socket open, at a descriptor that was not in use `before`; "" for nobody."""
    for edge, pid in door.pids.items():
        if inode in shared_port.open_sockets(pid, before.get(edge, ())):
            return edge
    return ""


def give_back(door: Door) -> None:
    """Let the kernel pick among all sockets again; any edge that still listens will do to say so."""
    for pid in door.pids.values():
        with suppress(OSError):
            mine = shared_port.open_sockets(pid)
            for inode in _inodes(door) & mine.keys():
                with shared_port.borrowed(pid, mine[inode], inode) as member:
                    shared_port.detach(member)
                    return


async def _to_its_end(work: Callable[[], T], called_off: threading.Event | None = None) -> T:
    """Do `work` in a thread. Whoever cancels this calls it off, and waits for it all the same: it cannot be cancelled,
    and what it did to the sockets once we had left, nobody would take back.
    """
    thread, cancelled = asyncio.get_running_loop().run_in_executor(None, work), False
    while not thread.done():
        try:
            await asyncio.wait((thread,))
        except asyncio.CancelledError:
            cancelled = True
            if called_off is not None:
                called_off.set()
    if cancelled:
        thread.exception()
        raise asyncio.CancelledError
    return thread.result()


async def _closed(door: Door, steered: Steered) -> None:
    """Wait until the one that leaves listens no more; no longer when anybody else's sockets have changed."""
    end = time.monotonic() + CLOSED
    with suppress(OSError):  # whoever cannot look gives the choice back
        while (now := _inodes(door)) & steered.own and now - steered.own == steered.others:
            if time.monotonic() >= end:
                return
            await asyncio.sleep(_WATCH)


def _steer(door: Door, leaving: str, over: Callable[[], bool]) -> Steered | None:
    before = _inodes(door)
    own = {inode: fd for inode, fd in shared_port.open_sockets(door.pids[leaving]).items() if inode in before}
    if not own or own.keys() == before or len(before) > MOST:
        return None
    # Held for as long as it takes to find out: it is not told to close its socket before we have.
    inode, descriptor = next(iter(own.items()))
    with shared_port.borrowed(door.pids[leaving], descriptor, inode) as member:
        places = _places(door, member, len(before), over)
        others = [place for place, edge in enumerate(places) if edge != leaving]
        known = "" not in places and places.count(leaving) == len(own) and not over()
        if known:
            shared_port.attach(member, others)
        if not known or _inodes(door) != before or who_accepts(door) in (leaving, ""):
            shared_port.detach(member)
            return None
    _emptied(door, own, over)
    return Steered(own=frozenset(own), others=frozenset(before - own.keys()))


def _places(door: Door, member: socket.socket, count: int, over: Callable[[], bool]) -> list[str]:
    """Whose socket stands at each place of the group; "" from the first that nobody accepts at, or in time.

    Only our own connections are sent there: whoever stands there may hang.
    """
    found: list[str] = []
    for place in range(count):
        found.append("" if over() else who_accepts(door, partial(shared_port.attach_for, member, place)))
        if not found[-1]:
            break
    return found


def _emptied(door: Door, inodes: Collection[int], over: Callable[[], bool]) -> None:
    """Wait for those who wait at these sockets; who does so at the end has the time until the edge stops listening."""
    while not over():
        listening = shared_port.listeners(door.host, door.port)
        if not any(one.waiting for one in listening if one.inode in inodes):
            return
        time.sleep(_LOOK)


def _inodes(door: Door) -> set[int]:
    return {one.inode for one in shared_port.listeners(door.host, door.port)}
