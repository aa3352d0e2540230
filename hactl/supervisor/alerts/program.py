"""An alert handed to a program: JSON on its standard input, a session of its own, killed as a group when given up.

It gets a minimal environment, as nodes do. Not a supervised process: nobody starts it again, and no instance id
belongs to it.
"""

import asyncio
import contextlib
import os
import signal

from hactl.core.alert import Alert
from hactl.core.errors import HactlError, os_reason
from hactl.core.plain import printable
from hactl.supervisor import pidfd
from hactl.supervisor.alerts.courier import Undelivered
from hactl.supervisor.programs import TO_DEFAULT, find, minimal_environment

KEPT = 2048
"""Bytes of its last output that are kept to explain a failure; everything before is read and let go."""
SHOWN = 200
"""Characters of that which are told."""


def variables(alert: Alert) -> dict[str, str]:
    """What a program is told in its environment, for scripts that would rather not read JSON."""
    told = {
        "ID": alert.id,
        "FLEET": alert.fleet,
        "KIND": alert.kind.value,
        "SEVERITY": alert.severity.value,
        "SUBJECT": alert.subject,
        "SENTENCE": alert.sentence,
        "HINT": alert.hint,
        "SEQ": str(alert.seq),
    }
    return {f"HACTL_ALERT_{name}": value for name, value in told.items()}


async def run(argv: tuple[str, ...], stdin: bytes, env: dict[str, str]) -> None:
    """Run a program to its end; when this is cancelled, its whole process group is killed.

    Raises Undelivered when it ends with anything but 0, HactlError when it cannot be run at all.
    """
    environment = minimal_environment("USER", "LOGNAME") | env
    with _Output() as output:
        pid = _start(argv, stdin, environment, output)
        fd = os.pidfd_open(pid)
        try:
            await _ended(fd)
            status = pidfd.exit_status(fd, pid, 0)
        finally:
            if not pidfd.has_ended(fd):
                pidfd.send_group(fd, pid, signal.SIGKILL)
            _let_go(fd)
        if status.code == 0:
            return
        how = f"was killed by signal {status.signal}" if status.signal else f"ended with code {status.code}"
        said = output.last_line()
        raise Undelivered(f"'{argv[0]}' {how}{f': {said}' if said else ''}", f"try it by hand: {argv[0]}")


class _Output:
    """What a program says, read as it comes, so that it never waits; only the end is kept."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(self.writing, True)
        self._kept = b""

    def __enter__(self) -> "_Output":
        asyncio.get_running_loop().add_reader(self._reading, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._reading)
        os.close(self._reading)
        self.started()

    def started(self) -> None:
        """The program has its end of it."""
        if self.writing >= 0:
            os.close(self.writing)
            self.writing = -1

    def last_line(self) -> str:
        """The last line that says anything, without what could drive a terminal."""
        self._read()
        lines = [line for line in self._kept.decode(errors="replace").splitlines() if line.strip()]
        return printable(lines[-1])[:SHOWN] if lines else ""

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._reading, 64 << 10)
            self._kept = (self._kept + data)[-KEPT:]
            if not data:
                asyncio.get_running_loop().remove_reader(self._reading)


def _start(argv: tuple[str, ...], stdin: bytes, env: dict[str, str], output: _Output) -> int:
    found = find(argv[0], env["PATH"])
    # In memory, not a pipe: a program that never reads it keeps nobody waiting.
    given = os.memfd_create("alert", os.MFD_CLOEXEC)
    try:
        os.write(given, stdin)
        os.lseek(given, 0, os.SEEK_SET)
        return os.posix_spawn(
            found,
            list(argv),
            env,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, given, 0),
                (os.POSIX_SPAWN_DUP2, output.writing, 1),
                (os.POSIX_SPAWN_DUP2, output.writing, 2),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=TO_DEFAULT,
        )
    except OSError as error:
        raise HactlError(f"cannot run '{argv[0]}': {os_reason(error)}", f"try it by hand: {found}") from error
    finally:
        os.close(given)
        output.started()


async def _ended(fd: int) -> None:
    """Return when the process of a pidfd has ended."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(fd, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(fd)


def _let_go(fd: int) -> None:
    """Leave no zombie, whenever it has ended; nobody waits for one that was killed."""
    loop = asyncio.get_running_loop()

    def reap() -> None:
        loop.remove_reader(fd)
        with contextlib.suppress(ChildProcessError):  # reaped already
            os.waitid(os.P_PIDFD, fd, os.WEXITED | os.WNOHANG)
        os.close(fd)

    if pidfd.has_ended(fd):
        reap()
    else:
        loop.add_reader(fd, reap)
