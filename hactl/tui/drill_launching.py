"""Starting a command that outlives the console: in its own session, without a terminal, its output kept in a file.

For drills: whoever closes the window of the console does not end what it has begun. A run tells everything itself, on
disk; what is kept here is only what was said by a command that never came to a run.
"""

import os
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from hactl.tui.shell import command

_NO_MORE: Mapping[str, str] = {}


class Launched(Protocol):
    """A command that was started."""

    def ended(self) -> int | None:
        """Its exit code; None while it runs."""
        ...

    def said(self) -> str:
        """All it has said, data and talk."""
        ...

    def let_go(self) -> None:
        """It goes on without us."""
        ...


Launch = Callable[[Sequence[str], str], Launched]
"""Starts the words of a command for the fleet of that name. Raises OSError."""


class Detached:
    """A process in a session of its own."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - for as long as the process writes to it
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **env},
        )

    def ended(self) -> int | None:
        """See Launched."""
        return self._process.poll()

    def said(self) -> str:
        """See Launched."""
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), size, 0).decode(errors="replace").rstrip()

    def let_go(self) -> None:
        """See Launched."""
        self._output.close()
        if self._process.poll() is None:
            self._process.returncode = 0  # it lives on by design: not ours to wait for


def seed() -> int:
    """A new one for a run."""
    return secrets.randbelow(1_000_000)


def launch(words: Sequence[str], fleet: str, *, env: Mapping[str, str] = _NO_MORE) -> Detached:
    """Start `hactl --fleet FLEET WORDS`. Raises OSError when that cannot be."""
    return Detached(command(words, fleet), {"NO_COLOR": "1", **env})
