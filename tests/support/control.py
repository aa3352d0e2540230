"""A control server on sockets of its own, for one test; and the ways to talk to it that no client of ours would use."""

import asyncio
import json
import os
import re
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from support.controller import MemoryController

from hactl.control.controller import Controller
from hactl.control.peer import Allowed, owners
from hactl.control.server import ControlServer


class Door:
    """A served controller and where it is served."""

    def __init__(self, controller: MemoryController, server: ControlServer, directory: Path) -> None:
        self.controller = controller
        self.server = server
        self.directory = directory
        self.socket = directory / "control.sock"
        self.view = directory / "view.sock"

    async def ask(
        self, method: str, target: str, body: bytes = b"", *headers: str, view: bool = False
    ) -> tuple[int, Any]:
        """One well-formed request; its status and the JSON it was answered with."""
        head = [f"{method} {target} HTTP/1.1", "host: x", f"content-length: {len(body)}", *headers, "", ""]
        return await self.send("\r\n".join(head).encode("latin-1") + body, view=view)

    async def send(self, request: bytes, *, view: bool = False) -> tuple[int, Any]:
        """Any bytes that deserve one answer; its status and JSON."""
        reader, writer = await asyncio.open_unix_connection(self.view if view else self.socket)
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            assert length is not None, head
            return int(head.split(b" ")[1]), json.loads(await reader.readexactly(int(length[1])))
        finally:
            writer.close()


def server_of(
    controller: Controller, directory: Path, *, allowed: Allowed | None = None, stall: float = 5.0
) -> ControlServer:
    """A server for `controller` with its sockets in `directory`, not yet serving."""
    return ControlServer(
        controller,
        socket=directory / "control.sock",
        read_only_socket=directory / "view.sock",
        fleet="test",
        version="9.9.9",
        pid=4711,
        allowed=Allowed(uids=owners()) if allowed is None else allowed,
        stall=stall,
    )


@asynccontextmanager
async def served(
    controller: MemoryController, directory: Path, *, allowed: Allowed | None = None, stall: float = 5.0
) -> AsyncIterator[Door]:
    """`controller` behind a server in `directory`, stopped at the end."""
    server = server_of(controller, directory, allowed=allowed, stall=stall)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve())
        await server.started()
        try:
            yield Door(controller, server, directory)
        finally:
            await server.stop()


@asynccontextmanager
async def canned(path: Path, *said: bytes | None) -> AsyncIterator[None]:
    """Something on a socket that says the same to everybody, piece by piece, and hangs up; None keeps silent."""
    over = asyncio.Event()

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            for piece in said:
                if piece is None:
                    await over.wait()
                else:
                    writer.write(piece)
                    await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(say, path)
    async with server:
        yield
        over.set()


NOBODY, STRANGER = 65534, 54321
"""Two users that are not us."""


@contextmanager
def become(user: int) -> Iterator[None]:
    """Somebody else, for a while; only root can."""
    os.setresuid(user, user, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@contextmanager
def overtaken() -> Iterator[Path]:
    """A socket below a directory that everybody can write to, where a stranger listens, who must not hear a word."""
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listener:
        path = Path(directory) / "control.sock"
        listener.bind(str(path))
        Path(directory).chmod(0o711)
        path.chmod(0o666)
        with become(STRANGER):
            listener.listen()
        with become(NOBODY):
            yield path
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.recv(1) == b""
