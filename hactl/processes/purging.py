"""Removing everything a stopped fleet has kept: surveyed first, then done under the fleet's lock. Asks nobody.

Only what is known to be a fleet's is removed: anything else in its directory stays, and then so does the directory.
Symbolic links are removed and never followed. The journal goes last, so that a purge that was interrupted can be
repeated.
"""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hactl.core.errors import CommandRejected, HactlError, os_reason
from hactl.core.value import Value
from hactl.paths import FleetPaths, state_home
from hactl.processes.succession import rehearse
from hactl.store.database import APPLICATION_ID
from hactl.store.journal import SqliteJournal
from hactl.store.lock import FleetLock
from hactl.supervisor import procfs
from hactl.supervisor.identity import find_in, find_instances

_APPLICATION_AT = slice(68, 72)
"""Where SQLite keeps the application id in the header of a file."""


class Piece(Value):
    """One thing that a fleet has kept."""

    path: str
    bytes: int
    """With everything in it."""


class Remains(Value):
    """What there is of a fleet."""

    fleet: str
    state: str
    pieces: tuple[Piece, ...]
    """What a purge removes, in order."""
    others: tuple[str, ...] = ()
    """What lies in the state directory and is not the fleet's: it stays, and the directory with it."""
    drills: str = ""
    """The directory of the reports of drills, which outlive the fleet; "" when there is none."""

    @property
    def bytes(self) -> int:
        """What a purge frees."""
        return sum(piece.bytes for piece in self.pieces)


def survey(fleet: str, paths: FleetPaths) -> Remains:
    """What a purge would remove. Raises HactlError when there is nothing, or nothing that is certainly a fleet's."""
    if not paths.state.is_dir():
        raise HactlError(f"nothing is kept of fleet '{fleet}': there is no directory '{paths.state}'", "hactl fleets")
    if not _is_our_directory(paths.state):
        raise HactlError(f"the state directory '{paths.state}' belongs to another user", f"ls -ld {paths.state}")
    if not _is_a_fleets(paths):
        raise HactlError(f"'{paths.state}' is not the state directory of a fleet", f"look at it: ls -la {paths.state}")
    kept, others = paths.kept(), _others(paths)
    elsewhere = [paths.sockets] if paths.sockets != paths.state and _is_our_directory(paths.sockets) else []
    journal = [path for path in kept if path in paths.journal_files]
    pieces = [Piece(path=str(path), bytes=_size(path)) for path in (*elsewhere, *kept) if path not in journal]
    if journal:
        pieces.append(Piece(path=str(paths.journal), bytes=sum(map(_size, journal))))
    if not others:
        pieces.append(Piece(path=str(paths.state), bytes=0))
    pieces += [Piece(path=str(link), bytes=0) for link in _links(fleet, paths)]
    drills = str(paths.drills) if paths.drills.is_dir() else ""
    return Remains(fleet=fleet, state=str(paths.state), pieces=tuple(pieces), others=others, drills=drills)


def ensure_stopped(fleet: str, paths: FleetPaths) -> None:
    """Raises CommandRejected while anything of the fleet runs: a daemon, or what a dead one has left."""
    if paths.lock.exists():
        with _locked(fleet, paths):
            pass
    _ensure_no_workers(fleet, paths)


def purge(fleet: str, paths: FleetPaths) -> Iterator[Piece]:
    """Remove everything, and say each thing once it is gone. Raises CommandRejected while anything runs.

    No daemon can start meanwhile: its lock is held until the end. Raises HactlError for what `survey` refuses, and for
    what cannot be removed.
    """
    survey(fleet, paths)  # before a lock is left in a directory that is no fleet's
    with _locked(fleet, paths):
        _ensure_no_workers(fleet, paths)
        for piece in survey(fleet, paths).pieces:
            path = Path(piece.path)
            try:
                _remove(path, paths)
            except OSError as error:
                raise HactlError(
                    f"cannot remove '{piece.path}': {os_reason(error)}", "fix that, then run it again"
                ) from error
            yield piece


def _remove(path: Path, paths: FleetPaths) -> None:
    if path == paths.state:
        path.rmdir()
    elif path == paths.journal:
        for file in paths.journal_files:
            file.unlink(missing_ok=True)
    elif _is_our_directory(path):
        shutil.rmtree(path)
    else:
        path.unlink()


@contextmanager
def _locked(fleet: str, paths: FleetPaths) -> Iterator[None]:
    lock = FleetLock(paths.lock)
    try:
        lock.acquire()
    except HactlError as error:
        raise CommandRejected(error.message, f"hactl --fleet {fleet} down", guard=True) from error
    try:
        yield
    finally:
        lock.release()


def _ensure_no_workers(fleet: str, paths: FleetPaths) -> None:
    if running := _running(paths):
        raise CommandRejected(
            f"processes of fleet '{fleet}' are running: {', '.join(running)}", f"hactl --fleet {fleet} down", guard=True
        )


def _others(paths: FleetPaths) -> tuple[str, ...]:
    known = {path.name for path in paths.kept()}
    try:
        return tuple(sorted(entry.name for entry in os.scandir(paths.state) if entry.name not in known))
    except OSError as error:
        raise HactlError(f"cannot read '{paths.state}': {os_reason(error)}") from error


def _is_a_fleets(paths: FleetPaths) -> bool:
    """It has a journal of ours, however damaged; or nothing that is not ours, as after a start that failed early."""
    try:
        with paths.journal.open("rb") as file:
            if int.from_bytes(file.read(100)[_APPLICATION_AT], "big") == APPLICATION_ID:
                return True
        with SqliteJournal.open_read_only(paths.journal):  # a daemon that was killed at once left it in the log only
            return True
    except FileNotFoundError:
        return not _others(paths)
    except (OSError, HactlError):
        return False


def _running(paths: FleetPaths) -> list[str]:
    """What runs of the fleet: by the id in its journal, and by its directory in command lines, should that be lost.
    Raises HactlError when that cannot be told."""
    known = _id(paths)
    found = {launch.pid: launch.instance.split("/")[1] for launch in find_instances(known)} if known else {}
    for pid in find_in(paths.state):
        found.setdefault(pid, procfs.name(pid))
    return [f"{name} (pid {pid})" for pid, name in sorted(found.items())]


def _id(paths: FleetPaths) -> str:
    """By its journal; "" when that is damaged, or not there. Raises HactlError when it cannot be opened, which says
    nothing about it."""
    try:
        return rehearse(paths).id
    except HactlError as error:
        code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_CANTOPEN and paths.journal.exists():
            raise HactlError(
                f"cannot tell what runs of this fleet: {error.message}", "raise the limit on open files"
            ) from error
        return ""


def _links(fleet: str, paths: FleetPaths) -> list[Path]:
    """The link under which a fleet with a directory of its own is found by name."""
    usual = state_home() / fleet
    return [usual] if usual.is_symlink() and usual.resolve() == paths.state.resolve() else []


def _size(path: Path) -> int:
    """Bytes on the disk of a file, or of a directory with everything in it; a link counts as itself."""
    try:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            return found.st_blocks * 512
        return sum(_size(Path(entry.path)) for entry in os.scandir(path))
    except OSError:
        return 0


def _is_our_directory(path: Path) -> bool:
    """True for a real one of this user, not for a link to one."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
