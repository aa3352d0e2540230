"""Launching: whoever starts a daemon hears from itself whether it came up, in its own words."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.house import House, until_serving
from support.places import fleet_paths
from support.ports import free_port

from hactl.core.errors import HactlError
from hactl.paths import FleetPaths
from hactl.processes.launching import launch, workers
from hactl.store.lock import FleetLock


@pytest.fixture
def paths(tmp_path) -> Iterator[FleetPaths]:
    with fleet_paths(tmp_path / "state") as paths:
        yield paths


def configured(directory: Path, *, port: int | None = None, more: str = "") -> Path:
    file = directory / "hactl.toml"
    file.write_text(f"[fleet]\nname = 'launched'\n[edge]\nlisten = '127.0.0.1:{port or free_port()}'\n{more}")
    return file


def test_a_configuration_that_is_wrong_is_said_by_the_daemon(paths: FleetPaths, tmp_path) -> None:
    """The same words as `hactl config check` has, hint included; nothing is left of the attempt but its log."""
    file = configured(tmp_path, more="polcy = 'random'\n")
    with pytest.raises(HactlError, match="polcy") as error:
        launch(paths, file)
    assert error.value.message.startswith(str(file))
    assert "policy" in error.value.hint
    assert [entry.name for entry in paths.state.iterdir()] == ["daemon.log"]


def test_a_second_daemon_is_refused(paths: FleetPaths, tmp_path) -> None:
    """One fleet has one daemon, and the other one is named."""
    paths.state.mkdir()
    with FleetLock(paths.lock), pytest.raises(HactlError, match="a daemon already runs for this fleet") as error:
        launch(paths, configured(tmp_path))
    assert "hactl status" in error.value.hint


def test_a_port_that_is_taken_is_said_with_its_holder(paths: FleetPaths, tmp_path) -> None:
    """Found out before anything is started, and without leaving a fleet behind."""
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(HactlError, match=rf"port {port} on 127\.0\.0\.1 is in use by") as error,
    ):
        launch(paths, configured(tmp_path, port=port))
    assert f":{port}" in error.value.hint
    with pytest.raises(HactlError, match="no fleet here yet"):
        launch(paths, None)


def test_without_a_configuration_and_without_a_fleet_there_is_nothing_to_run(paths: FleetPaths) -> None:
    """Taking over as last configured needs something to take over."""
    with pytest.raises(HactlError, match="no fleet here yet"):
        launch(paths, None)


def test_a_daemon_that_dies_without_a_word_is_reported_with_its_log(paths: FleetPaths, tmp_path, monkeypatch) -> None:
    """The pipe ends, so nobody waits for ever. (The environment is the only door through which it can be broken.)"""
    (tmp_path / "sitecustomize.py").write_text("import os, sys; os.write(2, b'my last words\\n'); os._exit(7)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(HactlError, match="exited with code 7 before it was in charge") as error:
        launch(paths, configured(tmp_path))
    assert error.value.hint == f"see {paths.daemon_log}"
    assert paths.daemon_log.read_text() == "my last words\n"


def test_modules_that_lie_about_are_not_taken_for_our_own(paths: FleetPaths, tmp_path, monkeypatch) -> None:
    """A daemon is started wherever an operator happens to be; a `signal.py` there is not Python's."""
    (tmp_path / "signal.py").write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HactlError, match="no fleet here yet"):
        launch(paths, None)


def test_a_state_directory_that_cannot_be_made_is_said(tmp_path) -> None:
    """Before anything is started."""
    (tmp_path / "state").write_text("a file")
    with pytest.raises(HactlError, match=r"cannot write .*daemon\.log: not a directory"):
        launch(FleetPaths(tmp_path / "state" / "deeper"), None)


async def test_workers_without_a_daemon_are_found(tmp_path) -> None:
    """By the journal's fleet id in their environment, and nobody else's."""
    house = House(tmp_path)
    try:
        async with house.opened() as supervisor:
            fleet = await until_serving(supervisor)
        found = workers(house.paths)
        assert {each.pid for each in found} == {node.launch.pid for node in fleet.nodes.values() if node.launch}
    finally:
        house.tear_down()
    assert workers(house.paths) == []


def test_without_a_journal_nobody_knows_of_any_workers(paths: FleetPaths) -> None:
    """That is an error, not an empty list."""
    with pytest.raises(HactlError):
        workers(paths)
