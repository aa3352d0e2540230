"""The one line that a daemon says to whoever started it: whether it came up. Not the starting: that is `launching`."""

import contextlib
import os
import sys

from hactl.core import codec
from hactl.core.errors import HactlError
from hactl.core.value import Value


class Announced(Value):
    """The line."""

    ready: bool
    """In charge; else `error` says why not."""
    pid: int
    notes: tuple[str, ...] = ()
    """What its starter should know."""
    error: str = ""
    hint: str = ""


class Announcement:
    """Tells whoever started the daemon, once, whether it came up: one line of JSON on a descriptor."""

    def __init__(self, fd: int | None) -> None:
        """`fd` is closed once it has been said; without one whoever started it sits at a terminal."""
        self._fd = fd

    def succeeded(self, notes: tuple[str, ...]) -> None:
        """It is in charge; `notes` is what its starter should know."""
        self._say(Announced(ready=True, pid=os.getpid(), notes=notes))

    def failed(self, error: HactlError) -> None:
        """It is not, and why."""
        if self._fd is None:
            print(f"hactl: {error.message}", *filter(None, (error.hint,)), sep="\n  try: ", file=sys.stderr)
        self._say(Announced(ready=False, pid=os.getpid(), error=error.message, hint=error.hint))

    def _say(self, what: Announced) -> None:
        if self._fd is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._fd, codec.encode(what) + b"\n")
            os.close(self._fd)
            self._fd = None
