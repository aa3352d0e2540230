"""Verdicts and the page a stranger reads."""

import pytest

from hactl.core import codec
from hactl.core.model import Fleet
from hactl.core.node import Node, Role
from hactl.core.value import replace
from hactl.drill.demo_report import DemoReport, DemoVerdict, conclude, render
from hactl.drill.load_plan import LoadPlan
from hactl.drill.records import UNSENT, Records, Row
from hactl.drill.timeline import Timeline

FLEET = Fleet(
    nodes={
        **{name: Node(name=name, role=Role.GATEWAY) for name in ("node-1", "node-2", "node-3")},
        **{name: Node(name=name, role=Role.EDGE) for name in ("edge-1", "edge-2")},
    }
)
PLAN = LoadPlan(url="http://127.0.0.1:8080/", rate=100, duration=10)
DONE = Timeline(
    node="node-2",
    accepted=104.0,
    seen_ms=0.8,
    cause="killed by signal 9",
    edges_ms={"edge-1": 9.1, "edge-2": 12.3},
    moved_ms=12.3,
    started_ms=2.0,
    serving_ms=71.0,
    back_ms=84.2,
    over=True,
)


def rows(lag: float = 0.0) -> list[Row]:
    """Ten seconds at 100/s; node-2 answers nothing between its death at 104 and 104.1."""
    made = []
    for i in range(1000):
        due = 100 + i / 100
        names = ("node-1", "node-3") if 104 <= due < 104.1 else ("node-1", "node-2", "node-3")
        made.append(Row(due, due + lag, due + lag + 0.001, 200, names[i % len(names)], ""))
    return made


def test_no_failure_and_a_whole_timeline_pass() -> None:
    """The verdict is passed only for zero failed requests and a capacity that came back."""
    report = conclude(FLEET, PLAN, DONE, Records(rows()))
    assert report.ok
    assert (report.before.requests, report.after.failed, report.whole.requests) == (390, 0, 1000)
    assert report.before.requests + report.during.requests + report.after.requests == 1000
    assert set(report.before.shares) == {"node-1", "node-2", "node-3"}


def test_one_failed_request_fails_the_demo() -> None:
    """One failed request in a thousand is a failed demo, and its cause is said; a busy machine is no excuse."""
    late = rows(lag=0.05)
    failed = [*late[:-1], late[-1]._replace(status=503)]
    for report in (
        conclude(FLEET, PLAN, DONE, Records(failed)),
        conclude(FLEET, PLAN, DONE, Records([*rows()[:-1], failed[-1]])),
    ):
        assert report.verdict is DemoVerdict.FAILED
        assert report.why == "1 of 1000 requests failed (1 x status 503)"


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("accepted", "the kill was accepted"),
        ("seen_ms", "node-2 died"),
        ("moved_ms", "every edge routed around node-2"),
        ("back_ms", "the capacity of node-2 came back"),
    ],
)
def test_a_timeline_with_a_hole_fails_the_demo(missing: str, said: str) -> None:
    """No failed request is not enough: what the journal does not show was not proved."""
    report = conclude(FLEET, PLAN, replace(DONE, **{missing: None}), Records(rows()))
    assert report.verdict is DemoVerdict.FAILED
    assert report.why == f"the journal does not show that {said}"


def test_a_generator_that_lagged_proves_nothing() -> None:
    """A machine too busy to send on time gives no verdict, and neither does a load of nothing."""
    unsent = [*rows()[:-5], *(row._replace(status=0, error=UNSENT) for row in rows()[-5:])]
    for seen in (rows(lag=0.05), unsent, []):
        report = conclude(FLEET, PLAN, DONE, Records(seen))
        assert report.verdict is DemoVerdict.INCONCLUSIVE
        assert not report.ok
    assert "too busy to measure" in conclude(FLEET, PLAN, DONE, Records(unsent)).why


def test_the_page_is_plain_and_fits() -> None:
    """At most 80 columns, every step with its time, both sides of the story, the verdict."""
    text = render(conclude(FLEET, PLAN, DONE, Records(rows())))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert text.isascii()
    assert lines[0] == "node-2 was killed (kill -9) under load"
    assert "  fleet   default: 3 nodes behind 2 edges" in lines
    assert "       0.8  its death was seen: killed by signal 9" in lines
    assert "      84.2  every edge sends it requests: capacity is back" in lines
    assert "PASSED: no request failed, and the capacity came back" in lines
    assert [line.split() for line in lines if line.strip().startswith("failed")] == [["failed", "0", "0", "0", "0"]]


def test_long_names_and_empty_stories_fit_too() -> None:
    """Nothing an operator may call things breaks the page."""
    long = "n" * 60
    plan = replace(PLAN, url="http://127.0.0.1:8080/" + "x" * 200)
    failed = Records(row._replace(node=long, status=0, error="e" * 200) for row in rows())
    text = render(conclude(replace(FLEET, name=long), plan, Timeline(node=long), failed))
    assert max(map(len, text.splitlines())) <= 80
    assert "  nothing" in text.splitlines()


def test_the_report_is_json_that_reads_back() -> None:
    """JSON is the source, text only a rendering."""
    report = conclude(FLEET, PLAN, DONE, Records(rows()))
    assert codec.decode(codec.encode(report), DemoReport) == report
