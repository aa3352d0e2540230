"""One OS process: spawn, adopt, signal through its pidfd, see it end. Not when or why: that is decided elsewhere.

Processes outlive us on purpose: each leads a session of its own and writes to a file, never to a pipe. Nothing here
cares whether a process is a child of ours or was spawned by a daemon before us.
"""

import asyncio
import errno
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hactl.core.errors import HactlError, os_reason
from hactl.core.node import Launch
from hactl.core.running import CommandLine
from hactl.core.value import replace
from hactl.supervisor import pidfd, procfs
from hactl.supervisor.identity import open_verified
from hactl.supervisor.listening import ensure_free
from hactl.supervisor.open_files import limited
from hactl.supervisor.pidfd import ExitStatus
from hactl.supervisor.programs import TO_DEFAULT, find, minimal_environment


class Process:
    """A running process that is certain to be `launch`. Owns its pidfd: close it, or use it in a `with`."""

    def __init__(self, launch: Launch, fd: int, *, oom_counter: Path | None = None) -> None:
        """Take over `fd`, a pidfd of `launch`. `oom_counter` is where kills are counted, by default as procfs finds."""
        self.launch = launch
        self._fd = fd
        self._loop: asyncio.AbstractEventLoop | None = None
        self._killed = False
        self._stat = -1
        """Its line in /proc, kept open: it is read twenty times a second, and can never be another process's."""
        self._oom_counter = oom_counter or procfs.oom_counter(launch.pid)
        self._oom_before = procfs.oom_kills(self._oom_counter)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def signal(self, sig: str | int, group: bool = False) -> bool:
        """Signal this process, or with `group` its whole process group; False when it has ended already.

        Raises HactlError for an unknown signal, or one that may not be sent.
        """
        number = pidfd.signal_number(sig)
        self._killed = self._killed or number == signal.SIGKILL
        return pidfd.send_group(self._fd, self.launch.pid, number) if group else pidfd.send(self._fd, number)

    def state(self) -> str:
        """One letter as in /proc/PID/stat: T is stopped, t is stopped by a debugger, Z has ended."""
        if self._stat < 0:
            self._stat = procfs.open_stat(self.launch.pid)
            if self._stat < 0 or pidfd.has_ended(self._fd):  # then it may have been a successor's that was opened
                return "Z"
        return procfs.state(self._stat)

    def when_exits(self, loop: asyncio.AbstractEventLoop, callback: Callable[[ExitStatus], None]) -> None:
        """Call back once, in the loop, the moment the process has ended (at once when it has). Reaps a child.

        The news never waits for the status: of somebody else's child an older kernel may not tell it any more.
        """

        def ended() -> None:
            self._stop_watching()
            callback(self._status())

        self._loop = loop
        loop.add_reader(self._fd, ended)

    def close(self) -> None:
        """Let go of the process, which goes on if it lives."""
        if self._fd < 0:
            return
        self._stop_watching()
        if self._stat >= 0:
            os.close(self._stat)
        with suppress(ChildProcessError):  # leave no zombie: it may have ended unwatched
            os.waitid(os.P_PIDFD, self._fd, os.WEXITED | os.WNOHANG)
        os.close(self._fd)
        self._fd = -1

    def _stop_watching(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._fd)
            self._loop = None

    def _status(self) -> ExitStatus:
        status = pidfd.exit_status(self._fd, self.launch.pid, self.launch.ticks)
        if status.signal != signal.SIGKILL or self._killed or self._oom_before is None:
            return status
        return replace(status, oom=(procfs.oom_kills(self._oom_counter) or 0) > self._oom_before)


def adopt(launch: Launch, *, boot: str) -> Process:
    """Take over a process that somebody else spawned; `boot` is the boot id of now.

    Raises NotOurs when what runs under its pid, if anything, is not that launch; HactlError when that
    cannot be told.
    """
    return Process(launch, open_verified(launch, boot=boot))


def spawn(command: CommandLine, *, instance: str, log: Path, now: float, open_files: int | None = None) -> Process:
    """Start a process in a session of its own, its output appended to `log`, its environment minimal.

    Unless it has a directory to run in, it inherits ours. `now` is monotonic; `open_files` is its soft limit, by
    default ours. Raises PortTaken for an address that somebody else holds, HactlError for a program that cannot run.
    """
    if not command.argv:
        raise HactlError("there is no command to run")
    env = minimal_environment() | command.env | {procfs.INSTANCE: instance}
    program = find(command.argv[0], env["PATH"])
    ensure_free(command.listens)
    pid = _spawn(program, command, env, log, open_files)
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:  # only where somebody made us ignore SIGCHLD
        raise HactlError(f"{instance!r} exited at once", f"see {log}") from None
    except OSError as error:  # no descriptor left: a process we could never signal safely must not stay
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise HactlError(f"cannot watch {instance!r}: {os_reason(error)}", "raise the limit on open files") from error
    # A child cannot vanish before it is reaped, so its ticks can always be read.
    ticks = procfs.start_ticks(pid) or 0
    return Process(Launch(instance=instance, pid=pid, ticks=ticks, boot=procfs.boot_id(), at=now), fd)


def _spawn(program: str, command: CommandLine, env: dict[str, str], log: Path, open_files: int | None) -> int:
    how = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(log, how | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise HactlError(f"cannot write the log {str(log)!r}: {os_reason(error)}") from error
    output = str(log.absolute())
    try:
        with _inside(command.cwd), limited(open_files):
            return os.posix_spawn(
                program,
                list(command.argv),
                env,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    # Not a duplicate of ours, which may be beyond the limit.
                    (os.POSIX_SPAWN_OPEN, 1, output, how, 0o600),
                    (os.POSIX_SPAWN_DUP2, 1, 2),
                ],
                setsid=True,
                setsigmask=[],
                setsigdef=TO_DEFAULT,
            )
    except OSError as error:
        no_program = error.errno == errno.ENOEXEC
        hint = "a script begins with a line like #!/bin/sh" if no_program else f"try it by hand: {program}"
        raise HactlError(f"cannot run {command.argv[0]!r}: {os_reason(error)}", hint) from error


@contextmanager
def _inside(directory: str) -> Iterator[None]:
    """Spawn there. Python's posix_spawn knows no working directory, so we go there ourselves and come back.

    Nothing else in this process notices: its other threads use absolute paths only.
    """
    if not directory:
        yield
        return
    back = os.open(".", os.O_PATH | os.O_CLOEXEC)  # also when it has been removed since
    try:
        try:
            os.chdir(directory)
        except OSError as error:
            raise HactlError(f"cannot run in the directory {directory!r}: {os_reason(error)}") from error
        yield
    finally:
        os.fchdir(back)
        os.close(back)
