"""Who may speak, in which protocol, and at what length."""

import asyncio
import errno
import os
import socket
from pathlib import Path

import pytest
from support.control import served
from support.controller import MemoryController

from hactl.control.api import BODY_LIMIT
from hactl.control.peer import Allowed, owners

KILL = b'{"command": {"do": "kill", "nodes": ["local-1"]}}'
NOBODY = 65534


async def test_another_protocol_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """A client and a daemon that differ part with a hint; a client that says nothing (curl) is taken at its word."""
    async with served(MemoryController(), tmp_path) as door:
        status, body = await door.ask("GET", "/v1/fleet", b"", "x-hactl-protocol: 2")
        assert (status, body["error"]["code"]) == (426, "protocol")
        assert "9.9.9" in body["error"]["hint"]
        assert (await door.ask("GET", "/v1/fleet", b"", "x-hactl-protocol: 1"))[0] == 200
        assert (await door.ask("GET", "/v1/fleet"))[0] == 200


async def test_a_huge_body_is_refused_whether_announced_or_not(tmp_path: Path) -> None:
    """Neither a large content-length nor an endless chunked body is read to its end."""
    async with served(MemoryController(), tmp_path) as door:
        assert (await door.ask("POST", "/v1/commands", b" " * (BODY_LIMIT + 1)))[0] == 413
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        head = b"POST /v1/commands HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        assert (await door.send(head + chunk * 5))[0] == 413
        assert (await door.ask("POST", "/v1/commands", KILL + b" " * (BODY_LIMIT - len(KILL))))[0] == 200


async def test_a_user_who_is_not_allowed_gets_nothing_else(tmp_path: Path) -> None:
    """Whatever is asked, the answer is 403: not even which paths exist."""
    async with served(MemoryController(), tmp_path, allowed=Allowed(uids=frozenset({NOBODY}))) as door:
        for method, target in (("GET", "/v1/hello"), ("POST", "/v1/commands"), ("GET", "/nowhere"), ("PUT", "/")):
            status, body = await door.ask(method, target, KILL)
            assert (status, body["error"]["code"]) == (403, "forbidden")
        assert door.controller.requests == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_the_kernel_names_the_caller(tmp_path: Path) -> None:
    """Another user cannot open the sockets; when a careless chmod lets him, the daemon still knows him."""
    async with served(MemoryController(), tmp_path / "run") as door:
        request = b"POST /v1/commands HTTP/1.0\r\ncontent-length: %d\r\n\r\n" % len(KILL) + KILL
        assert await asyncio.to_thread(_as_nobody, door.socket, request) == os.strerror(errno.EACCES).encode()
        for path in (door.socket, door.directory, *list(door.directory.parents)[:-1]):
            path.chmod(path.stat().st_mode | 0o011 | (0o666 if path is door.socket else 0))
        answer = await asyncio.to_thread(_as_nobody, door.socket, request)
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert b'"forbidden"' in answer
        assert door.controller.requests == []


def _as_nobody(path: Path, request: bytes, *groups: int) -> bytes:
    """What `request` is answered with when another user's process sends it, or why that could not connect."""
    heard, said = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(groups)
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(20)
                connection.connect(str(path))
                connection.sendall(request)
                os.write(said, b"".join(iter(lambda: connection.recv(65536), b"")))
        except OSError as error:
            os.write(said, os.strerror(error.errno or 0).encode())
        finally:
            os._exit(0)
    os.close(said)
    with os.fdopen(heard, "rb") as answer:
        content = answer.read()
    os.waitpid(child, 0)
    return content


MEMBERS = 54321


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("view", [False, True], ids=["control", "read-only"])
async def test_a_member_of_the_group_is_let_in_and_nobody_else(tmp_path: Path, view: bool) -> None:
    """By the groups the kernel knows, on both sockets: one reaches the socket and is answered, the other does not."""
    allowed = Allowed(uids=owners(), group=MEMBERS)
    async with served(MemoryController(), tmp_path / "run", allowed=allowed) as door:
        for directory in list(door.directory.parents)[:-1]:
            directory.chmod(directory.stat().st_mode | 0o011)
        path = door.view if view else door.socket
        request = b"GET /v1/fleet HTTP/1.0\r\n\r\n"
        assert await asyncio.to_thread(_as_nobody, path, request) == os.strerror(errno.EACCES).encode()
        assert (await asyncio.to_thread(_as_nobody, path, request, MEMBERS)).startswith(b"HTTP/1.1 200 ")
        command = b"POST /v1/commands HTTP/1.0\r\ncontent-length: %d\r\n\r\n" % len(KILL) + KILL
        answer = await asyncio.to_thread(_as_nobody, path, command, MEMBERS)
        assert answer.startswith(b"HTTP/1.1 403 " if view else b"HTTP/1.1 200 ")
        assert len(door.controller.requests) == (0 if view else 1)
