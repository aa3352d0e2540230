"""Work that may be stopped: its result, its error, or nothing; and it never goes on behind one's back."""

import asyncio

import pytest

from hactl.core.errors import HactlError
from hactl.drill.stopping import told, unless


async def test_what_is_not_stopped_comes_to_its_result() -> None:
    async def work() -> int:
        return 7

    assert await unless(asyncio.Event(), work()) == 7


async def test_what_fails_says_so() -> None:
    """As itself, not wrapped in anything."""

    async def work() -> int:
        raise HactlError("no", "try again")

    with pytest.raises(HactlError, match="no"):
        await unless(asyncio.Event(), work())


async def test_what_is_stopped_is_cancelled_and_comes_to_nothing() -> None:
    """And it is over when that is known."""
    stop, begun, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> int:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 7

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(unless(stop, work()))
        await begun.wait()
        stop.set()
        assert await running is None
    assert ended.is_set()


def test_what_nobody_has_foreseen_is_told_with_what_it_is() -> None:
    """Whatever it was wrapped in."""
    assert told(HactlError("no", "try again")) == str(HactlError("no", "try again"))
    assert told(ExceptionGroup("a", [ExceptionGroup("b", [OSError("full")])])) == "OSError: full"
