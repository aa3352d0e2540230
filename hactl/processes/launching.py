"""Starting a daemon in a session of its own and hearing from it whether it came up. Not what the daemon does."""

import contextlib
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from hactl.core import codec
from hactl.core.errors import HactlError, TimedOut, os_reason
from hactl.core.node import Launch
from hactl.paths import FleetPaths
from hactl.processes.announcing import Announced
from hactl.processes.succession import rehearse
from hactl.supervisor.identity import find_instances
from hactl.supervisor.origin import surroundings

_DAEMON = (sys.executable, "-P", "-m", "hactl.processes.daemon")
"""Without -P a `signal.py` beside somebody's hactl.toml would be run in place of Python's own."""

Place = tuple[Path | None, dict[str, str] | None]
"""A working directory and an environment; None for those of whoever starts it."""

PATIENCE = 60.0
"""Seconds a daemon may take to be in charge; it needs less than one, also with an old journal."""


def launch(
    paths: FleetPaths,
    config: Path | None,
    *,
    relieving: int | None = None,
    last_good: bool = False,
    place: Place = (None, None),
) -> tuple[str, ...]:
    """Start the daemon of `paths` and return its notes once it is in charge; without `config`, as it was last.

    It takes over from the daemon with the pid `relieving`, if any, whose place and environment it goes on with.
    With `last_good` a `config` that cannot be used is no hindrance; `place` is where it is to run instead of here.
    Raises HactlError with the daemon's own words when it does not come up, and TimedOut when it does not say.
    """
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as answer:
        try:
            process = _start(paths, config, writing, relieving, place, last_good=last_good)
        finally:
            os.close(writing)
        if not select.select([answer], [], [], PATIENCE)[0]:
            raise TimedOut(f"the daemon (pid {process.pid}) did not report in time", f"see {paths.daemon_log}")
        line = answer.readline()
    if not line:
        code = process.wait()
        raise HactlError(f"the daemon exited with code {code} before it was in charge", f"see {paths.daemon_log}")
    said = codec.decode(line, Announced)
    if not said.ready:
        process.wait()
        raise HactlError(said.error, said.hint)
    process.returncode = 0  # it lives on by design: not ours to wait for
    return said.notes


def workers(paths: FleetPaths) -> list[Launch]:
    """Processes of a fleet that run without a daemon."""
    fleet = rehearse(paths)
    return find_instances(fleet.id) if fleet.id else []


def _start(
    paths: FleetPaths, config: Path | None, ready_fd: int, relieving: int | None, place: Place, *, last_good: bool
) -> "subprocess.Popen[bytes]":
    given = [*(["--config", str(config)] if config else []), *(["--last-good"] if last_good else [])]
    directory, environment = place
    fds: tuple[int, ...] = (ready_fd,)
    with contextlib.ExitStack() as stack:
        if relieving is not None:
            fd = _hold(relieving)
            stack.callback(os.close, fd)
            directory, environment = surroundings(relieving)
            given, fds = [*given, "--relieve-fd", str(fd)], (ready_fd, fd)
        log = stack.enter_context(_log(paths.daemon_log))
        return subprocess.Popen(
            [*_DAEMON, *given, "--state", str(paths.state), "--ready-fd", str(ready_fd)],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=fds,
        )


def _hold(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        raise HactlError(f"the daemon (pid {pid}) is gone", "hactl up") from error


def _log(path: Path) -> BinaryIO:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab")
    except OSError as error:
        raise HactlError(f"cannot write {path}: {os_reason(error)}") from error
