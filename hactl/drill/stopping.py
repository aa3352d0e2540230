"""Work that may take minutes, in a drill that may be stopped at any moment; and the reason it was stopped."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from hactl.core.errors import CommandRejected, HactlError

T = TypeVar("T")


class Stopped(Exception):
    """The drill is not to go on; `Runner.run` turns it into the way the table has for that."""


class Pointless(Exception):
    """The drill would show nothing, and is not to go on for that."""


def not_begun(drill: str, why: str) -> CommandRejected:
    """Why a drill may not be begun now: what never began is no run of it."""
    return CommandRejected(f"drill {drill} was not started: {why}", f"hactl drill plan {drill}", guard=True)


def told(error: Exception) -> str:
    """What went wrong, for people; what nobody has foreseen with what it is."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return str(error) if isinstance(error, HactlError) else f"{type(error).__name__}: {error}"


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` comes to; None when `stop` is set before that, which cancels it. Raises its HactlError."""
    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(_outcome(work), name="work that may be stopped")
        waiting = tasks.create_task(stop.wait(), name="wait for a reason to stop")
        await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        working.cancel()
    if working.cancelled():
        return None
    result = working.result()
    if isinstance(result, HactlError):
        raise result
    return result


async def _outcome(work: Coroutine[Any, Any, T]) -> T | HactlError:
    try:
        return await work
    except HactlError as error:
        return error
