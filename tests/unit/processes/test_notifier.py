"""What a service manager hears: over a real datagram socket, as systemd opens one."""

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.build import founded
from support.script import serving

from hactl.core.value import replace
from hactl.processes import notifier as module
from hactl.processes.notifier import Notifier, sentence


@contextmanager
def manager(address: str) -> Iterator[socket.socket]:
    """A service manager's ear."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind("\0" + address[1:] if address.startswith("@") else address)
        ear.setblocking(False)
        yield ear


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where it listens: systemd uses a path, containers often an abstract name."""
    return str(tmp_path / "notify") if request.param == "path" else f"@hactl-test-{os.getpid()}-{time.monotonic_ns()}"


async def heard(ear: socket.socket) -> str:
    """The next message."""
    async with asyncio.timeout(10):
        return (await asyncio.get_running_loop().sock_recv(ear, 4096)).decode()


def waiting(ear: socket.socket) -> list[str]:
    """Every message that is there now."""
    said = []
    try:
        while True:
            said.append(ear.recv(4096).decode())
    except BlockingIOError:
        return said


class TestReady:
    async def test_a_fleet_that_serves_is_ready(self, address: str) -> None:
        """Nothing is said before a daemon is in charge; then how the fleet is, and that it is ready."""
        fleet = founded()
        with manager(address) as ear:
            told = Notifier(address)
            told._beat(serving(), 1.0)
            assert waiting(ear) == []
            told.in_charge()
            now = asyncio.get_running_loop().time()
            told._beat(fleet, now)
            assert waiting(ear) == [f"STATUS={sentence(fleet)}"]
            fleet = serving()
            told._beat(fleet, now)
            assert waiting(ear) == [f"STATUS={sentence(fleet)}", "READY=1"]
            told._beat(fleet, now + 1)
            assert waiting(ear) == [], "what has not changed is not told again"
            told.stopping()
            assert waiting(ear) == ["STOPPING=1"]

    async def test_a_fleet_that_cannot_serve_is_ready_in_the_end(self, address: str) -> None:
        """A service manager that ended the daemon for it would help no node."""
        with manager(address) as ear:
            told = Notifier(address)
            told.in_charge()
            now = asyncio.get_running_loop().time()
            told._beat(founded(), now + module.PATIENCE - 1)
            assert "READY=1" not in waiting(ear)
            told._beat(founded(), now + module.PATIENCE)
            assert waiting(ear) == ["READY=1"]

    async def test_what_was_not_taken_is_told_again(self, address: str) -> None:
        """The socket is not there yet, or is full: the next beat says it."""
        told = Notifier(address)
        told.in_charge()
        now = asyncio.get_running_loop().time()
        told._beat(serving(), now)
        with manager(address) as ear:
            told._beat(serving(), now)
            assert waiting(ear)[-1] == "READY=1"
            while told._send("x" * 1000):
                pass  # until it is full: the loop is not held up by it
            assert waiting(ear)


class TestWatchdog:
    async def test_it_beats_at_half_of_the_limit_while_the_loop_runs(self, address: str) -> None:
        with manager(address) as ear:
            told = Notifier.of({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "200000"}, os.getpid())
            async with asyncio.TaskGroup() as tasks:
                beating = tasks.create_task(told.run(serving))
                began = time.monotonic()
                assert [await heard(ear) for _ in range(4)] == ["WATCHDOG=1"] * 4
                assert time.monotonic() - began > 0.2, "three intervals of a tenth of a second, and no hurry"
                beating.cancel()

    async def test_a_loop_that_is_stuck_is_silent(self, address: str) -> None:
        """That is what a watchdog is for: it beats in the loop it vouches for, and in no thread."""
        with manager(address) as ear:
            told = Notifier(address, 0.1)
            async with asyncio.TaskGroup() as tasks:
                beating = tasks.create_task(told.run(serving))
                await heard(ear)
                waiting(ear)
                time.sleep(0.3)  # noqa: ASYNC251 - this is the stuck loop
                assert waiting(ear) == []
                assert await heard(ear) == "WATCHDOG=1"
                beating.cancel()

    @pytest.mark.parametrize(
        "environment",
        [
            {"WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"},
            {"WATCHDOG_USEC": "soon"},
            {"WATCHDOG_USEC": ""},
            {},
        ],
        ids=["for another process", "not a number", "empty", "none"],
    )
    async def test_without_a_limit_of_ours_there_is_no_beat(self, environment: dict[str, str], address: str) -> None:
        with manager(address) as ear:
            told = Notifier.of({"NOTIFY_SOCKET": address, **environment}, os.getpid())
            told._beat(serving(), 5.0)
            assert waiting(ear) == []


def test_the_variables_are_not_for_children() -> None:
    environment = {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "HOME": "/"}
    Notifier.of(environment, 1)
    assert environment == {"HOME": "/"}


@pytest.mark.parametrize("address", ["", "relative/path", "vsock:2:1234"])
async def test_where_nobody_listens_nothing_happens(address: str) -> None:
    """Without a service manager, or with one over an address that is none of ours, the daemon just runs."""
    told = Notifier.of({"NOTIFY_SOCKET": address}, os.getpid())
    await told.run(serving)
    told.stopping()


def test_the_sentence_is_one_line_and_says_what_is_wrong() -> None:
    fleet = replace(serving(), config_trouble="/x/hactl.toml:3:1:\nnot TOML")
    assert sentence(fleet).endswith("; hactl.toml cannot be used: /x/hactl.toml:3:1: not TOML")
    assert "\n" not in sentence(fleet)
