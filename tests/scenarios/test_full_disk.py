"""The state directory's disk is full: people are refused, the world is not, and nothing is missing afterwards."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import full_disk

pytestmark = pytest.mark.envoy

UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]
"""A private view of the filesystems: a disk mounted there is gone with the last process that sees it."""
MOUNT = "mount -t tmpfs -o size=16m none"


@pytest.fixture
def disk() -> Iterator[Path]:
    """A directory with a short name to mount a small disk on, where that is possible."""
    directory = Path(tempfile.mkdtemp(prefix="h-"))
    try:
        tried = [*UNSHARE, "sh", "-c", f'{MOUNT} "$1"', "sh", str(directory)]
        if not shutil.which("unshare") or subprocess.run(tried, capture_output=True, check=False).returncode:
            pytest.skip("no private mounts for this user here")
        yield directory
    finally:
        directory.rmdir()


def test_a_full_disk(disk: Path):
    """Commands are refused with a hint; a node that dies is replaced, at the latest when there is room again; no GET
    is lost, the daemon lives through it, and the journal has every record."""
    script = Path(full_disk.__file__)
    told = subprocess.run(
        [*UNSHARE, "sh", "-c", f'{MOUNT} "$1" && exec "$2" "$3" "$1"', "sh", str(disk), sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(script.parent.parent), "TMPDIR": str(disk)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    said = json.loads(told.stdout)
    refusals = [said[chapter].pop("refusal") for chapter in ("with ballast", "without ballast")]
    for refusal in refusals:
        assert "nothing was done" in refusal
        assert "free some disk space" in refusal
    assert said == {
        "with ballast": {"records waited": False},
        "without ballast": {"records waited": True},
        "last command": "",
        "failed requests": {},
        "same daemon": True,
        "hole-free": True,
    }
