import pytest
from support import small_disk
from support.mounts import told

from hactl.core.errors import HactlError
from hactl.store.ballast import Ballast

SIZE = 256 << 10


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
    with pytest.raises(HactlError, match="no space for the ballast"):
        ballast.lay()
    assert not list(tmp_path.iterdir())


def test_ballast_lets_a_full_disk_be_written(tmp_path):
    """On a disk that is really full the journal refuses whole calls, and giving up the ballast lets it go on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    said = told(small_disk.__file__, disk, disk=disk, size="1m")
    assert "database or disk is full" in said.pop("refused")
    assert said == {
        "checkpoint": "refused",
        "kept_exactly_the_acknowledged": True,
        "whole_after_reopening": True,
        "ballast_held": False,
    }
