"""The daemon's door: exit codes, errors as sentences. What it does inside has tests of its own."""

import os
from collections.abc import Iterator

import pytest
from support.places import fleet_paths
from support.ports import free_port

from hactl.core.errors import ConfigError
from hactl.paths import FleetPaths
from hactl.processes.daemon import _configuration, clock_of_this_boot, main
from hactl.store.lock import FleetLock
from hactl.supervisor import procfs


@pytest.fixture
def paths(tmp_path) -> Iterator[FleetPaths]:
    with fleet_paths(tmp_path / "state") as paths:
        yield paths


def test_a_file_that_cannot_be_used_is_no_hindrance_to_a_fleet_that_was_there(paths: FleetPaths, tmp_path) -> None:
    """But only when that was asked for, and only for a fleet that can know what was good."""
    file = tmp_path / "hactl.toml"
    file.write_text("[edge")
    with pytest.raises(ConfigError):
        _configuration(file, paths, last_good=True)
    paths.state.mkdir()
    paths.journal.touch()
    with pytest.raises(ConfigError):
        _configuration(file, paths, last_good=False)
    spec, trouble = _configuration(file, paths, last_good=True)
    assert spec is None
    assert trouble.startswith(f"{file}:")
    file.write_text("[edge]\nlisten = '127.0.0.1:1234'\n")
    spec, trouble = _configuration(file, paths, last_good=True)
    assert (spec.edge.port if spec else 0, trouble) == (1234, "")
    assert _configuration(None, paths, last_good=True) == (None, "")


def test_a_wrong_configuration_ends_with_1(paths: FleetPaths, tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing has been made then, not even the state directory."""
    file = tmp_path / "hactl.toml"
    file.write_text("[edge]\nport = 'http'\n")
    assert main(["--config", str(file), "--state", str(paths.state)]) == 1
    assert capsys.readouterr().err.startswith(f"hactl: {file}")
    assert not paths.state.exists()


def test_a_second_daemon_ends_with_1(paths: FleetPaths, tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says who has the fleet, and touches nothing of it."""
    paths.state.mkdir()
    file = tmp_path / "hactl.toml"
    file.write_text(f"[edge]\nlisten = '127.0.0.1:{free_port()}'\n")
    with FleetLock(paths.lock):
        assert main(["--config", str(file), "--state", str(paths.state)]) == 1
    told = capsys.readouterr().err
    assert f"a daemon already runs for this fleet (pid {os.getpid()})" in told
    assert [entry.name for entry in paths.state.iterdir()] == ["daemon.lock"]


def test_a_state_directory_that_cannot_be_made_ends_with_1(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence, no traceback."""
    (tmp_path / "state").write_text("a file")
    assert main(["--state", str(tmp_path / "state" / "deeper")]) == 1
    told = capsys.readouterr().err
    assert "cannot make the state directory" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777])
def test_a_state_directory_that_others_may_write_to_is_refused(
    paths: FleetPaths, mode: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever could put a journal there could have any program run."""
    paths.state.mkdir()
    paths.state.chmod(mode)
    assert main(["--state", str(paths.state)]) == 1
    said = f"hactl: other users may write to the state directory '{paths.state}'\n  try: chmod go-w {paths.state}\n"
    assert capsys.readouterr().err == said
    assert list(paths.state.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_state_directory_of_somebody_else_is_refused(paths: FleetPaths, capsys: pytest.CaptureFixture[str]) -> None:
    """Root, too, runs nothing that another user has written down."""
    paths.state.mkdir()
    os.chown(paths.state, 65534, 65534)
    assert main(["--state", str(paths.state)]) == 1
    assert f"the state directory '{paths.state}' belongs to another user" in capsys.readouterr().err


def test_what_the_daemon_was_given_open_is_not_for_its_workers(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe whose end somebody waits for would not end for as long as a worker lives."""
    reading, writing = os.pipe()
    try:
        os.set_inheritable(writing, True)
        assert main(["--config", str(tmp_path / "none"), "--state", str(tmp_path / "state")]) == 1
        assert not os.get_inheritable(writing)
    finally:
        os.close(reading)
        os.close(writing)
    assert "no such file" in capsys.readouterr().err


def test_a_journal_that_is_none_ends_with_1(paths: FleetPaths, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody else's file is not overwritten."""
    paths.state.mkdir()
    paths.journal.write_text("my diary " * 1000)
    assert main(["--state", str(paths.state)]) == 1
    assert "journal" in capsys.readouterr().err
    assert paths.journal.read_text().startswith("my diary")


def test_the_state_directory_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    """A daemon never guesses where its fleet is."""
    with pytest.raises(SystemExit):
        main([])
    assert "--state" in capsys.readouterr().err


def test_the_clock_tells_the_boot_it_belongs_to() -> None:
    """The monotonic clock goes on, and is the kernel's own, by which process starts are stamped."""
    clock = clock_of_this_boot()
    first, second = clock(), clock()
    assert second.mono >= first.mono
    assert first.boot == procfs.boot_id()
    started = procfs.monotonic_at(procfs.start_ticks(os.getpid()) or 0)
    assert 0 < started < first.mono
