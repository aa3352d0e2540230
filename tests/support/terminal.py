"""A terminal with a program in it: keys go in, and what a person would see comes out.

with Terminal([...argv], columns=80, lines=24, env=...) as terminal:
    terminal.until("serving")
    terminal.type("K")
"""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import pyte

PATIENCE = 60.0
"""Seconds after which something that should have been seen will not be; never a measure of anything."""


class Terminal:
    """One, with one program."""

    def __init__(
        self, argv: Sequence[str], *, columns: int, lines: int, env: dict[str, str], cwd: Path | None = None
    ) -> None:
        self._argv = list(argv)
        self._size = (columns, lines)
        self._env = {name: value for name, value in env.items() if name not in ("COLUMNS", "LINES")}
        self._cwd = cwd
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = bytearray()
        """All that the program has sent."""
        self.code: int | None = None
        """How the program ended; None while it runs."""

    def __enter__(self) -> Self:
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            # before the program can look, and nothing in its environment says otherwise
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", self._size[1], self._size[0], 0, 0))
            if self._cwd is not None:
                os.chdir(self._cwd)
            os.execve(self._argv[0], self._argv, self._env)
        return self

    def __exit__(self, *_: object) -> None:
        if self.code is None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._fd)

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self._screen.display)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._fd, keys.encode())

    def send(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        os.kill(self._pid, number)

    def until(self, *wanted: str) -> str:
        """Look on until all of this is on the screen at once; what is."""
        end = time.monotonic() + PATIENCE
        while not all(each in self.text for each in wanted):
            assert time.monotonic() < end, f"{wanted} not seen:\n{self.text}"
            assert self._read(), f"the program ended before {wanted} was seen:\n{self.text}"
        return self.text

    def until_gone(self, unwanted: str) -> None:
        """Look on until nothing of this is on the screen any more: an escape with a key close behind is another key."""
        end = time.monotonic() + PATIENCE
        while unwanted in self.text:
            assert time.monotonic() < end, f"{unwanted} stays:\n{self.text}"
            assert self._read(), f"the program ended before {unwanted} had gone:\n{self.text}"

    def until_it_ends(self) -> int:
        """Look on until the program has ended; its exit code."""
        end = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < end, f"it does not end:\n{self.text}"
        _, status = os.waitpid(self._pid, 0)
        self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def _read(self) -> bool:
        """Take what has come, waiting a moment for it; False when the program has closed its terminal."""
        ready, _, _ = select.select([self._fd], [], [], 0.2)
        if not ready:
            return True
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)
