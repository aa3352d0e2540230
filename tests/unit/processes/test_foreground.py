"""A daemon in the foreground, as its terminal and its service manager see it; the daemon itself is a small stand-in."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from support.script import serving

from hactl.core.events import FleetClosing, Record
from hactl.core.model import Fleet
from hactl.core.talk import News, Snapshot, Update
from hactl.processes.foreground import Foreground
from hactl.processes.narrator import Narrator
from hactl.processes.notifier import Notifier


class Daemon:
    """Serves, and has news until it leaves."""

    def __init__(self) -> None:
        self.left = asyncio.Event()

    def look(self) -> Fleet:
        return serving()

    async def watch(self, after: int = 0) -> AsyncIterator[Update]:
        yield Snapshot(fleet=serving(), at=1.0, mono=1.0)
        await self.left.wait()
        yield News(records=(Record(seq=1, wall=1.0, mono=1.0, event=FleetClosing()),))


async def test_from_the_start_to_the_end(tmp_path: Path) -> None:
    """Notes and events become lines; the service manager hears that it serves, and that it stops; tasks end."""
    reading, writing = os.pipe()
    place = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(place)
        ear.setblocking(False)
        face, daemon = Foreground(Narrator(writing), Notifier(place)), Daemon()
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            face.in_charge(("take note",))
            await face.begin(tasks, daemon)
            loop = asyncio.get_running_loop()
            heard = [(await loop.sock_recv(ear, 4096)).decode().partition("=")[0] for _ in range(2)]
            daemon.left.set()
            face.leaving()
        heard.append(ear.recv(4096).decode())
    face.close()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read() == b"NOTE: take note\nthe fleet is going down\n"
    assert heard == ["STATUS", "READY", "STOPPING=1"]


def test_the_journal_of_systemd_notes_the_time_by_itself() -> None:
    environment = {"JOURNAL_STREAM": "8:1", "NOTIFY_SOCKET": "@x"}
    face = Foreground.of(environment)
    assert face._narrator._stamp is None
    assert "NOTIFY_SOCKET" not in environment
    face.close()
    other = Foreground.of({})
    assert other._narrator._stamp is not None
    other.close()
