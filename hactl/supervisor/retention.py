"""Removes what is too large or too old: journal records, measurements, rotated logs, leftovers of processes.

Never anything that a start needs. What cannot be removed now, for lack of space or permission, is retried next round.
"""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path

from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.paths import FleetPaths
from hactl.supervisor import logs
from hactl.supervisor.ports import Journal, Samples
from hactl.supervisor.recorder import Recorder


async def tidy(
    paths: FleetPaths, journal: Journal, recorder: Recorder, samples: Samples, fleet: Fleet, wall: float
) -> None:
    """One round; `wall` is the Unix time now."""
    with suppress(HactlError):
        _shorten(journal, recorder, fleet, wall)
    # In a thread: a log that is copied may be large.
    await asyncio.to_thread(_tidy_logs, paths, fleet, wall)
    samples.limit(max_age=fleet.spec.journal.max_age, max_size=fleet.spec.journal.max_size)


def _shorten(journal: Journal, recorder: Recorder, fleet: Fleet, wall: float) -> None:
    """Bounded in what it does at a time, so that a failover need not wait for it."""
    kept = fleet.spec.journal
    if journal.prune(wall - kept.max_age) or journal.trim(kept.max_size):
        return
    if journal.size() > kept.max_size:
        recorder.advance(fleet)


def _tidy_logs(paths: FleetPaths, fleet: Fleet, wall: float) -> None:
    kept = fleet.spec.logs
    oldest = wall - kept.max_age
    written = (path for name in fleet.nodes for path in paths.node_logs(name))
    for path in (paths.daemon_log, *written):
        with suppress(HactlError, OSError):
            logs.rotate(path, max_size=kept.max_size, keep=kept.keep)
        with suppress(OSError):
            logs.expire(path, older_than=oldest, keep=kept.keep)
    for directory in _former(paths, fleet):
        with suppress(OSError):
            if _newest(directory) < oldest:
                shutil.rmtree(directory)


def _former(paths: FleetPaths, fleet: Fleet) -> list[Path]:
    """The directories of processes that are no longer in the fleet."""
    return [paths.node(name) for name in paths.processes() if name not in fleet.nodes]


def _newest(directory: Path) -> float:
    """When anything in it was last changed, in Unix time."""
    return max(path.lstat().st_mtime for path in (directory, *directory.rglob("*")))
