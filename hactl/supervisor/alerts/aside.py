"""Blocking calls that may never come back: a name that is looked up, a file on a network that is gone.

Not `asyncio.to_thread`: its few threads are shared with everything else, and the daemon could not leave before the
last of them has come back.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from hactl.core.errors import HactlError

T = TypeVar("T")

AT_A_TIME = 16
"""Calls that may be out at once; beyond that something is wrong that more threads would not mend."""


class Aside:
    """Runs each call in a thread of its own. One that is given up runs on alone and does not delay an exit."""

    def __init__(self, at_a_time: int = AT_A_TIME) -> None:
        self._free = at_a_time

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises. Raises HactlError when too many earlier calls have not come back yet."""
        if self._free <= 0:
            raise HactlError("earlier lookups are still pending", "is the name server or a network disk unreachable?")
        self._free -= 1
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def came_back(result: Any, error: BaseException | None) -> None:
            self._free += 1
            if answer.done():  # given up long ago
                return
            if error is None:
                answer.set_result(result)
            else:
                answer.set_exception(error)

        def call() -> None:
            result, failed = None, None
            try:
                result = work()
            except BaseException as error:  # goes to whoever asked, like any answer
                failed = error
            with contextlib.suppress(RuntimeError):  # the loop is gone: nobody asks any more
                loop.call_soon_threadsafe(came_back, result, failed)

        threading.Thread(target=call, name="aside", daemon=True).start()
        return await answer
