"""Where an Envoy lives."""

import json
import os
import socket
from pathlib import Path

import pytest

from hactl.core.errors import HactlError
from hactl.engines.envoy.document import Documents
from hactl.engines.envoy.seat import Seat, fleet_of, furnish, place, take
from hactl.paths import FleetPaths


def seat(tmp_path: Path) -> Seat:
    return Seat.of(FleetPaths(tmp_path), "n1")


def test_nobody_else_can_look_inside(tmp_path: Path) -> None:
    """Directories are 0700 and files 0600, whatever the umask and whatever they were before."""
    there = seat(tmp_path)
    there.directory.mkdir(parents=True)
    there.directory.chmod(0o755)
    take(there)
    place(there, there.bootstrap, {})
    assert there.directory.stat().st_mode & 0o777 == 0o700
    assert there.sockets.stat().st_mode & 0o777 == 0o700
    assert there.bootstrap.stat().st_mode & 0o777 == 0o600


def test_left_over_sockets_go_and_nothing_else_does(tmp_path: Path) -> None:
    """A dead process's socket is removed; a file in its place is somebody's and is not."""
    there = seat(tmp_path)
    take(there)
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(there.admin))
    take(there)
    assert not there.admin.exists()
    there.admin.write_text("mine")
    with pytest.raises(HactlError, match="is not a socket"):
        take(there)
    assert there.admin.read_text() == "mine"


def test_a_directory_that_is_a_link_is_refused(tmp_path: Path) -> None:
    """Nothing is written where a planted link points."""
    there = seat(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    there.directory.parent.mkdir(parents=True)
    there.directory.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HactlError, match="not a directory of this user"):
        take(there)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_document_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """A reader that has the old file open still reads the old one to its end; no temporary file stays."""
    there = seat(tmp_path)
    take(there)
    place(there, there.routes, {"version_info": "1"})
    with there.routes.open() as old:
        place(there, there.routes, {"version_info": "2"})
        assert json.load(old) == {"version_info": "1"}
    assert json.loads(there.routes.read_text()) == {"version_info": "2"}
    assert os.listdir(there.directory / "new") == []  # noqa: PTH208


def test_a_directory_tells_whose_it_is(tmp_path: Path) -> None:
    """The fleet's id is found again after a restart of the daemon; an empty place belongs to nobody."""
    there = seat(tmp_path)
    assert fleet_of(there) == ""
    take(there)
    furnish(there, Documents(bootstrap={"node": {"cluster": "f9"}}, listeners=(), routes={}, clusters=()), "v1")
    assert fleet_of(there) == "f9"


def test_a_path_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    """Envoy would die of it with a less helpful message."""
    with pytest.raises(HactlError, match="too long"):
        take(Seat(name="n1", directory=tmp_path / "d", sockets=tmp_path / ("x" * 100)))
