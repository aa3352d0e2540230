"""`hactl daemon restart`: another daemon takes over, or the one before stays; which of the two is always said."""

import signal
from pathlib import Path

import pytest
from support.command import Home, finish, wait_gone

from hactl.cli.daemon import Restarted
from hactl.core import codec


def test_another_daemon_takes_over(fleet: Home) -> None:
    """Who, from whom, how long nobody supervised, whom it has adopted; no worker is touched."""
    before, was = fleet.pids(), fleet.snapshot().pulse.pid
    done = fleet.run("daemon", "restart", "--wait")
    assert (done.returncode, done.stdout) == (0, "")
    pid = fleet.snapshot().pulse.pid
    assert pid != was
    first, second, third = done.stderr.splitlines()
    assert first == f"  the current daemon has pid {was}; starting a new one"
    assert second.startswith("daemon 0.")
    assert f"in charge (pid {pid}, was {was}), unsupervised for " in second
    assert third == "  adopted: edge-1, edge-2, a-1, a-2, b-1, b-2"
    assert fleet.pids() == before


def test_json_is_one_document(fleet: Home) -> None:
    """The contract."""
    was = fleet.snapshot().pulse.pid
    done = fleet.run("daemon", "restart", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = codec.decode(done.stdout, Restarted)
    assert (told.fleet, told.was, told.pid) == ("t", was, fleet.snapshot().pulse.pid)
    assert told.gap_s is not None
    assert told.gap_s > 0
    assert told.adopted == tuple(fleet.pids())
    assert (told.refused, told.notes) == ((), ())


def test_a_dry_run_reads_what_another_daemon_would_and_changes_nothing(fleet: Home) -> None:
    before, was = fleet.untouched(), fleet.snapshot().pulse.pid
    assert fleet.ok("daemon", "restart", "--dry-run").startswith(f"would replace the daemon (pid {was}) with hactl 0.")
    assert fleet.json("daemon", "restart", "--dry-run")["adopts"] == list(fleet.pids())
    assert (fleet.untouched(), fleet.snapshot().pulse.pid) == (before, was)


@pytest.fixture
def small(home: Home) -> Home:
    """A small fleet of its own, configured, not running."""
    home.configure(edges=1, regions={"a": 1})
    return home


def test_a_configuration_that_is_wrong_is_found_out_before_anybody_leaves(small: Home) -> None:
    """Exit code 2, and the daemon in charge has not noticed; a group that is none is found out by the new one."""
    small.ok("up")
    was, journal = small.snapshot().pulse.pid, small.untouched()
    small.configure("nonsense = 1")
    assert small.run("daemon", "restart").returncode == 2
    config = small.configure(edges=1, regions={"a": 1})
    config.write_text(config.read_text().replace('name = "t"', 'name = "t"\ngroup = "no-such-group"'))
    done = small.run("daemon", "restart")
    assert done.returncode == 1
    assert "the new daemon failed, the old one stays in charge: fleet.group: there is no group" in done.stderr
    assert (small.snapshot().pulse.pid, small.untouched()) == (was, journal)
    small.ok("down")


def test_rules_are_changed_under_a_running_fleet(small: Home) -> None:
    """Into read-only and out again: every write is refused with 5 meanwhile, and no worker notices."""
    small.ok("up")
    before = small.pids()
    small.configure("[safety]\nread_only = true\n", edges=1, regions={"a": 1})
    small.ok("daemon", "restart")
    assert "READ-ONLY: every command is refused" in small.ok("status")
    for write in (("down",), ("kill", "a-1"), ("pause",), ("unpause",), ("policy", "random"), ("freeze", "a-1")):
        refused = small.run(*write)
        assert refused.returncode == 5, write
        assert "then: hactl daemon restart" in refused.stderr
    small.configure(edges=1, regions={"a": 1})
    small.ok("daemon", "restart")
    assert "READ-ONLY" not in small.ok("status")
    assert [line.split()[0] for line in small.ok("config", "history").splitlines()[1:]] == ["1", "2", "3"]
    assert small.pids() == before
    small.ok("down")


def test_in_the_foreground_it_is_for_whoever_started_it(small: Home) -> None:
    """Replaced behind the back of a terminal, or of a service manager, it would be two daemons' fight."""
    process = small.start("up", "--foreground")
    while small.run("wait").returncode != 0:
        assert process.poll() is None, finish(process)
    done = small.run("daemon", "restart")
    assert done.returncode == 1
    assert "runs in the foreground: restart it where it was started" in done.stderr
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 0
    small.ok("down")


def test_without_a_daemon_there_is_nothing_to_replace(small: Home) -> None:
    """Exit code 6, and the way to go on; a fleet that nobody knows likewise."""
    small.ok("up")
    small.kill_daemon()
    done = small.run("daemon", "restart")
    assert done.returncode == 6
    assert "hactl up starts a daemon, which adopts the running processes" in done.stderr
    small.ok("up")
    small.ok("down")
    assert small.run("--fleet", "nobody", "daemon", "restart", cwd=Path("/")).returncode == 6


def test_a_new_daemon_that_fails_after_the_old_one_has_left_is_said_loudly(small: Home) -> None:
    """Nobody supervises then, the workers live on, and the next `up` adopts them."""
    small.ok("up")
    before, was = small.pids(), small.snapshot().pulse.pid
    view = small.paths.control_read_only
    view.unlink()
    view.touch()  # in the way of a new daemon, and of nobody before that
    done = small.run("daemon", "restart")
    assert done.returncode == 1
    assert "fleet 't' is UNSUPERVISED, its processes run on: the new daemon failed: " in done.stderr
    assert f"'{view}' is in the way and is not a socket" in done.stderr
    wait_gone(was)
    view.unlink()
    small.ok("up")
    assert small.pids() == before
    small.ok("down")
