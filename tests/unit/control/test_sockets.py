"""A socket is bound where it is safe, and nowhere else."""

import os
import socket
import stat
from contextlib import closing
from pathlib import Path

import pytest

from hactl.control.sockets import PrivateSocket, barrier
from hactl.core.errors import HactlError


def _stale(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    """What a killed daemon left behind does not keep the next one out."""
    path = tmp_path / "s"
    _stale(path)
    before = path.stat().st_ctime_ns
    with closing(PrivateSocket(path)):
        assert path.stat().st_ctime_ns > before
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_missing_directories_are_made_private(tmp_path: Path) -> None:
    """The socket's own directory is for its owner alone, whatever the umask."""
    umask = os.umask(0o002)
    try:
        with closing(PrivateSocket(tmp_path / "a" / "s")):
            assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
            assert os.umask(0o002) == 0o002
    finally:
        os.umask(umask)


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_what_is_not_a_socket_is_never_deleted(tmp_path: Path, kind: str) -> None:
    """A file in the way is somebody's file; a link is not followed."""
    path = tmp_path / "s"
    if kind == "file":
        path.write_text("precious")
    elif kind == "directory":
        path.mkdir()
    else:
        _stale(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HactlError, match="is not a socket"):
        PrivateSocket(path)
    assert path.lstat()
    if kind == "link":
        assert (tmp_path / "elsewhere").is_socket()


def test_a_live_socket_is_never_taken(tmp_path: Path) -> None:
    """Even one whose owner is too busy to accept."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as waiting:
        other.bind(str(path))
        other.listen(0)
        with pytest.raises(HactlError, match="already answers"):
            PrivateSocket(path)
        waiting.setblocking(False)
        waiting.connect_ex(str(path))
        with pytest.raises(HactlError, match="already answers"):
            PrivateSocket(path)
        assert path.is_socket()


def test_a_directory_others_may_write_into_is_refused(tmp_path: Path) -> None:
    """They could put their own socket in our place; a sticky directory like /tmp prevents that by itself."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(HactlError, match="other users may write") as error:
        PrivateSocket(shared / "s")
    assert error.value.hint == f"chmod go-w {shared}"
    shared.chmod(0o1777)
    with closing(PrivateSocket(shared / "s")):
        pass


def test_a_directory_that_is_a_link_is_refused(tmp_path: Path) -> None:
    """Somebody else may own the link and turn it."""
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(HactlError, match="another user"):
        PrivateSocket(tmp_path / "link" / "s")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    """The short directory below /tmp may have been made by somebody else first."""
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    os.chown(theirs, 65534, 65534)
    with pytest.raises(HactlError, match="another user"):
        PrivateSocket(theirs / "s")


def test_a_place_that_cannot_be_is_said(tmp_path: Path) -> None:
    """A path too long for an address, and a directory that is a file."""
    with pytest.raises(HactlError, match="cannot listen"):
        PrivateSocket(tmp_path / ("x" * 150))
    (tmp_path / "file").touch()
    with pytest.raises(HactlError, match="cannot keep a socket"):
        PrivateSocket(tmp_path / "file" / "s")


def test_a_successors_socket_is_left_alone(tmp_path: Path) -> None:
    """Closing takes away our own file only."""
    path = tmp_path / "s"
    ours = PrivateSocket(path)
    path.unlink()
    with closing(PrivateSocket(path)):
        ours.close()
        assert path.is_socket()
    ours.close()


def test_the_umask_is_given_back_after_a_failure(tmp_path: Path) -> None:
    """A refused bind must not leave the daemon writing private files only."""
    umask = os.umask(0o022)
    try:
        with pytest.raises(HactlError):
            PrivateSocket(tmp_path / ("x" * 150))
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(umask)


SOME_GROUP = 54321
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to any group")


@only_root
def test_a_socket_can_be_opened_to_a_group(tmp_path: Path) -> None:
    """The group may use the socket and pass through its directory, and see nothing else there; others nothing."""
    with closing(PrivateSocket(tmp_path / "a" / "s", SOME_GROUP)):
        socket_, directory = (tmp_path / "a" / "s").stat(), (tmp_path / "a").stat()
        assert (stat.S_IMODE(socket_.st_mode), socket_.st_gid) == (0o660, SOME_GROUP)
        assert (stat.S_IMODE(directory.st_mode), directory.st_gid) == (0o710, SOME_GROUP)
        assert (socket_.st_uid, directory.st_uid) == (os.geteuid(), os.geteuid())


@only_root
def test_a_group_that_may_not_be_given_anything_is_said(tmp_path: Path) -> None:
    """Whoever is neither root nor in the group cannot open a socket to it, and leaves none behind."""
    place = tmp_path / "a"
    place.mkdir()
    os.chown(place, 65534, 65534)
    for directory in (tmp_path, *list(tmp_path.parents)[:-1]):
        directory.chmod(directory.stat().st_mode | 0o011)
    os.seteuid(65534)
    try:
        with pytest.raises(HactlError, match=f"to group {SOME_GROUP}") as error:
            PrivateSocket(place / "s", SOME_GROUP)
    finally:
        os.seteuid(0)
    assert "must be in that group" in error.value.hint
    assert list(place.iterdir()) == []


def test_what_bars_the_way_of_a_group_is_found(tmp_path: Path) -> None:
    """The first directory that they cannot pass; the socket's own is not asked."""
    for directory in (tmp_path, *list(tmp_path.parents)[:-1]):
        directory.chmod(directory.stat().st_mode | 0o011)
    (tmp_path / "home" / "state").mkdir(parents=True, mode=0o700)
    home = tmp_path / "home"
    home.chmod(0o700)
    assert barrier(home / "state" / "s", SOME_GROUP) == home
    home.chmod(0o750)
    assert barrier(home / "state" / "s", SOME_GROUP) == home
    assert barrier(home / "state" / "s", home.stat().st_gid) is None
    home.chmod(0o701)
    assert barrier(home / "state" / "s", SOME_GROUP) is None
