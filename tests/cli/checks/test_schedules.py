"""What a schedule will need, looked for before its time comes."""

from pathlib import Path

import pytest
from support.build import a_spec

from hactl.cli.checks import schedules
from hactl.cli.checks.finding import Finding, Subject
from hactl.core.schedule import ScheduleSpec


def looked(schedule: ScheduleSpec, *, allowed: bool = True) -> Finding:
    spec = a_spec(safety={"scheduled_drills": allowed}, schedules=(schedule,))
    (finding,) = schedules.schedules(Subject(chosen=None, spec=spec))
    return finding


@pytest.mark.parametrize("schedule", [{"drill": "node-kill"}, {"suite": "ci"}])
def test_what_comes_with_hactl_is_there(schedule: dict[str, str]) -> None:
    assert looked(ScheduleSpec(name="nightly", **schedule)).ok


def test_what_is_not_there_is_found(tmp_path: Path) -> None:
    """By name and by path; also a file that is no drill."""
    unknown = looked(ScheduleSpec(name="nightly", drill="node-kil"))
    assert (unknown.check, unknown.ok, unknown.found) == ("schedule nightly", False, "no drill 'node-kil'")
    path = tmp_path / "mine.toml"
    assert "cannot be read" in looked(ScheduleSpec(name="nightly", suite=str(path))).found
    path.write_text("schema = 1")
    assert "name is missing" in looked(ScheduleSpec(name="nightly", drill=str(path))).found


def test_what_nobody_allows_and_hours_that_nobody_knows_are_found() -> None:
    off = looked(ScheduleSpec(name="nightly", drill="node-kill"), allowed=False)
    assert (off.ok, "safety.scheduled_drills" in off.found) == (False, True)
    assert "Mars/Olympus" in looked(ScheduleSpec(name="nightly", drill="node-kill", zone="Mars/Olympus")).found
