"""Starting a daemon in a session of its own and hearing from it whether it came up. Not what the daemon does."""

import os
import select
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from hactl.core.draft import evolve
from hactl.core.errors import HactlError, TimedOut
from hactl.core.model import Fleet, Launch
from hactl.paths import FleetPaths
from hactl.store.journal import SqliteJournal
from hactl.supervisor.identity import find_instances

_DAEMON = (sys.executable, "-P", "-m", "hactl.processes.daemon")
"""Without -P a `signal.py` beside somebody's hactl.toml would be run in place of Python's own."""

PATIENCE = 60.0
"""Seconds a daemon may take to be in charge; it needs less than one, also with an old journal."""


def launch(paths: FleetPaths, config: Path | None) -> tuple[str, ...]:
    """Start the daemon of `paths` and return its notes once it is in charge; without `config`, as it was last.

    Raises HactlError with the daemon's own words when it does not come up, and TimedOut when it does not say.
    """
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as answer:
        try:
            process = _start(paths, config, writing)
        finally:
            os.close(writing)
        if not select.select([answer], [], [], PATIENCE)[0]:
            raise TimedOut(f"the daemon (pid {process.pid}) says nothing", f"see {paths.daemon_log}")
        line = answer.readline()
    if not line:
        code = process.wait()
        raise HactlError(f"the daemon ended with code {code} before it was in charge", f"see {paths.daemon_log}")
    said = msgspec.json.decode(line)
    if not said["ready"]:
        process.wait()
        raise HactlError(said["error"], said["hint"])
    process.returncode = 0  # it lives on by design: not ours to wait for
    return tuple(said["notes"])


def workers(paths: FleetPaths) -> list[Launch]:
    """Processes of a fleet that run without a daemon."""
    with SqliteJournal.open_read_only(paths.journal) as journal:
        checkpoint, records = journal.load()
    fleet = checkpoint or Fleet()
    for record in records:
        fleet = evolve(fleet, record.event)
    return find_instances(fleet.id) if fleet.id else []


def _start(paths: FleetPaths, config: Path | None, ready_fd: int) -> "subprocess.Popen[bytes]":
    given = ["--config", str(config)] if config else []
    with _log(paths.daemon_log) as log:
        return subprocess.Popen(
            [*_DAEMON, *given, "--state", str(paths.state), "--ready-fd", str(ready_fd)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(ready_fd,),
        )


def _log(path: Path) -> BinaryIO:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab")
    except OSError as error:
        raise HactlError(f"cannot write {path}: {error.strerror}") from error
