"""A fleet's paths below a test's own directory, with the short socket directory removed afterwards."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hactl.paths import FleetPaths


@contextmanager
def fleet_paths(state: Path) -> Iterator[FleetPaths]:
    """The paths of a fleet whose state directory is `state`.

    A test's directory is usually too long for sockets, which then lie in another one that pytest does not know.
    """
    paths = FleetPaths(state)
    try:
        yield paths
    finally:
        if paths.sockets != paths.state:
            shutil.rmtree(paths.sockets, ignore_errors=True)
