"""The Controller at the other end of a socket: it answers as the near one does, and comes back after a break."""

import asyncio
import os
from contextlib import aclosing
from pathlib import Path

import pytest
from support.control import STRANGER, canned, overtaken, served
from support.controller import MemoryController

from hactl.control.aclient import AsyncClient
from hactl.control.api import BODY_LIMIT
from hactl.control.controller import Controller
from hactl.core.commands import Drain, Kill, Request
from hactl.core.errors import CommandRejected, HactlError, Unreachable
from hactl.core.events import DaemonStarted, DaemonStopped
from hactl.core.talk import LogPage, Measured, News, Query, Receipt, Update


async def test_every_verb_comes_back_as_the_near_controller_answers(tmp_path: Path) -> None:
    """Far and near cannot be told apart."""
    near = MemoryController()
    near.happen(DaemonStarted(pid=1, version="1", boot="b"), DaemonStopped(pid=1))
    near.logs["a"] = ("one", "two\u2028\x85")
    near.reply = Receipt(seq=2, operation="op1", sentence="killing 'a'")
    async with served(near, tmp_path) as door, AsyncClient(door.socket) as client:
        far: Controller = client
        assert (await client.hello()).uid == os.geteuid()
        assert await far.fleet() == await near.fleet()
        query = Query(since=1.5, kinds=("DaemonStopped",))
        assert await far.history(query) == await near.history(query) == near.records[1:]
        assert await far.log("a", after=1) == LogPage(node="a", lines=("two\u2028\x85",), after=2)
        receipt = await far.submit(Kill(nodes=("a",)), by="drill steady", reason="r", confirm="c", dry_run=True)
        assert receipt == near.reply
        (request,) = near.requests
        assert request == Request(command=Kill(nodes=("a",)), by=request.by, reason="r", confirm="c")
        assert request.by.endswith("@drill steady")
        assert near.dry_runs == 1


async def test_errors_come_back_as_themselves(tmp_path: Path) -> None:
    """Rejections keep their hint and guard; other refusals are HactlErrors."""
    async with served(MemoryController(), tmp_path) as door:
        async with AsyncClient(door.socket) as client:
            door.controller.reply = CommandRejected("no", "try", guard=True)
            with pytest.raises(CommandRejected) as rejected:
                await client.submit(Drain(nodes=("a",)))
            assert (rejected.value.message, rejected.value.hint, rejected.value.guard) == ("no", "try", True)
            with pytest.raises(HactlError, match="no process is called 'x'"):
                await client.log("x")
            with pytest.raises(HactlError, match=f"a request may have at most {BODY_LIMIT} bytes"):
                await client.submit(Drain(nodes=("a",)), confirm="x" * 4 * BODY_LIMIT)
            door.controller.failure = HactlError("the journal is full", "make room")
            with pytest.raises(HactlError, match="the journal is full"):
                await anext(client.watch())
        async with AsyncClient(door.view) as viewer:
            with pytest.raises(CommandRejected, match="read-only"):
                await viewer.submit(Drain(nodes=("a",)))


async def _until(updates: list[Update], watch: AsyncClient, seq: int) -> None:
    """Collect updates until the record numbered `seq` has come."""
    async with aclosing(watch.watch()) as stream:
        async for update in stream:
            updates.append(update)
            if isinstance(update, News) and update.records[-1].seq >= seq:
                return


async def test_a_watch_that_was_let_go_resumes_by_itself(tmp_path: Path) -> None:
    """The slow watcher misses nothing and hears nothing twice."""
    async with served(MemoryController(), tmp_path) as door, AsyncClient(door.socket) as client:
        heard: list[Update] = []
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            tasks.create_task(_until(heard, client, seq=3))
            await door.controller.until_watchers(1)
            door.controller.happen(DaemonStopped(pid=1))
            door.controller.let_go()
            door.controller.happen(DaemonStopped(pid=2))
            await door.controller.until_watchers(0)
            await door.controller.until_watchers(1)
            door.controller.happen(DaemonStopped(pid=3))
        seqs = [record.seq for update in heard if isinstance(update, News) for record in update.records]
        assert seqs == [1, 2, 3]
        async with asyncio.timeout(20):
            await door.controller.until_watchers(0)


async def test_a_watch_outlives_the_daemon(tmp_path: Path) -> None:
    """A daemon that restarts is picked up again from the last position, with what happened meanwhile."""
    controller = MemoryController()
    controller.happen(DaemonStarted(pid=1, version="1", boot="b"))
    heard: list[Update] = []
    async with (
        AsyncClient(tmp_path / "control.sock", patience=30) as client,
        asyncio.timeout(40),
        asyncio.TaskGroup() as tasks,
    ):
        async with served(controller, tmp_path):
            tasks.create_task(_until(heard, client, seq=4))
            await controller.until_watchers(1)
            controller.happen(DaemonStopped(pid=1))
        assert controller.watchers == 0
        controller.happen(DaemonStopped(pid=2))
        async with served(controller, tmp_path):
            await controller.until_watchers(1)
            controller.happen(DaemonStopped(pid=3))
            await controller.until_watchers(0)
    seqs = [record.seq for update in heard if isinstance(update, News) for record in update.records]
    assert seqs == [2, 3, 4]


async def test_a_daemon_that_stays_away_is_unreachable(tmp_path: Path) -> None:
    """The first connection is tried once; a lost one until patience is over."""
    async with AsyncClient(tmp_path / "control.sock", patience=0.1) as client, asyncio.timeout(20):
        with pytest.raises(Unreachable, match="no daemon answers") as error:
            await anext(client.watch())
        assert error.value.hint == "hactl up"
        with pytest.raises(Unreachable):
            await client.fleet()
        updates = client.watch()
        async with served(MemoryController(), tmp_path):
            await anext(updates)
        with pytest.raises(Unreachable, match="no daemon answers"):
            await anext(updates)


async def test_leaving_a_watch_closes_it_at_the_daemon(tmp_path: Path) -> None:
    """A cancelled reader leaves no iterator behind."""
    async with (
        served(MemoryController(), tmp_path) as door,
        AsyncClient(door.socket) as client,
        asyncio.timeout(20),
        asyncio.TaskGroup() as tasks,
    ):
        watching = tasks.create_task(_until([], client, seq=99))
        await door.controller.until_watchers(1)
        watching.cancel()
        await door.controller.until_watchers(0)


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        (b"", Unreachable, "went away before it answered"),
        (b"SSH-2.0-OpenSSH\r\n", HactlError, "is not a hactl daemon"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", HactlError, "answered 502"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{", Unreachable, "went away before it answered"),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", HactlError, "not a valid Snapshot"),
        (None, Unreachable, "in time"),
    ],
)
async def test_odd_answers_are_named(tmp_path: Path, said: bytes | None, kind: type[HactlError], message: str) -> None:
    """Whatever else answers, or stops answering half-way, ends in an error that says so."""
    async with canned(tmp_path / "s", said), AsyncClient(tmp_path / "s", timeout=0.3) as client:
        with pytest.raises(kind, match=message):
            await client.fleet()


async def test_an_update_split_anywhere_is_one_update(tmp_path: Path) -> None:
    """Lines are lines however the bytes arrive, and exotic separators inside a text do not end one."""
    lines = '{"kind":"measured","at":1.0,"pulse":{"version":"\u2028\x85"}}\n{"kind":"measured","at":2.0}\n'.encode()
    async with (
        canned(tmp_path / "s", b"HTTP/1.1 200 OK\r\n\r\n", *[bytes([byte]) for byte in lines]),
        AsyncClient(tmp_path / "s") as client,
        aclosing(client.watch()) as updates,
    ):
        first, second = await anext(updates), await anext(updates)
        assert isinstance(first, Measured)
        assert first.pulse.version == "\u2028\x85"
        assert second == Measured(at=2.0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_a_stranger_in_our_daemons_place_is_not_talked_to() -> None:
    """As little as by the command line's client: nothing is asked, and nothing that is said believed."""
    with overtaken() as path, pytest.raises(Unreachable, match=f"belongs to user {STRANGER}, not to you"):
        await AsyncClient(path).hello()
