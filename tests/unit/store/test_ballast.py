import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import small_disk

from hactl.core.errors import HactlError
from hactl.store.ballast import Ballast

SIZE = 256 << 10
UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]
"""A private view of the filesystems: a disk mounted there is gone with the process that mounted it."""


def test_ballast_is_really_there(tmp_path):
    """Laid, it takes the blocks it promises; given up, it takes none; both may be asked for twice."""
    ballast = Ballast(tmp_path / "ballast", size=SIZE)
    assert not ballast.held
    for _ in range(2):
        ballast.lay()
        assert ballast.held
    status = (tmp_path / "ballast").stat()
    assert (status.st_size, status.st_mode & 0o777) == (SIZE, 0o600)
    assert status.st_blocks * 512 >= SIZE
    for _ in range(2):
        ballast.give_up()
        assert not ballast.held
    assert not list(tmp_path.iterdir())


def test_a_hollow_file_is_no_ballast(tmp_path):
    """A sparse file of the right length would free nothing: it is not held, and laying fills it."""
    path = tmp_path / "ballast"
    with path.open("wb") as file:
        file.truncate(SIZE)
    ballast = Ballast(path, size=SIZE)
    assert not ballast.held
    ballast.lay()
    assert ballast.held


def test_no_room_for_ballast(tmp_path):
    """When the room is not there, laying says so and takes none of what little there is."""
    ballast = Ballast(tmp_path / "ballast", size=1 << 60)
    with pytest.raises(HactlError, match="no room for the ballast"):
        ballast.lay()
    assert not list(tmp_path.iterdir())


def test_ballast_lets_a_full_disk_be_written(tmp_path):
    """On a disk that is really full the journal refuses whole calls, and giving up the ballast lets it go on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    possible = (
        shutil.which("unshare")
        and not subprocess.run(
            [*UNSHARE, "mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], capture_output=True, check=False
        ).returncode
    )
    if not possible:
        pytest.skip("no private mounts for this user here")
    support = Path(small_disk.__file__)
    script = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" "$3" "$1"'
    told = subprocess.run(
        [*UNSHARE, "sh", "-c", script, "sh", disk, sys.executable, support],
        env={"PYTHONPATH": str(support.parent.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    said = json.loads(told.stdout)
    assert "database or disk is full" in said.pop("refused")
    assert said == {
        "checkpoint": "refused",
        "kept_exactly_the_acknowledged": True,
        "whole_after_reopening": True,
        "ballast_held": False,
    }
