"""What happens, as lines on stderr, for a daemon that runs in the foreground. Not the journal, and no log file.

A stopped terminal or a pipe that is not read accepts no lines: they are written by a thread of their own, and beyond a
backlog they are dropped and counted, so that the loop never waits for a reader.
"""

import os
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable

from hactl.core.plural import counted
from hactl.core.signature import signed
from hactl.core.talk import News, Update
from hactl.core.telling import tell, told

BACKLOG = 1000
"""Lines that may wait for a slow reader."""
FAREWELL = 0.5
"""Seconds the last lines have to get out."""


class Narrator:
    """Writes lines to a descriptor."""

    def __init__(self, fd: int = 2, *, stamp: Callable[[float], str] | None = None) -> None:
        """`stamp` turns Unix time into the beginning of a line; None where the reader notes the time by itself."""
        self._fd = fd
        self._stamp = stamp
        self._lines: queue.Queue[str | None] = queue.Queue(BACKLOG)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="narrator", daemon=True)
        self._thread.start()

    def say(self, text: str, wall: float | None = None) -> None:
        """One line; `wall` is the Unix time it is about, None for now."""
        stamp = self._stamp(time.time() if wall is None else wall) if self._stamp else ""
        try:
            if self._dropped:
                self._lines.put_nowait(f"{stamp}{counted(self._dropped, 'line')} could not be written here")
                self._dropped = 0
            self._lines.put_nowait(stamp + text)
        except queue.Full:
            self._dropped += 1

    async def follow(self, updates: AsyncIterator[Update]) -> None:
        """Say everything that happens, until the end of `updates`."""
        async for update in updates:
            if isinstance(update, News):
                for record in told(update.records):
                    self.say(signed(record, tell(record.event)), record.wall)

    def close(self) -> None:
        """Let what waits get out, within limits."""
        try:
            self._lines.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(FAREWELL)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            data = line.encode(errors="replace") + b"\n"
            try:
                while data:
                    data = data[os.write(self._fd, data) :]
            except OSError:  # nobody reads any more: the journal has everything
                return


def clock(wall: float) -> str:
    """The local time in front of a line."""
    return time.strftime("%Y-%m-%d %H:%M:%S  ", time.localtime(wall))
