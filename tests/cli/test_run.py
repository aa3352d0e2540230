"""A fleet from `init` to `down`, and everything in between that goes differently than planned."""

import os
import signal
import subprocess
import urllib.request

import pytest
from support.command import Home, finish, wait_gone

from hactl.config import load
from hactl.tui.lifetime import UP_ALREADY


@pytest.fixture
def small(home: Home) -> Home:
    """A home with a hactl.toml of one edge and one node; nothing runs yet."""
    home.configure(edges=1, regions={"a": 1})
    return home


class TestInit:
    def test_what_it_writes_is_a_configuration_named_after_its_directory(self, home: Home) -> None:
        done = home.run("init", "My Gateway_2")
        assert done.returncode == 0
        path = home.directory / "My Gateway_2" / "hactl.toml"
        assert load(path).name == "my-gateway-2"
        assert done.stderr == "wrote My Gateway_2/hactl.toml; next: hactl up\n"

    @pytest.mark.parametrize("directory", ["é", "---", "日本"])
    def test_a_directory_no_fleet_can_be_called_after_is_fine(self, home: Home, directory: str) -> None:
        home.ok("init", "--", directory)
        assert load(home.directory / directory / "hactl.toml").name == "default"

    def test_a_file_that_is_there_is_kept(self, home: Home) -> None:
        path = home.configure()
        text = path.read_text()
        done = home.run("init")
        assert done.returncode == 1
        assert "--force" in done.stderr
        assert path.read_text() == text
        home.ok("init", "--force", "--name", "other")
        assert load(path).name == "other"

    def test_a_name_no_fleet_can_have_is_refused(self, home: Home) -> None:
        assert home.run("init", "--name", "a/b").returncode == 2
        assert not (home.directory / "hactl.toml").exists()

    def test_a_directory_that_cannot_be_is_one_line(self, home: Home) -> None:
        (home.directory / "file").write_text("")
        done = home.run("init", "file/x")
        assert done.returncode == 1
        assert done.stderr.startswith("hactl: cannot write file/x/hactl.toml: not a directory")


class TestUp:
    def test_returns_when_requests_are_answered(self, small: Home) -> None:
        done = small.run("up")
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == f"fleet t serves on http://127.0.0.1:{small.port}\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{small.port}/", timeout=10) as answer:
            assert answer.read() == b"hello\n"
        small.ok("down")
        assert small.strays() == []
        assert small.sockets() == []

    def test_a_second_one_changes_nothing(self, fleet: Home) -> None:
        before = fleet.untouched()
        up = fleet.run("up", "--json")
        assert up.returncode == 0
        assert up.stderr == f"fleet t {UP_ALREADY}\n"  # the console goes by it
        assert f'"listen":"127.0.0.1:{fleet.port}"' in up.stdout
        assert fleet.untouched() == before

    def test_a_changed_file_is_not_taken_into_force_but_told(self, fleet: Home) -> None:
        path = fleet.directory / "hactl.toml"
        good = path.read_text()
        before = fleet.untouched()
        path.write_text(good.replace('"127.0.0.1:', '"127.0.0.2:'))
        try:
            up = fleet.run("up")
        finally:
            path.write_text(good)
        assert up.returncode == 0
        assert "note: " in up.stderr
        assert f"serves on http://127.0.0.1:{fleet.port}" in up.stderr, "where it is, not where the file says"
        assert fleet.untouched() == before

    def test_a_dry_run_starts_nothing(self, small: Home) -> None:
        assert small.ok("up", "--dry-run") == (
            f"fleet t would be started: 1 edge, 1 node, state in {small.state / 't'}\n"
        )
        assert small.json("up", "--dry-run")["running"] is False
        assert not small.state.exists()

    def test_one_thing_at_a_time(self, small: Home) -> None:
        assert small.run("up", "--foreground", "--detach").returncode == 2

    def test_it_adopts_what_a_dead_daemon_left(self, small: Home) -> None:
        """The workers of before are the workers of after."""
        small.ok("up")
        before = small.pids()
        small.kill_daemon()
        small.ok("up", "--detach")
        assert small.pids() == before
        small.ok("down")


class TestForeground:
    def up(self, home: Home) -> "subprocess.Popen[str]":
        process = home.start("up", "--foreground")
        for _ in range(400):
            done = home.run("wait")
            if done.returncode == 0:
                return process
            assert process.poll() is None, finish(process)
        raise AssertionError("it does not serve")

    def test_sigterm_ends_the_daemon_and_leaves_the_workers(self, small: Home) -> None:
        """The data plane outlives the control plane; `down` then finds and ends what is left."""
        process = self.up(small)
        pids = set(small.pids().values())
        process.send_signal(signal.SIGTERM)
        assert finish(process)[0] == 0
        assert pids <= set(small.strays())
        with urllib.request.urlopen(f"http://127.0.0.1:{small.port}/", timeout=10) as answer:
            assert answer.read() == b"hello\n"
        down = small.run("down")
        assert down.returncode == 0
        assert down.stderr.startswith("no daemon is running, but workers are: adopting them first\n")
        assert small.strays() == []

    def test_down_from_elsewhere_ends_it(self, small: Home) -> None:
        process = self.up(small)
        small.ok("down")
        assert finish(process)[0] == 0
        assert small.strays() == []


class TestDown:
    def test_twice(self, small: Home) -> None:
        small.ok("up")
        first = small.run("down", "--reason", "enough")
        assert first.returncode == 0
        assert "everything has stopped" in first.stderr
        second = small.run("down")
        assert (second.returncode, second.stderr) == (0, "fleet t is already down\n")
        assert "enough" in small.ok("events")
        assert small.json("fleets")["fleets"][0]["verdict"] == "down"

    def test_json_is_one_document(self, small: Home) -> None:
        small.ok("up")
        down = small.run("down", "--json")
        assert down.stderr == ""
        assert '"outcome":"done"' in down.stdout
        assert small.json("down") == {"version": 1, "fleet": "t", "ended": None}

    def test_what_never_was_up_is_down(self, small: Home) -> None:
        """So that a script may clean up whatever it came to; but a name that nobody knows is a slip."""
        assert small.run("down").stderr == "fleet t is already down\n"
        assert not small.state.exists()
        assert small.run("--fleet", "typo", "down").returncode == 6

    def test_a_dead_daemon_is_no_excuse(self, small: Home) -> None:
        small.ok("up")
        pids = small.pids()
        small.kill_daemon()
        assert small.ok("down", "--dry-run") == "would stop: a-1, edge-1\n"
        assert set(small.strays()) == set(pids.values()), "a dry run starts no daemon either"
        small.ok("down")
        for pid in pids.values():
            wait_gone(pid)
        assert small.strays() == []
        assert small.sockets() == []

    def test_a_dry_run_stops_nothing(self, fleet: Home) -> None:
        before = fleet.untouched()
        assert fleet.json("down", "--dry-run") == {
            "version": 1,
            "fleet": "t",
            "stops": ["edge-1", "edge-2", "a-1", "a-2", "b-1", "b-2"],
        }
        assert fleet.untouched() == before

    def test_up_after_down_is_a_fleet_again(self, small: Home) -> None:
        """The journal goes on: one history for one fleet."""
        small.ok("up")
        small.ok("down")
        seq = len(small.ok("events", "--limit", "10000").splitlines())
        small.ok("up")
        assert small.untouched()[0] > seq
        small.ok("down")


def test_the_directory_is_private(fleet: Home) -> None:
    """Nobody else reads the journal or opens the control socket."""
    assert fleet.paths.state.stat().st_mode & 0o777 == 0o700
    assert fleet.paths.control.stat().st_mode & 0o077 == 0


def test_interrupting_up_leaves_a_fleet_that_can_be_taken_down(small: Home) -> None:
    process = small.start("up")
    while not small.paths.control.exists():
        assert process.poll() is None
        os.sched_yield()
    process.send_signal(signal.SIGINT)
    code, _, said = finish(process)
    assert code in (0, 130)
    assert "Traceback" not in said
    small.ok("down")
    assert small.strays() == []


def test_up_that_is_not_in_time_says_what_it_waits_for(home: Home) -> None:
    """A program that does not listen: the answer is there, and need not be looked for."""
    home.configure('[gateway]\nkind = "command"\ncommand = ["sleep", "60"]\nstart_timeout = "2s"\n', regions={"a": 1})
    done = home.run("up", "--timeout", "5s")
    assert done.returncode == 4, done
    error, hint = done.stderr.strip().splitlines()[-2:]
    assert error.startswith("hactl: timed out after 5 s waiting for the whole fleet to serve; 'a-1': ")
    assert "it runs, but nothing listens on 127.0.0.1:" in error
    assert hint == "  try: hactl logs a-1"
    home.ok("down")
