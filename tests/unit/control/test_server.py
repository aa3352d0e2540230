"""The server comes up alone, and leaves quickly and completely."""

import asyncio
import stat
from pathlib import Path

import pytest
from support.control import served, server_of
from support.controller import MemoryController

from hactl.core.errors import HactlError
from hactl.core.events import DaemonStopped


async def test_sockets_are_private_and_leave_with_the_server(tmp_path: Path) -> None:
    """Mode 0600 in a directory of mode 0700; nothing is left behind."""
    async with served(MemoryController(), tmp_path / "run") as door:
        assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700
        for path in (door.socket, door.view):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert _left_in(tmp_path / "run") == []


async def test_a_second_daemon_leaves_the_first_one_alone(tmp_path: Path) -> None:
    """A live socket is never taken over."""
    async with served(MemoryController(), tmp_path) as door:
        with pytest.raises(ExceptionGroup) as failed:
            async with served(MemoryController(), tmp_path):
                raise AssertionError("two daemons on one socket")
        assert failed.group_contains(HactlError, match="already answers")
        assert (await door.ask("GET", "/v1/fleet"))[0] == 200


@pytest.mark.parametrize("stuck", [False, True])
async def test_stop_ends_quickly_with_a_stream_open(tmp_path: Path, stuck: bool) -> None:
    """The daemon leaves although somebody watches, whether or not he reads; his iterator is closed."""
    async with asyncio.timeout(20), served(MemoryController(), tmp_path) as door:
        reader, writer = await asyncio.open_unix_connection(door.socket)
        writer.write(b"GET /v1/watch HTTP/1.1\r\nhost: x\r\n\r\n")
        await door.controller.until_watchers(1)
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        if stuck:
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            for _ in range(20):
                door.controller.happen(*[DaemonStopped(pid=number) for number in range(500)])
        await door.server.stop()
        assert door.controller.watchers == 0
        if not stuck:
            assert (await reader.read()).endswith(b"\r\n0\r\n\r\n"), "the stream must end in order"
        writer.close()


async def test_a_cancelled_server_leaves_nothing_behind(tmp_path: Path) -> None:
    """When the daemon's task group falls, watchers' iterators are closed and the sockets are gone."""
    controller = MemoryController()
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        server = server_of(controller, tmp_path)
        serving = tasks.create_task(server.serve())
        await server.started()
        reader, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
        writer.write(b"GET /v1/watch HTTP/1.1\r\nhost: x\r\n\r\n")
        await controller.until_watchers(1)
        serving.cancel()
        await reader.read()
        writer.close()
    assert controller.watchers == 0
    assert _left_in(tmp_path) == []


async def test_stop_may_come_at_any_time(tmp_path: Path) -> None:
    """`stop` without `serve` is a start that failed early; a second `stop` finds nothing to do."""
    async with asyncio.timeout(20):
        await server_of(MemoryController(), tmp_path).stop()
        async with served(MemoryController(), tmp_path) as door:
            await door.server.stop()
            await door.server.stop()


def _left_in(directory: Path) -> list[Path]:
    return list(directory.iterdir())
