"""Signs of life for a process of ours, down the pipe that is its standard input. What it does without is its affair.

When we die, the kernel closes the pipe; when we are stopped, nothing comes any more. By then the fleet is taken back.
"""

import asyncio

SHARE = 0.2
"""Of a lease: seconds between two signs."""


class SignsOfLife:
    """Given from when it is made until its end, each good for a lease."""

    def __init__(self, pipe: asyncio.StreamWriter, lease: float) -> None:
        """`lease` is in seconds."""
        self._pipe = pipe
        self._pause = lease * SHARE
        self._timer: asyncio.TimerHandle | None = None
        self._give()

    def end(self) -> None:
        """Give none any more, and close the pipe."""
        if self._timer is not None:
            self._timer.cancel()
        self._pipe.close()

    def _give(self) -> None:
        if not self._pipe.is_closing():
            self._pipe.write(b".")
            self._timer = asyncio.get_running_loop().call_later(self._pause, self._give)
