"""Where an Envoy lives."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.places import fleet_paths

from hactl.core.errors import HactlError
from hactl.engines.envoy.document import Documents
from hactl.engines.envoy.seat import Seat, fleet_of, furnish, place, take


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Seat]:
    with fleet_paths(tmp_path) as paths:
        yield Seat.of(paths, "n1")


def test_nobody_else_can_look_inside(there: Seat) -> None:
    """Directories are 0700 and files 0600, whatever the umask and whatever they were before."""
    there.directory.mkdir(parents=True)
    there.directory.chmod(0o755)
    take(there)
    place(there, there.bootstrap, {})
    assert there.directory.stat().st_mode & 0o777 == 0o700
    assert there.sockets.stat().st_mode & 0o777 == 0o700
    assert there.bootstrap.stat().st_mode & 0o777 == 0o600


def test_left_over_sockets_go_and_nothing_else_does(there: Seat) -> None:
    """A dead process's socket is removed; a file in its place is somebody's and is not."""
    take(there)
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(there.admin))
    take(there)
    assert not there.admin.exists()
    there.admin.write_text("mine")
    with pytest.raises(HactlError, match="is not a socket"):
        take(there)
    assert there.admin.read_text() == "mine"


def test_a_directory_that_is_a_link_is_refused(there: Seat, tmp_path: Path) -> None:
    """Nothing is written where a planted link points."""
    (tmp_path / "elsewhere").mkdir()
    there.directory.parent.mkdir(parents=True)
    there.directory.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HactlError, match="not a directory of this user"):
        take(there)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_document_is_replaced_as_a_whole(there: Seat) -> None:
    """A reader that has the old file open still reads the old one to its end; no temporary file stays."""
    take(there)
    place(there, there.routes, {"version_info": "1"})
    with there.routes.open() as old:
        place(there, there.routes, {"version_info": "2"})
        assert json.load(old) == {"version_info": "1"}
    assert json.loads(there.routes.read_text()) == {"version_info": "2"}
    assert os.listdir(there.directory / "new") == []  # noqa: PTH208


def test_a_directory_tells_whose_it_is(there: Seat) -> None:
    """The fleet's id is found again after a restart of the daemon; an empty place belongs to nobody."""
    assert fleet_of(there) == ""
    take(there)
    furnish(there, Documents(bootstrap={"node": {"cluster": "f9"}}, listeners=(), routes={}, clusters=()), "v1")
    assert fleet_of(there) == "f9"


def test_a_path_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    """Envoy would die of it with a less helpful message."""
    with pytest.raises(HactlError, match="too long"):
        take(Seat(name="n1", directory=tmp_path / "d", sockets=tmp_path / ("x" * 100)))
