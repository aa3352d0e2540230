"""A damaged hactl.toml: a machine that comes up has its gateway all the same; a person is told, and asked to say so."""

import os
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import Home, finish, read_until, wait_gone

BROKEN = '[fleet\nname = "t"\n'
CLASHING = '[fleet]\nname = "t"\n[edge]\nport = 1\n'


@pytest.fixture(scope="module")
def settled() -> Iterator[Home]:
    """A home with a fleet that has run once, as its file said, and is down."""
    with Home() as home:
        home.configure(edges=1, regions={"a": 1})
        home.ok("up")
        home.ok("down")
        yield home


@pytest.fixture
def small(settled: Home) -> Iterator[Home]:
    """The same; whatever becomes of its file, it is as before in the end."""
    path = settled.directory / "hactl.toml"
    good = path.read_text()
    yield settled
    settled.run("--fleet", "t", "down", cwd=Path("/"))
    if path.is_dir():
        path.rmdir()
    path.write_text(good)
    shutil.rmtree(settled.state / "other", ignore_errors=True)


def answer(home: Home) -> bytes:
    """What the gateway says."""
    with urllib.request.urlopen(f"http://127.0.0.1:{home.port}/", timeout=10) as response:
        return bytes(response.read())


def spoil(home: Home, how: str) -> None:
    """Make its file unusable in one of many ways."""
    path = home.directory / "hactl.toml"
    match how:
        case "missing":
            path.unlink()
        case "a directory":
            path.unlink()
            path.mkdir()
        case "not text":
            path.write_bytes(b"\xff\xfe\x00")
        case "empty name":
            path.write_text('[fleet]\nname = "NO NAME"\n')
        case _:
            path.write_text(how)


WAYS = [BROKEN, CLASHING, "missing", "a directory", "not text", "empty name"]
IDS = ["no TOML", "wrong key", "missing", "a directory", "not text", "bad name"]


@pytest.mark.parametrize("how", WAYS, ids=IDS)
def test_a_plain_up_refuses_and_says_what_would_do(small: Home, how: str) -> None:
    """Somebody sits there and can decide: nothing is started behind their back."""
    spoil(small, how)
    path = small.directory / "hactl.toml"
    done = small.run("--fleet", "t", "up", "--config", str(path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"hactl: {path}")
    assert "hactl up --last-good" in done.stderr
    assert small.strays() == []


@pytest.mark.parametrize("how", [BROKEN, "missing"], ids=["no TOML", "missing"])
def test_with_last_good_it_starts_as_it_last_was(small: Home, how: str) -> None:
    """And nobody can overlook it: stderr, the event, the status."""
    spoil(small, how)
    path = small.directory / "hactl.toml"
    up = small.run("--fleet", "t", "up", "--last-good", "--config", str(path))
    assert up.returncode == 0, up.stderr
    assert str(path) in up.stderr
    assert "last good configuration, revision 1" in up.stderr
    assert answer(small) == b"hello\n"
    status = small.run("--fleet", "t", "status")
    assert status.returncode == 0, "it serves"
    assert "WARNING: the last good configuration (revision 1) is in force" in status.stdout
    assert "LAST GOOD CONFIGURATION in force" in small.ok("--fleet", "t", "events")
    assert small.snapshot().fleet.config_trouble.startswith(str(path))
    again = small.run("--fleet", "t", "up", "--last-good", "--config", str(path))
    assert (again.returncode, "already up" in again.stderr) == (0, True)


def test_once_the_file_is_good_again_the_warning_goes(small: Home) -> None:
    path = small.directory / "hactl.toml"
    good = path.read_text()
    path.write_text(BROKEN)
    small.ok("--fleet", "t", "up", "--last-good")
    small.ok("--fleet", "t", "down")
    path.write_text(good)
    small.ok("up")
    assert "WARNING" not in small.ok("status")
    assert small.snapshot().fleet.config_trouble == ""


@pytest.mark.parametrize("how", WAYS, ids=IDS)
def test_a_machine_that_was_rebooted_has_its_gateway(small: Home, how: str) -> None:
    """As the unit starts it: nobody is there to read an error."""
    spoil(small, how)
    path = small.directory / "hactl.toml"
    place = small.temporary / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(place))
        ear.settimeout(60)
        process = small.start("--fleet", "t", "up", "--foreground", "--config", str(path), NOTIFY_SOCKET=str(place))
        try:
            heard = []
            while "READY=1" not in heard:
                heard.append(ear.recv(4096).decode())
            assert answer(small) == b"hello\n"
            assert any(f"hactl.toml cannot be used: {path}" in message for message in heard)
            process.send_signal(signal.SIGTERM)
            code, _, said = finish(process)
            assert code == 0
            assert f"NOTE: {path}" in said
            assert "LAST GOOD CONFIGURATION in force" in said
            while heard[-1] != "STOPPING=1":
                heard.append(ear.recv(4096).decode())
        finally:
            if process.poll() is None:
                process.kill()
                finish(process)
        place.unlink()


def test_without_a_journal_there_is_nothing_to_fall_back_on(home: Home) -> None:
    """The plain error, also in the foreground."""
    path = home.configure()
    path.write_text(BROKEN)
    for mode in ("--detach", "--foreground", "--last-good"):
        done = home.run("up", mode)
        assert done.returncode == 2
        assert done.stderr.startswith(f"hactl: {path}")
        assert "--last-good" not in done.stderr
    assert not home.state.exists()


def test_a_file_that_describes_another_fleet_is_not_taken_for_it(small: Home) -> None:
    """Both were named, and they contradict each other."""
    done = small.run("--fleet", "other", "up", "--config", "hactl.toml")
    assert done.returncode == 2
    assert "describes fleet 't', not 'other'" in done.stderr


def test_a_name_that_is_none_leads_nowhere(small: Home) -> None:
    """A fleet's name becomes a path."""
    small.directory.joinpath("hactl.toml").write_text(BROKEN)
    assert small.run("--fleet", "../t", "up", "--last-good", "--config", "hactl.toml").returncode == 2


def test_in_the_foreground_there_is_one_daemon(small: Home) -> None:
    """A service manager is not told that all is well with a daemon that it does not run; and it can take over."""
    small.ok("up")
    before = small.pids()
    pid = small.snapshot().pulse.pid
    done = small.run("up", "--foreground")
    assert done.returncode == 1
    assert f"a daemon already runs for fleet 't' (pid {pid})" in done.stderr
    assert f"kill {pid}" in done.stderr
    os.kill(pid, signal.SIGTERM)
    wait_gone(pid)
    process = small.start("up", "--foreground")
    read_until(process, "in charge")
    assert small.pids() == before
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 0


def test_the_foreground_tells_what_happens(small: Home) -> None:
    """Lines with a time, for a terminal; without, for the journal of systemd."""
    process = small.start("up", "--foreground")
    assert "20" in read_until(process, "in charge")[:2]
    small.ok("wait")
    small.ok("weight", "a-1", "50", "--reason", "because", "--wait")
    small.ok("down")
    code, _, said = finish(process)
    assert code == 0
    assert "because" in said
    assert "the fleet is going down" in said
    assert "daemon exited" in said


def test_a_stuck_daemon_says_where_it_was(small: Home) -> None:
    """A service manager ends it with SIGABRT: the traceback of a loop that hangs is on stderr."""
    process: subprocess.Popen[str] = small.start("up", "--foreground")
    read_until(process, "in charge")
    process.send_signal(signal.SIGABRT)
    code, _, said = finish(process)
    assert code == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in said
    assert "hactl/processes/daemon.py" in said
