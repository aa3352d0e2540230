"""A call that never comes back costs its own thread, and nobody's patience."""

import asyncio
import threading

import pytest

from hactl.core.errors import HactlError
from hactl.supervisor.alerts.aside import Aside


def fail() -> None:
    raise OSError(5, "Input/output error")


async def test_what_it_returns_or_raises_comes_back() -> None:
    aside = Aside()
    assert await aside.run(lambda: 42) == 42
    with pytest.raises(OSError, match="Input/output error"):
        await aside.run(fail)


async def test_one_that_hangs_holds_up_nobody_until_there_are_too_many() -> None:
    """And each that comes back after all makes room again."""
    aside, gate = Aside(at_a_time=2), threading.Event()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await aside.run(gate.wait)
    with pytest.raises(HactlError, match="are still pending"):
        await aside.run(lambda: 42)
    gate.set()
    async with asyncio.timeout(30.0):
        while True:
            try:
                assert await aside.run(lambda: 42) == 42
            except HactlError:
                await asyncio.sleep(0)
            else:
                return


def test_a_loop_can_end_while_one_still_hangs() -> None:
    """The daemon leaves when it leaves."""
    gate = threading.Event()

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await Aside().run(gate.wait)

    asyncio.run(give_up())
    assert not gate.is_set()
    hanging = [thread for thread in threading.enumerate() if thread.name == "aside"]
    assert hanging
    assert all(thread.daemon for thread in hanging)
    gate.set()
    for thread in hanging:
        thread.join(30.0)
