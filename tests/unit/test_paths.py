"""Where things are: short enough for sockets, and found again."""

import os
from pathlib import Path

import pytest

from hactl.paths import SOCKET_PATH_LIMIT, FleetPaths, state_home, themes


def test_a_short_state_directory_holds_everything() -> None:
    paths = FleetPaths(Path("/run/x"))
    assert paths.control == Path("/run/x/control.sock")
    assert paths.journal == Path("/run/x/journal.db")
    assert paths.node_log("a-1") == Path("/run/x/nodes/a-1/process.log")
    assert paths.node_sockets("a-1") == Path("/run/x/nodes/a-1")


def test_a_socket_fits_into_an_address_wherever_the_state_is() -> None:
    """The longest name a node can have, in a state directory of any length."""
    for length in range(1, 140):
        paths = FleetPaths(Path("/" + "d" * length))
        for path in (paths.control, paths.control_read_only, paths.node_sockets("n" * 36) / "admin.sock"):
            assert len(os.fsencode(path)) <= SOCKET_PATH_LIMIT


def test_sockets_that_moved_are_found_again_and_not_shared() -> None:
    """The same place for the same fleet, another one for another."""
    deep = Path("/" + "d" * 120)
    assert FleetPaths(deep).sockets == FleetPaths(deep).sockets
    assert FleetPaths(deep).sockets != FleetPaths(deep / "e").sockets


def test_drills_are_found_again_through_a_link(tmp_path: Path) -> None:
    """Beside the real directory: it does not matter how somebody came to the fleet."""
    (tmp_path / "big" / "shop").mkdir(parents=True)
    (tmp_path / "shop").symlink_to(tmp_path / "big" / "shop")
    assert FleetPaths(tmp_path / "shop").drills == FleetPaths(tmp_path / "big" / "shop").drills
    assert FleetPaths(tmp_path / "big" / "shop").drills == tmp_path / "big" / "shop.drills"


def test_who_has_a_directory_is_found_by_it(tmp_path: Path) -> None:
    """Also who has been removed; not what hactl itself works in."""
    paths = FleetPaths(tmp_path)
    assert paths.processes() == []
    for name in ("seoul-1", "edge-1", ".twin-edge"):
        paths.node(name).mkdir(parents=True)
    assert paths.processes() == ["edge-1", "seoul-1"]


def test_what_a_process_writes_is_its_log_and_its_engines_files(tmp_path: Path) -> None:
    """Old pieces of them are not written any more."""
    paths = FleetPaths(tmp_path)
    assert paths.node_logs("a-1") == (paths.node_log("a-1"),)
    paths.node("a-1").mkdir(parents=True)
    for name in ("process.log", "process.log.1", "errors.jsonl", "errors.jsonl.1", "bootstrap.json"):
        (paths.node("a-1") / name).touch()
    assert paths.node_logs("a-1") == (paths.node_log("a-1"), paths.node("a-1") / "errors.jsonl")


def test_the_state_home_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """HACTL_STATE_DIR, then XDG_STATE_HOME, then the home directory: the environment is the interface here."""
    monkeypatch.setenv("HOME", "/h")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("HACTL_STATE_DIR", raising=False)
    assert state_home() == Path("/h/.local/state/hactl")
    monkeypatch.setenv("XDG_STATE_HOME", "/x")
    assert state_home() == Path("/x/hactl")
    monkeypatch.setenv("HACTL_STATE_DIR", "/s")
    assert state_home() == Path("/s")
    assert FleetPaths.of("name").state == Path("/s/name")


def test_the_themes_are_where_they_are_said_to_be() -> None:
    assert (themes() / "README.md").is_file()


def test_a_journal_that_may_not_be_looked_at_is_none_for_this_user(tmp_path: Path) -> None:
    """No error, whatever stands in the way: whoever asks has another place to look, the daemon."""
    paths = FleetPaths(tmp_path)
    assert not paths.has_journal
    paths.journal.touch(mode=0o600)
    assert paths.has_journal
    (tmp_path / "file").touch()
    assert not FleetPaths(tmp_path / "file").has_journal
