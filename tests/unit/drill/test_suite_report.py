"""A suite as build servers and pull requests show it: nothing is missing, and what was not shown is not green."""

from xml.etree import ElementTree

from support.filed import DRILL, WELL, a_report, filed, stream

from hactl.core.value import replace
from hactl.drill.canary import Losses
from hactl.drill.suite_report import Result, counted, junit, markdown

PASSED = Result(name="node-kill", report=filed(), seconds=35.0)
FAILED = Result(name="node-hang", report=filed(bad=3.0, drill=replace(DRILL, name="node-hang")), seconds=35.0)
REFUSED = Result(name="edge-kill", not_run="drills are locked")
BROKEN = Result(name="edge-hang", broke="no daemon answers")
RESULTS = (PASSED, FAILED, REFUSED, BROKEN)


def test_every_drill_is_a_test_suite_and_one_without_a_run_is_an_error() -> None:
    root = ElementTree.fromstring(junit(RESULTS).encode())
    suites = {suite.get("name"): suite for suite in root}
    assert len(suites) == len(root) == 4
    for suite, why in (
        ("drill.edge-kill", "not run: drills are locked"),
        ("drill.edge-hang", "error: no daemon answers"),
    ):
        assert [error.get("message") for error in suites[suite].iter("error")] == [why]
    assert (root.get("failures"), root.get("errors")) == ("2", "2")
    assert root.get("tests") == str(len(list(root.iter("testcase"))))


def test_the_table_says_of_each_drill_how_it_ended_and_by_how_much() -> None:
    lines = markdown("Drills of suite ci", RESULTS).splitlines()
    assert lines[0] == "## Drills of suite ci"
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][1:]
    assert [row[:2] for row in rows] == [
        ["node-kill", "PASS"],
        ["node-hang", "FAIL"],
        ["edge-kill", "NOT RUN"],
        ["edge-hang", "ERROR"],
    ]
    assert [row[2] for row in rows] == ["0 ms", "3000 ms", "-", "-"]
    assert rows[1][4].startswith("-")
    assert "(" in rows[1][4]
    assert rows[2][2:] == ["-", "-", "-", "drills are locked"]
    assert lines[-1] == "1 passed, 1 failed, 1 broken, 1 not run, 70 s."


def test_lost_records_are_told_with_the_time_they_span() -> None:
    losses = Losses(
        store="journal", acknowledged=200, before=150, kept=197, lost=(7, 8, 9), lost_count=3, ghosts=0, rejected=0,
        duplicates=0, window=0.12, resolution=0.02,
    )  # fmt: skip
    report = a_report(stream(), replace(WELL, losses=(losses,)))
    assert "| 3 lost, 120 ms |" in markdown("t", [Result(name="node-kill", report=report)])


def test_what_was_left_behind_comes_before_the_verdict() -> None:
    left = Result(name="node-kill", report=a_report(stream(), replace(WELL, leftovers=("seoul-1 is stopped",))))
    assert left.why.startswith("not clean: seoul-1 is stopped; ")
    assert counted([left]) == "1 failed"


def test_foreign_text_stays_in_its_cell() -> None:
    row = markdown("t", [Result(name="x", not_run="a | b\n<img>")]).splitlines()[4]
    assert row.count(" | ") == 5
    assert "<img" not in row
