"""What a purge removes and what it does not; every fleet here is files only, and nothing runs unless it is said."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.descriptors import few_left
from support.places import fleet_paths
from support.script import serving

from hactl.core.config_events import FleetFounded
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.events import Record
from hactl.core.value import replace
from hactl.paths import FleetPaths
from hactl.processes.purging import ensure_stopped, purge, survey
from hactl.store.ballast import Ballast
from hactl.store.journal import SqliteJournal
from hactl.store.lock import FleetLock
from hactl.supervisor import procfs


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FleetPaths]:
    """What a fleet has kept."""
    monkeypatch.setenv("HACTL_STATE_DIR", str(tmp_path / "home"))
    with fleet_paths(tmp_path / "state") as paths:
        found(paths)
        yield paths


def found(paths: FleetPaths) -> None:
    """A fleet with everything that one leaves behind."""
    paths.state.mkdir(mode=0o700)
    fleet = replace(serving(), id=f"purged-{os.getpid()}")
    with SqliteJournal(paths.journal) as journal:
        event = FleetFounded(id=fleet.id, revision=1, spec=fleet.spec, nodes=tuple(fleet.nodes.values()))
        journal.append([Record(seq=1, wall=1.0, mono=1.0, event=event)], durable=True)
    with FleetLock(paths.lock):
        pass
    Ballast(paths.ballast, 1 << 16).lay()
    for path in (paths.daemon_log, paths.daemon_log.with_name("daemon.log.1"), paths.node_log("a-1")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("said\n")


def all_of(paths: FleetPaths) -> list[str]:
    return [piece.path for piece in purge("t", paths)]


def test_nothing_is_left_and_everything_is_said(paths: FleetPaths) -> None:
    """The journal goes last but for the directory itself, so that what was interrupted can be done again."""
    removed = all_of(paths)
    assert not paths.state.exists()
    assert removed[-2:] == [str(paths.journal), str(paths.state)]
    names = {Path(path).name for path in removed}
    assert names >= {"daemon.log", "daemon.log.1", "nodes", "ballast", "daemon.lock", "journal.db"}
    assert not paths.sockets.exists()


def test_to_look_changes_nothing(paths: FleetPaths) -> None:
    before = sorted((path, path.lstat().st_mtime_ns) for path in paths.state.rglob("*"))
    remains = survey("t", paths)
    assert remains.bytes > 1 << 16
    assert sorted((path, path.lstat().st_mtime_ns) for path in paths.state.rglob("*")) == before


def test_it_may_be_interrupted_anywhere(paths: FleetPaths) -> None:
    """After each single step the rest can still be purged."""
    for steps in itertools.count(1):
        going = purge("t", paths)
        done = list(itertools.islice(going, steps))
        going.close()
        if paths.state.exists():
            all_of(paths)
        assert not paths.state.exists()
        if len(done) < steps:
            break
        found(paths)


def test_what_is_not_the_fleets_stays(paths: FleetPaths) -> None:
    """Somebody chose their project's directory as the state directory."""
    (paths.state / "hactl.toml").write_text("")
    (paths.state / "thesis.tex").write_text("years of work")
    assert survey("t", paths).others == ("hactl.toml", "thesis.tex")
    all_of(paths)
    assert sorted(entry.name for entry in paths.state.iterdir()) == ["hactl.toml", "thesis.tex"]


def test_links_are_removed_and_not_followed(paths: FleetPaths, tmp_path: Path) -> None:
    """Whatever they lead to is somebody else's."""
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (treasure / "gold").write_text("gold")
    (paths.state / "nodes" / "a-1" / "link").symlink_to(treasure)
    (paths.state / "nodes" / "a-2").symlink_to(treasure)
    (paths.state / "daemon.log.2").symlink_to(treasure / "gold")
    all_of(paths)
    assert (treasure / "gold").read_text() == "gold"
    found(paths)
    (paths.state / "nodes").rename(tmp_path / "nodes")
    (paths.state / "nodes").symlink_to(tmp_path / "nodes")
    all_of(paths)
    assert (tmp_path / "nodes" / "a-1" / "process.log").exists()


def test_a_directory_that_is_no_fleets_is_refused(tmp_path: Path) -> None:
    """Not even a lock is left in it."""
    for name, content in (("notes.txt", "mine"), ("journal.db", "my diary " * 100)):
        place = tmp_path / name.partition(".")[0]
        place.mkdir()
        (place / name).write_text(content)
        with pytest.raises(HactlError, match="is not the state directory of a fleet"):
            all_of(FleetPaths(place))
        assert [entry.name for entry in place.iterdir()] == [name]
    with pytest.raises(HactlError, match="nothing is kept of fleet"):
        survey("t", FleetPaths(tmp_path / "nowhere"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_somebody_else_is_refused(paths: FleetPaths) -> None:
    os.chown(paths.state, 65534, 65534)
    with pytest.raises(HactlError, match="belongs to another user"):
        survey("t", paths)


def test_a_damaged_journal_is_still_one(paths: FleetPaths) -> None:
    """That is when people want to be rid of it."""
    with paths.journal.open("r+b") as file:
        file.seek(200)
        file.write(b"\xff" * 4000)
    all_of(paths)
    assert not paths.state.exists()


def test_while_a_daemon_has_it_nothing_goes(paths: FleetPaths) -> None:
    """Refused as by a safety rule; and while a purge goes on no daemon can start."""
    with FleetLock(paths.lock):
        for action in (lambda: ensure_stopped("t", paths), lambda: all_of(paths)):
            with pytest.raises(CommandRejected, match="a daemon already runs") as refused:
                action()
            assert refused.value.guard
    assert paths.journal.exists()
    going = purge("t", paths)
    next(going)
    with pytest.raises(HactlError, match="a daemon already runs"):
        FleetLock(paths.lock).acquire()
    going.close()


ORPHAN = "import sys; print('up', flush=True); sys.stdin.read()"


@contextmanager
def orphan(*program: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of the fleet that a daemon has left behind; it ends when its input does."""
    with subprocess.Popen(
        [sys.executable, "-S", *program],
        env={procfs.INSTANCE: f"purged-{os.getpid()}/a-1/1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        yield worker


@pytest.mark.parametrize("lost", [False, True], ids=["known by its id", "journal unreadable"])
def test_while_a_process_is_left_nothing_goes(paths: FleetPaths, lost: bool) -> None:
    """Orphans of a dead daemon serve traffic, and write into these very files."""
    place = paths.node("a-1") / "run.py"
    place.write_text(ORPHAN)
    with orphan(str(place)) as worker:
        if lost:
            with paths.journal.open("r+b") as file:
                file.seek(200)
                file.write(b"\xff" * 4000)
        with pytest.raises(CommandRejected, match=rf"are running: .*\(pid {worker.pid}\)"):
            all_of(paths)
        assert paths.journal.exists()
        worker.communicate()
    all_of(paths)


def test_a_process_is_not_overlooked_for_want_of_descriptors(paths: FleetPaths) -> None:
    """Whatever cannot be opened, the journal or what the kernel says of a process: nothing goes while one runs."""
    with orphan("-c", ORPHAN) as worker:
        said = []
        for left in range(9):
            with few_left(left), pytest.raises(HactlError) as refused:
                all_of(paths)
            said.append(refused.value.message)
        assert not [one for one in said if one.startswith("cannot remove")], "that is too late to find out"
        assert f"a-1 (pid {worker.pid})" in said[-1]
        assert paths.journal.exists()
        worker.communicate()
    all_of(paths)


def test_the_name_under_which_it_was_found_goes_as_well(paths: FleetPaths, tmp_path: Path) -> None:
    """But not a name that leads to another fleet."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "t").symlink_to(paths.state)
    (home / "u").symlink_to(tmp_path)
    all_of(paths)
    assert sorted(entry.name for entry in home.iterdir()) == ["u"]


def test_sockets_elsewhere_go_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long path has its sockets in a short directory; a link in its place is nobody's business."""
    monkeypatch.setenv("HACTL_STATE_DIR", str(tmp_path / "home"))
    long = tmp_path / ("d" * 100)
    paths = FleetPaths(long)
    found(paths)
    assert paths.sockets.parent == Path("/tmp")
    try:
        (paths.sockets / "nodes" / "a-1").mkdir(parents=True)
        assert str(paths.sockets) in all_of(paths)
        assert not paths.sockets.exists()
        found(paths)
        paths.sockets.symlink_to(tmp_path)
        assert str(paths.sockets) not in all_of(paths)
        assert paths.sockets.is_symlink()
    finally:
        if paths.sockets.is_symlink():
            paths.sockets.unlink()
