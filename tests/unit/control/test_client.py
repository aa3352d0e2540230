"""The command line's client: every verb there and back, and every way of not being answered."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from support.control import NOBODY, STRANGER, become, canned, overtaken, served
from support.controller import MemoryController

from hactl.control.api import BODY_LIMIT
from hactl.control.client import Client, listener
from hactl.core.commands import Drain, Kill, Request, SetWeight
from hactl.core.errors import Absent, CommandRejected, HactlError, Unreachable
from hactl.core.events import DaemonStarted, DaemonStopped
from hactl.core.plan import Share
from hactl.core.talk import LogPage, Measured, News, Query, Receipt, Snapshot

T = TypeVar("T")


async def _call(call: Callable[[], T]) -> T:
    async with asyncio.timeout(30):
        return await asyncio.to_thread(call)


async def test_every_question_comes_back_as_it_was_answered(tmp_path: Path) -> None:
    """hello, fleet, history and log carry the controller's values unchanged."""
    async with served(MemoryController(), tmp_path) as door:
        client = Client(door.socket)
        door.controller.happen(DaemonStarted(pid=1, version="1", boot="b"), DaemonStopped(pid=1), DaemonStopped(pid=2))
        door.controller.logs["local-1"] = ("one", "two\u2028\x85", "three")
        assert (await _call(client.hello)).uid == os.geteuid()
        assert await _call(client.fleet) == door.controller.snapshot
        assert await _call(lambda: client.history(Query())) == door.controller.records
        newest = Query(after=1, since=2.5, kinds=("DaemonStopped", "DaemonStarted"), limit=5)
        assert await _call(lambda: client.history(newest)) == door.controller.records[2:]
        page = await _call(lambda: client.log("local-1", lines=2))
        assert page == LogPage(node="local-1", lines=("two\u2028\x85", "three"), after=3)
        with pytest.raises(HactlError, match=r"no process is called '\.\./etc'"):
            await _call(lambda: client.log("../etc"))


async def test_a_command_arrives_whole_and_its_receipt_comes_back(tmp_path: Path) -> None:
    """Command, reason, confirmation, dry run and label there; the receipt back; a rejection as CommandRejected."""
    async with served(MemoryController(), tmp_path) as door:
        client = Client(door.socket)
        door.controller.reply = Receipt(seq=7, operation="op1", shares=(Share(node="a", region="r", part=0.5),))
        command = SetWeight(weight=5, nodes=("a",), regions=("é\n\u2028",))
        receipt = await _call(lambda: client.submit(command, by="pts/3", reason="why", confirm="test", dry_run=True))
        assert receipt == door.controller.reply
        (request,) = door.controller.requests
        assert request == Request(command=command, by=request.by, reason="why", confirm="test")
        assert request.by.endswith("@pts/3")
        assert door.controller.dry_runs == 1
        door.controller.reply = CommandRejected("no", "try", guard=True)
        with pytest.raises(CommandRejected) as rejected:
            await _call(lambda: client.submit(Kill(nodes=("a",))))
        assert (rejected.value.message, rejected.value.hint, rejected.value.guard) == ("no", "try", True)


async def test_refusals_are_told_apart(tmp_path: Path) -> None:
    """A read-only socket rejects by a safety rule; a body beyond the limit is refused although it cannot be sent."""
    async with served(MemoryController(), tmp_path) as door:
        with pytest.raises(CommandRejected, match="read-only") as rejected:
            await _call(lambda: Client(door.view).submit(Drain(nodes=("a",))))
        assert rejected.value.guard
        with pytest.raises(HactlError, match=f"a request may have at most {BODY_LIMIT} bytes"):
            await _call(lambda: Client(door.socket).submit(Drain(nodes=("a",)), confirm="x" * 4 * BODY_LIMIT))


async def test_watching_gives_a_snapshot_then_everything(tmp_path: Path) -> None:
    """Updates come one by one, whatever their text contains; the end of the stream is the end of the iterator."""
    async with served(MemoryController(), tmp_path) as door:
        updates = Client(door.socket).watch()
        assert await _call(lambda: next(updates)) == door.controller.snapshot
        door.controller.happen(DaemonStarted(pid=1, version="one\u2028\x85line", boot=""))
        door.controller.tell(Measured(at=2.0))
        assert await _call(lambda: next(updates)) == News(records=tuple(door.controller.records))
        assert await _call(lambda: next(updates)) == Measured(at=2.0)
        door.controller.let_go()
        assert await _call(lambda: list(updates)) == []


async def test_watching_resumes_behind_a_position(tmp_path: Path) -> None:
    """What happened since `after` comes first, once; leaving early closes the daemon's iterator."""
    async with served(MemoryController(), tmp_path) as door:
        door.controller.happen(*[DaemonStopped(pid=number) for number in range(5)])
        updates = Client(door.socket).watch(after=3)
        assert await _call(lambda: next(updates)) == News(records=tuple(door.controller.records[3:]))
        updates.close()  # type: ignore[attr-defined]
        async with asyncio.timeout(20):
            await door.controller.until_watchers(0)


def test_nobody_there_is_unreachable_with_a_hint(tmp_path: Path) -> None:
    """No socket, a socket nobody holds any more, no directory: each says how to bring the fleet up."""
    stale = tmp_path / "stale.sock"
    subprocess.run(
        [sys.executable, "-c", "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", str(stale)],
        check=True,
    )
    (tmp_path / "file").touch()
    too_long = tmp_path / ("x" * 200)
    absent = (tmp_path / "missing.sock", stale, tmp_path / "no" / "where")
    for path in (*absent, tmp_path / "file" / "x", too_long):
        with pytest.raises(Unreachable, match="no daemon answers") as error:
            Client(path).fleet()
        assert error.value.hint == "hactl up"
        assert isinstance(error.value, Absent) is (path in absent), "where one may be started"
        with pytest.raises(Unreachable):
            next(iter(Client(path).watch()))


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        (b"", Unreachable, "went away before it answered"),
        (b"SSH-2.0-OpenSSH\r\n", HactlError, "is not a hactl daemon"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", HactlError, "answered 502"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{", Unreachable, "went away before it answered"),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", HactlError, "not a valid Snapshot"),
        (b"HTTP/1.1 426 X\r\n\r\n" + b'{"error":{"code":"protocol","message":"speaks 2"}}', HactlError, "speaks 2"),
    ],
)
async def test_odd_answers_are_named(tmp_path: Path, said: bytes, kind: type[HactlError], message: str) -> None:
    """Whatever else answers, or stops answering half-way, ends in an error that says so."""
    async with canned(tmp_path / "s", said):
        with pytest.raises(kind, match=message):
            await _call(Client(tmp_path / "s").fleet)


async def test_a_daemon_that_keeps_silent_is_unreachable(tmp_path: Path) -> None:
    """A hung daemon costs the timeout, not for ever."""
    async with canned(tmp_path / "s", None):
        with pytest.raises(Unreachable, match="in time"):
            await _call(Client(tmp_path / "s", timeout=0.05).fleet)


async def test_a_line_cut_short_is_dropped(tmp_path: Path) -> None:
    """A daemon that dies in the middle of an update ends the stream with the last whole one."""
    whole = b'{"kind":"measured","at":1.0}\n'
    async with canned(tmp_path / "s", b"HTTP/1.1 200 OK\r\n\r\n" + whole + whole[:9]):
        updates = Client(tmp_path / "s").watch()
        assert await _call(lambda: list(updates)) == [Measured(at=1.0)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_stranger_in_our_daemons_place_is_not_talked_to() -> None:
    """Who was first in a directory that everybody can write to gets no command, and nothing he says is believed."""
    with overtaken() as path, pytest.raises(Unreachable, match=f"belongs to user {STRANGER}, not to you"):
        Client(path).hello()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_the_daemon_of_an_owner_who_let_us_in_is_talked_to() -> None:
    """Only the expected owner, and only through a socket that is open to a group of ours: one alone is not enough."""
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as theirs:
        path = Path(directory) / "control.sock"
        theirs.bind(str(path))
        Path(directory).chmod(0o711)
        with become(STRANGER):
            theirs.listen()
        for mode, group, owner, trusted in (
            (0o660, os.getegid(), STRANGER, True),
            (0o660, os.getegid(), None, False),
            (0o660, os.getegid(), STRANGER + 1, False),
            (0o666, STRANGER, STRANGER, False),
        ):
            os.chown(path, STRANGER, group)
            path.chmod(mode)
            refused = "in time" if trusted else f"belongs to user {STRANGER}"
            with become(NOBODY), pytest.raises(Unreachable, match=refused):
                Client(path, owner=owner, timeout=0.05).hello()


def test_who_listens_is_known_without_a_word_from_them(tmp_path: Path) -> None:
    """The kernel names the daemon, also one that hangs or speaks another protocol."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        assert listener(tmp_path / "s") == (os.getpid(), os.geteuid())
    with pytest.raises(Unreachable, match="no daemon answers"):
        listener(tmp_path / "s")


def test_the_client_loads_nothing_heavy() -> None:
    """A status must be quick: no event loop, no HTTP package, no screen is loaded for it."""
    heavy = "{'asyncio', 'httpx', 'http', 'email', 'ssl', 'rich', 'textual', 'click', 'starlette', 'uvicorn'}"
    code = f"import sys, hactl.control.client; print(sorted({heavy} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert loaded.stdout == "[]\n"


async def test_the_snapshot_is_the_first_update_of_a_new_watch(tmp_path: Path) -> None:
    """A position the journal has not reached cannot be resumed from: the picture is given instead."""
    async with served(MemoryController(), tmp_path) as door:
        updates = Client(door.socket).watch(after=999)
        assert isinstance(await _call(lambda: next(updates)), Snapshot)
        updates.close()  # type: ignore[attr-defined]
