"""Where a fleet keeps its things: the kind of filesystem, and who else may write there."""

from pathlib import Path

import pytest

from hactl.cli.checks import state
from hactl.cli.checks.finding import Finding, Subject
from hactl.cli.choice import Chosen
from hactl.core.spec import FleetSpec


def subject(place: Path, config: Path | None = None) -> Subject:
    return Subject(chosen=Chosen(name="t", state=place, config=config), spec=FleetSpec())


@pytest.mark.parametrize(
    ("mount", "ok", "says"),
    [
        ("nfs4", False, "not safe over a network"),
        ("fuse.sshfs", False, "not safe over a network"),
        ("tmpfs", False, "at a reboot"),
        ("ext4", True, "on ext4"),
    ],
)
def test_a_filesystem_that_will_bite(tmp_path: Path, mount: str, ok: bool, says: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / / rw - {mount} x rw\n")
    (found,) = state.filesystem(subject(tmp_path / "not" / "there" / "yet"), mounts=mounts)
    assert (found.ok, says in found.found) == (ok, True)
    assert bool(found.mend) != ok


def wrong(place: Path, config: Path | None = None) -> list[Finding]:
    return [finding for finding in state.rights(subject(place, config)) if not finding.ok]


def test_what_others_may_write_to_is_found(tmp_path: Path) -> None:
    """Each with the command that mends it, which does."""
    place = tmp_path / "state"
    place.mkdir(mode=0o700)
    config = tmp_path / "hactl.toml"
    config.write_text("")
    config.chmod(0o644)
    assert wrong(place, config) == [], "a configuration may be read by everybody"
    (place / "journal.db").touch(mode=0o600)
    place.chmod(0o770)
    (place / "journal.db").chmod(0o640)
    config.chmod(0o666)
    found = wrong(place, config)
    assert [finding.mend for finding in found] == [
        f"chmod go-rwx {place}",
        f"chmod go-rwx {place}/journal.db",
        f"chmod go-w {config}",
    ]
    assert "others may write to" in found[0].found
    assert "others may read" in found[1].found
    for path, taken in ((place, 0o077), (place / "journal.db", 0o077), (config, 0o022)):
        path.chmod(path.stat().st_mode & 0o7777 & ~taken)
    assert wrong(place, config) == []


def test_room_is_looked_for_where_there_is_something(tmp_path: Path) -> None:
    """Before the first start there is no directory yet."""
    (found,) = state.disk(subject(tmp_path / "a" / "b"))
    assert str(tmp_path / "a" / "b") in found.found


def test_few_inodes_are_as_bad_as_few_bytes() -> None:
    """A filesystem without a fixed number of them has enough."""
    much = state.DISK_LOW + 1
    assert state.room(much, 10_000, state.INODES_LOW) == (True, "256 MiB")
    assert state.room(much, 10_000, state.INODES_LOW - 1) == (False, "256 MiB, 999 inodes")
    assert state.room(much, 0, 0) == (True, "256 MiB")
    assert state.room(state.DISK_LOW, 10_000, 5_000) == (False, "256 MiB")


def test_a_path_too_long_for_a_socket_is_found(tmp_path: Path) -> None:
    (found,) = state.sockets(subject(tmp_path / ("d" * 200)))
    assert found.ok, "sockets then lie in a short directory elsewhere"
    assert found.found.startswith("/tmp/hactl-")
