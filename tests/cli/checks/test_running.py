"""A fleet that runs, and what is not as it should be with it; everything here is real."""

import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from support.build import a_spec
from support.command import Home
from support.ports import free_port
from support.script import serving

from hactl.cli.checks import running
from hactl.cli.checks.finding import Finding, Subject, subject
from hactl.cli.choice import Chosen
from hactl.core.talk import Pulse, Snapshot
from hactl.engines.envoy import binary
from hactl.supervisor import procfs


@pytest.fixture(scope="module")
def fleet() -> Iterator[Home]:
    """One edge, one node, started with a copy of Envoy that is then replaced, as an upgrade does."""
    with Home() as home:
        home.configure(edges=1, regions={"a": 1})
        copy = home.directory / "envoy"
        shutil.copy(binary.find(None), copy)
        home.ok("up", HACTL_ENVOY=str(copy))
        yield home
        home.ok("down")


def looked_at(home: Home) -> Subject:
    return subject(Chosen(name="t", state=home.paths.state), None)


def one(findings: Iterator[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_after_an_upgrade_old_processes_are_named(fleet: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when their file is gone: what runs can still be asked for its version."""
    copy = fleet.directory / "envoy"
    monkeypatch.setenv("HACTL_ENVOY", str(copy))
    assert one(running.versions(looked_at(fleet))).ok
    version = running.version_of(copy)
    copy.unlink()
    shutil.copy(sys.executable, copy)  # for its rights
    copy.write_text("#!/bin/sh\necho 'envoy  version: 0a/1.99.0/Clean/RELEASE/BoringSSL'\n")
    finding = one(running.versions(looked_at(fleet)))
    assert not finding.ok
    assert finding.found == f"running {version} (edge-1, a-1), but 1.99.0 is installed"
    assert finding.mend == "hactl restart edge-1 a-1"


def test_old_clients_are_answered(fleet: Home) -> None:
    """HTTP/1.0 without a Host, by a real request through a real edge."""
    finding = one(running.old_clients(looked_at(fleet)))
    assert (finding.ok, finding.found) == (True, "a request without Host is answered")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 426 Upgrade Required\r\n\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_an_edge_that_refuses_old_clients_is_found(answer: bytes) -> None:
    port = free_port()
    fleet = serving(a_spec(edge={"port": port}))
    with socket.create_server(("127.0.0.1", port)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        snapshot = Snapshot(fleet=fleet, at=1.0, mono=1.0)
        finding = one(running.old_clients(Subject(chosen=None, spec=fleet.spec, snapshot=snapshot, fleet=fleet)))
        thread.join()
    assert not finding.ok
    assert finding.found == f"a request without Host gets {answer.decode().strip() or 'no answer'}"


def test_a_process_that_nobody_watches_is_found(fleet: Home) -> None:
    """It bears the fleet's name, and the daemon does not know it."""
    assert one(running.strangers(looked_at(fleet))).ok
    instance = f"{looked_at(fleet).fleet.id}/a-9/1"
    with subprocess.Popen(
        [sys.executable, "-S", "-c", "print(flush=True); input()"],
        env={procfs.INSTANCE: instance},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as stray:
        assert stray.stdout is not None
        stray.stdout.readline()
        finding = one(running.strangers(looked_at(fleet)))
        stray.communicate(b"\n")
    assert not finding.ok
    assert finding.found == f"unsupervised processes: a-9 (pid {stray.pid})"
    assert finding.mend == f"kill {stray.pid}"


def test_a_second_daemon_is_found(fleet: Home) -> None:
    """Two supervisors, one of which waits for the other to fail: a leftover of some start script."""
    argv = ["-S", "-c", "print(flush=True); input()", "-m", "hactl.processes.daemon", "--state", str(fleet.paths.state)]
    with subprocess.Popen([sys.executable, *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as second:
        assert second.stdout is not None
        second.stdout.readline()
        finding = one(running.strangers(looked_at(fleet)))
        second.communicate(b"\n")
    assert not finding.ok
    assert finding.found == f"another daemon claims this fleet: pid {second.pid}"


def test_a_fleet_without_a_daemon_is_found(fleet: Home) -> None:
    """It serves, and nobody would start again what dies."""
    fleet.kill_daemon()
    try:
        finding = one(running.strangers(looked_at(fleet)))
    finally:
        fleet.ok("up")
    assert not finding.ok
    assert (finding.found, finding.mend) == ("no daemon supervises 2 processes", "hactl up, which adopts them")


@pytest.mark.parametrize(
    ("pulse", "ok", "says"),
    [
        (Pulse(version=running.__version__, lag_ms=3.0), True, "loop lag 3 ms"),
        (Pulse(version="0.0.1", pid=7), False, "hactl 0.0.1 runs (pid 7)"),
        (Pulse(version=running.__version__, unwritten=5), False, "5 records waiting for room"),
    ],
)
def test_the_daemon_is_the_one_that_is_installed_and_writes(pulse: Pulse, ok: bool, says: str) -> None:
    fleet = serving()
    snapshot = Snapshot(fleet=fleet, at=1.0, mono=1.0, pulse=pulse)
    finding = one(running.daemon(Subject(chosen=None, spec=fleet.spec, snapshot=snapshot, fleet=fleet)))
    assert (finding.ok, says in finding.found) == (ok, True)
    assert bool(finding.mend) != ok
