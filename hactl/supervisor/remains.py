"""What removed nodes leave behind: a directory each, with documents and logs, for whoever asks later what became of
them. The newest are kept, all older ones are deleted. Who has been removed is not decided here.
"""

import contextlib
import shutil
from collections.abc import Collection
from pathlib import Path

from hactl.paths import FleetPaths

KEPT = 10
"""Directories of nodes that are there no more; each may hold as much as [logs] allows one process."""
_ASIDE = ".removed"


def names(paths: FleetPaths) -> list[str]:
    """Every process that has a directory, whether or not it is there still."""
    with contextlib.suppress(OSError):
        return sorted(found.name for found in paths.node("").iterdir() if not found.name.startswith("."))
    return []


def set_aside(paths: FleetPaths, present: Collection[str]) -> Path | None:
    """Move the directories of all but the KEPT last removed nodes aside, at once; where to, when there is any.

    What they hold is deleted there at leisure: a node of that name may begin anew meanwhile.
    """
    gone = sorted((name for name in names(paths) if name not in present), key=lambda name: _last_written(paths, name))
    aside = paths.node(_ASIDE)
    with contextlib.suppress(OSError):  # the next round tries again
        for name in gone[:-KEPT]:
            aside.mkdir(exist_ok=True, mode=0o700)
            shutil.rmtree(aside / name, ignore_errors=True)
            paths.node(name).rename(aside / name)
            if paths.sockets != paths.state:
                shutil.rmtree(paths.node_sockets(name), ignore_errors=True)
    return aside if aside.exists() else None


def _last_written(paths: FleetPaths, name: str) -> float:
    with contextlib.suppress(OSError):
        return paths.node_log(name).stat().st_mtime
    return 0.0
