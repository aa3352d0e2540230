"""How long the individual requests of a drill are kept: for a time, and for a number of runs. Reports are kept forever.

A report is small and says all that was found; the requests behind it are tens of MB for half an hour. What is removed
is noted in the run's directory, so that a report whose requests are gone is told from one whose requests are missing.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from hactl.core.errors import HactlError, os_reason
from hactl.drill import filing

KEPT = 50
"""Runs, the newest."""
LONGEST = 30 * 86400.0
"""Seconds."""


def surplus(ended: Sequence[float], now: float) -> list[int]:
    """Which of the runs that ended then (Unix time, oldest first) have their requests no longer; by position."""
    return [at for at, moment in enumerate(ended) if at < len(ended) - KEPT or now - moment > LONGEST]


def prune(directories: Iterable[Path], now: float) -> None:
    """Remove the requests of runs that need them no longer; `directories` are of runs, oldest first, and those without
    a report are left alone. Raises HactlError when one cannot be removed."""
    try:
        reports = [one / filing.REPORT for one in directories]
        runs = [(one.parent, one.stat().st_mtime) for one in reports if one.exists()]
        for at in surplus([ended for _, ended in runs], now):
            _remove(runs[at][0])
    except OSError as error:
        why = os_reason(error)
        raise HactlError(f"cannot remove old requests: {error.filename}: {why}", "ls -l; df -h") from error


def _remove(directory: Path) -> None:
    names = [name for name in filing.STREAMS if (directory / name).exists()]
    if not names:
        return
    note, known = directory / filing.REMOVED, set[str]()
    with suppress(FileNotFoundError):
        known = set(note.read_text().splitlines())
    note.write_text("".join(f"{name}\n" for name in sorted(known | set(names))))
    for name in names:
        (directory / name).unlink()
