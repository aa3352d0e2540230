"""`hactl pause` and `unpause`, and what they mean to the other verbs."""

import os
import signal
from collections.abc import Iterator

import pytest
from support.command import Home, wait_gone

from hactl.cli.status import StatusReport
from hactl.core import codec
from hactl.core.node import NodeState


@pytest.fixture
def paused(fleet: Home) -> Iterator[Home]:
    """A fleet that is paused, and well again in the end."""
    fleet.ok("pause", "--reason", "a new switch")
    yield fleet
    fleet.run("unpause", "--wait")


def test_status_says_who_paused_the_fleet_why_and_until_when(paused: Home) -> None:
    """All serves, so all is well: exit code 0, and one line that cannot be overlooked."""
    done = paused.run("status")
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("PAUSED")]
    assert " (a new switch): no repairs; to end it: hactl unpause" in line
    assert line.startswith(f"PAUSED by {paused.snapshot().fleet.paused.by} for ")
    paused.ok("pause", "--for", "10m", "--reason", "a longer one")
    assert "(a longer one): no repairs; ends automatically in 9m" in paused.ok("status")


def test_json_has_the_pause(paused: Home) -> None:
    """Part of the fleet, as the daemon holds it."""
    report = codec.decode(paused.ok("status", "--json"), StatusReport)
    assert report.snapshot.fleet.paused is not None
    assert report.snapshot.fleet.paused.reason == "a new switch"
    assert report.snapshot.fleet.paused.until is None


def test_what_dies_stays_dead_until_unpause_which_waits_for_it(paused: Home) -> None:
    """A crash, not a command: the node waits and says for what; `unpause --wait` returns when it serves again."""
    before = paused.pids()
    os.kill(before["a-1"], signal.SIGKILL)
    wait_gone(before["a-1"])
    paused.ok("wait", "a-1", "--for", "out")
    row = next(line for line in paused.run("status").stdout.splitlines() if line.startswith("a-1"))
    assert row.split()[1] == "backoff"
    assert "waits: the fleet is paused by" in row
    done = paused.run("unpause", "--wait")
    assert done.returncode == 0
    assert "a-1: starting -> serving (ready)" in done.stderr
    assert paused.snapshot().fleet.nodes["a-1"].state is NodeState.SERVING
    assert {name for name, pid in paused.pids().items() if pid != before[name]} == {"a-1"}


def test_frozen_and_thawed(paused: Home) -> None:
    """The same process all along; a second freeze and a second thaw have nothing to do."""
    before = paused.pids()
    paused.ok("freeze", "b-1", "--wait")
    again = paused.run("freeze", "b-1")
    assert (again.returncode, again.stderr.splitlines()[1]) == (1, "  try: hactl thaw b-1")
    row = next(line for line in paused.run("status").stdout.splitlines() if line.startswith("b-1"))
    assert "frozen by" in row
    assert "not killed: the fleet is paused by" in row
    paused.ok("thaw", "b-1", "--wait")
    assert paused.run("thaw", "b-1").returncode == 1
    assert paused.pids() == before
    paused.ok("status")


def test_a_pause_that_makes_no_sense_is_refused(fleet: Home) -> None:
    """Wrong words are usage, a wrong number is the core's to refuse; nothing is recorded."""
    before = fleet.untouched()
    assert fleet.run("pause", "--for", "soon").returncode == 2
    assert fleet.run("pause", "--for", "0s").returncode == 1
    done = fleet.run("pause", "--for", "400d")
    assert done.returncode == 1
    assert "is out of range" in done.stderr
    done = fleet.run("unpause")
    assert (done.returncode, done.stderr) == (1, "hactl: fleet 't' is not paused\n  try: hactl status\n")
    assert fleet.untouched() == before


def test_a_pause_stays_over_down_and_up(home: Home) -> None:
    """Nobody forgets it for the operator; what is brought up comes up."""
    home.configure()
    home.ok("up")
    home.ok("pause", "--reason", "for now")
    home.ok("down")
    home.ok("up")
    assert "PAUSED by" in home.ok("status")
    home.ok("unpause", "--wait")
    assert "PAUSED" not in home.ok("status")
    home.ok("down")
