"""How long requests are kept: of the newest runs, and for a time; reports for ever."""

import os
from pathlib import Path

import pytest
from support.filed import filed, stream

from hactl.core.errors import HactlError
from hactl.drill.filing import verified
from hactl.drill.phases import Phase
from hactl.drill.records import Records
from hactl.drill.retention import KEPT, LONGEST, prune, surplus
from hactl.drill.runs import OpenRun, Run, runs

NOW = 1_800_000_000.0


def a_run(root: Path, ended: float, *, report: bool = True) -> Run:
    """One with its requests, that ended then."""
    run = Run.create(root, "node-kill", ended)
    told = filed(run.name)
    run.mark(OpenRun(identity=told.identity, definition=told.definition, phase=Phase.REPORT, pid=1, ticks=1))
    if report:
        run.finish(told, Records(stream()))
        os.utime(run.directory / "report.json", (ended, ended))
    return run


def pruned(root: Path) -> list[bool]:
    """Which runs have their requests still."""
    prune((run.directory for run in runs(root)), NOW)
    return [(run.directory / "requests.json").exists() for run in runs(root)]


def test_the_newest_runs_keep_their_requests_for_a_time() -> None:
    many = [NOW - (KEPT + 5 - number) for number in range(KEPT + 5)]
    assert surplus(many, NOW) == [0, 1, 2, 3, 4]
    assert surplus([NOW - LONGEST - 1, NOW - LONGEST + 1, NOW], NOW) == [0]


def test_an_old_run_keeps_its_report_and_is_no_changed_one(tmp_path: Path) -> None:
    """Its requests are gone, which `--verify` says and does not complain of; whatever else is changed is still told."""
    old, _young = a_run(tmp_path, NOW - LONGEST - 10), a_run(tmp_path, NOW - 10)
    assert pruned(tmp_path) == [False, True]
    assert pruned(tmp_path) == [False, True], "twice is as good as once"
    report = old.report()
    assert report is not None
    checks = {check.name: check for check in verified(old.directory, report)}
    assert all(check.ok for check in checks.values())
    assert checks["requests.json"].value == "no longer kept"
    (old.directory / "report.md").write_text("something else")
    assert [check.name for check in verified(old.directory, report) if not check.ok] == ["report.md"]


def test_requests_that_nobody_removed_are_missing(tmp_path: Path) -> None:
    run = a_run(tmp_path, NOW)
    (run.directory / "requests.json").unlink()
    report = run.report()
    assert report is not None
    assert {check.name for check in verified(run.directory, report) if not check.ok} == {
        "requests.json",
        "objectives judged again",
    }


def test_a_run_that_has_not_ended_is_left_alone(tmp_path: Path) -> None:
    run = a_run(tmp_path, NOW - LONGEST - 10, report=False)
    (run.directory / "requests.json").write_text("[]")
    assert pruned(tmp_path) == [True]


def test_what_cannot_be_removed_is_said(tmp_path: Path) -> None:
    run = a_run(tmp_path, NOW - LONGEST - 10)
    (run.directory / "REMOVED").mkdir()
    with pytest.raises(HactlError, match=r"cannot remove old requests: .*REMOVED"):
        pruned(tmp_path)
