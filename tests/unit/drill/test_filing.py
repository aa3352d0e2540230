"""The files of a report: each format is there, and what was changed afterwards is found."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from support.filed import DRILL, a_report, filed, stream

from hactl.core.errors import HactlError
from hactl.core.value import replace
from hactl.drill.definition import LoadSpec
from hactl.drill.filing import FILES, OTHERS, STREAMS, SUMS, Format, verified, written
from hactl.drill.phases import Phase
from hactl.drill.records import Records
from hactl.drill.report import DrillReport
from hactl.drill.runs import OpenRun, Run
from hactl.drill.verdict import Status

WALL = 1_700_000_000.0


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that was filed, with everything it measured."""
    made = Run.create(tmp_path, "node-kill", WALL)
    report = filed(made.name, bad=3.0)
    made.mark(
        OpenRun(identity=report.identity, definition=report.definition, phase=Phase.REPORT, pid=os.getpid(), ticks=1)
    )
    made.ledger.write_text("1 100.0 100.1\n")
    made.finish(report, Records(stream(3.0)))
    return made


def report(run: Run) -> DrillReport:
    found = run.report()
    assert found is not None
    return found


def wrong(run: Run) -> dict[str, str]:
    return {check.name: check.value for check in verified(run.directory, report(run)) if not check.ok}


def test_every_format_is_beside_the_source_and_says_the_same(run: Run) -> None:
    for form, name in FILES.items():
        assert (run.directory / name).read_bytes() == written(form, report(run)), name
    assert json.loads(written(Format.JSON, report(run)))["verdict"] == "fail"


def test_a_run_that_nobody_touched_is_as_it_was(run: Run) -> None:
    """Every file that does not change any more has a digest; and anybody can check that with what they have."""
    checks = verified(run.directory, report(run))
    assert wrong(run) == {}
    assert {check.name for check in checks} == {
        "canaries", "requests.json", "report.json", "report.md", "report.html", "junit.xml", "objectives judged again",
    }  # fmt: skip
    subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=run.directory, check=True, capture_output=True)


def test_every_stream_is_filed_and_judged_again(tmp_path: Path) -> None:
    """Of clients of other routes as of those that are judged."""
    asked = replace(DRILL.objectives, others_availability=1.0)
    drill = replace(DRILL, load=LoadSpec(others="/-/echo"), objectives=asked)
    made, rows, others = Run.create(tmp_path, drill.name, WALL), stream(), stream(0.01)
    told = a_report(rows, drill=drill, more=((), (), others))
    (judged,) = (item for item in told.objectives if item.name == "others_availability")
    assert (judged.status, judged.value) == (Status.MISSED, "99.950 % of 2001")
    assert judged.cause
    assert (told.others.requests, told.others.failed) == (2001, 1)
    made.finish(told, Records(rows), Records(), Records(), Records(others))
    assert wrong(made) == {}
    assert [(made.directory / name).exists() for name in STREAMS] == [True, False, False, True]
    (made.directory / OTHERS).write_bytes(Records(rows).encode())
    assert "others_availability is 100.000 % of 2001" in wrong(made)["objectives judged again"]


@pytest.mark.parametrize("name", ["canaries", "requests.json", "report.json", "report.html", "junit.xml"])
def test_a_changed_file_is_named(run: Run, name: str) -> None:
    path = run.directory / name
    path.write_bytes(path.read_bytes().rstrip() + b" ")
    assert list(wrong(run)) == [name]


def test_a_lost_file_is_named(run: Run) -> None:
    (run.directory / "requests.json").unlink()
    assert wrong(run)["requests.json"] == "no such file or directory"
    assert "cannot be read" in wrong(run)["objectives judged again"]


def test_objectives_that_do_not_follow_from_the_requests_are_found(run: Run) -> None:
    """Whoever rewrites digests as well is found by judging again."""
    better = Records(stream(0.0)).encode()
    (run.directory / "requests.json").write_bytes(better)
    told = wrong(run)["objectives judged again"]
    assert "rto is 0 ms, met, and was 3000 ms, missed" in told


def test_digests_that_disagree_with_the_report_are_found(run: Run) -> None:
    sums = run.directory / SUMS
    lines = [line for line in sums.read_text().splitlines() if not line.endswith("  canaries")]
    sums.write_text("\n".join([f"{'0' * 64}  ../outside", *lines]) + "\n")
    found = wrong(run)
    assert found["canaries"] == "in report.json and not in SHA256SUMS"
    assert found["../outside"] == "not the name of a file of a run"


def test_a_run_without_digests_cannot_be_verified(run: Run) -> None:
    (run.directory / SUMS).unlink()
    with pytest.raises(HactlError, match="no SHA256SUMS"):
        verified(run.directory, replace(report(run), files={}))
