"""What there is to look at: with a daemon, without one, without any fleet."""

from pathlib import Path

from support.command import Home

from hactl.cli.checks.finding import Subject, subject
from hactl.cli.choice import Chosen
from hactl.core.spec import FleetSpec


def test_without_a_fleet_there_is_a_machine() -> None:
    assert subject(None, None) == Subject(chosen=None, spec=FleetSpec())


def test_a_fleet_is_what_its_daemon_says_and_else_what_its_journal_says(home: Home) -> None:
    home.configure(edges=1, regions={"a": 1})
    chosen = Chosen(name="t", state=home.paths.state)
    assert subject(chosen, None).fleet.id == "", "nothing yet"
    home.ok("up")
    alive = subject(chosen, None)
    assert alive.snapshot is not None
    assert alive.pids == home.pids()
    assert alive.spec == alive.fleet.spec, "where no file says otherwise, what is in force counts"
    home.ok("down")
    dead = subject(chosen, FleetSpec())
    assert dead.snapshot is None
    assert (dead.fleet.id, dead.pids) == (alive.fleet.id, {})
    assert dead.spec == FleetSpec()


def test_a_journal_that_cannot_be_read_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_text("my diary")
    assert subject(Chosen(name="t", state=tmp_path), None).fleet.id == ""
