"""Programs of tests with mounts of their own, where this user may make some: a disk of theirs is gone with the last
process that sees it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 180.0
"""Seconds after which a program that does not end has failed; never a measure of anything."""
UNSHARE = ("unshare", "--user", "--map-root-user", "--mount")


def told(*arguments: str | Path, disk: Path | None = None, size: str = "", **more: str) -> Any:
    """What `python ARGUMENTS` prints as JSON, with `more` in its environment; `disk` is a tmpfs of that size for it.

    Skips the test where this user can make no private mounts.
    """
    mount = f'mount -t tmpfs -o size={size} none "$0" && exec "$@"'
    private = UNSHARE if disk is None else (*UNSHARE, "sh", "-c", mount, str(disk))
    if not shutil.which("unshare") or subprocess.run([*private, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no private mounts for this user here")
    ran = subprocess.run(
        [*private, sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
