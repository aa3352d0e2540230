"""Waiting for what another process does and announces to nobody: the one place where tests look again and again."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_AGAIN = 0.02


async def until(look: Callable[[], Awaitable[T]], wanted: Callable[[T], bool], *, patience: float = 20.0) -> T:
    """What `look` finds as soon as it is as `wanted`. Raises TimeoutError after `patience` seconds."""
    async with asyncio.timeout(patience):
        while not wanted(found := await look()):  # noqa: ASYNC110 - another process cannot set an event
            await asyncio.sleep(LOOK_AGAIN)
        return found


def wait_until(condition: Callable[[], object], *, patience: float = 20.0) -> None:
    """The same where no loop runs, such as while a foreign process closes a file."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, f"it does not come true within {patience:g} s"
        time.sleep(LOOK_AGAIN)
