"""The report: judged from what was measured, whole after a trip through JSON, and readable as Markdown."""

import pytest
from support.filed import DRILL, IDENTITY, WELL, a_report, stream

from hactl.core.codec import decode, encode
from hactl.core.drill_events import DrillKept
from hactl.core.events import FleetUnpaused, Record
from hactl.core.value import replace
from hactl.drill.evidence import Evidence
from hactl.drill.markdown import render
from hactl.drill.report import DrillReport, Ending, Line, lines, write
from hactl.drill.verdict import Verdict


@pytest.mark.parametrize(
    ("report", "verdict"),
    [
        (a_report(stream()), Verdict.PASS),
        (a_report(stream(3.0)), Verdict.FAIL),
        (a_report([]), Verdict.INCONCLUSIVE),
        (a_report(stream(), ending=Ending(pointless="no load")), Verdict.INCONCLUSIVE),
        (a_report(stream(), ending=Ending(stopped="by bob")), Verdict.ABORTED),
        (a_report(stream(), ending=Ending(error="broke")), Verdict.ERROR),
    ],
)
def test_each_verdict_survives_json_and_stands_first_in_markdown(report: DrillReport, verdict: Verdict) -> None:
    assert report.verdict is verdict
    assert decode(encode(report), DrillReport) == report
    text = render(report)
    assert text.startswith(f"# Drill node-kill: {verdict.upper()}\n")
    assert report.why in text


def test_an_outage_stands_in_the_series_second_by_second() -> None:
    """From the fault on, as clients saw it; and the failures by class."""
    report = a_report(stream(3.0))
    assert [(second.at, second.bad) for second in report.series if second.bad] == [(0, 100), (1, 100), (2, 100)]
    assert report.series[0].at == -10
    assert report.failures == {"status 503": 300}
    assert {item.name for item in report.objectives if item.cause} == {"rto", "availability"}


def test_what_was_left_behind_is_shouted() -> None:
    report = a_report(stream(), replace(WELL, leftovers=("seoul-1 is stopped",)))
    assert not report.clean
    assert "**NOT CLEAN, left behind: seoul-1 is stopped**" in render(report)


def test_a_run_that_was_never_planned_has_a_report_all_the_same() -> None:
    report = write(
        identity=IDENTITY,
        drill=DRILL,
        plan=None,
        gate=(),
        evidence=Evidence(),
        rows=[],
        phases=(),
        timeline=(),
        ending=Ending(error="no region 'mars'"),
    )
    assert "no region 'mars'" in render(report)
    assert report.clean


def test_foreign_text_stays_text_in_markdown() -> None:
    """A name with a bar in it breaks no table, and none is ever a tag."""
    text = render(a_report(stream(), ending=Ending(stopped="<b>by|bob</b>\nnow")))
    assert "&lt;b>by\\|bob&lt;/b> now" in text
    assert "something \\| began here" in text
    assert "<= 1000 ms" in text


def test_foreign_text_is_no_link_no_code_and_drives_no_terminal() -> None:
    """An image would be fetched by whoever looks at the report, and an escape would be obeyed by a terminal."""
    hostile = "![x](http://198.51.100.1/y) `z` \\ \x1b]0;title\x07\x1b[2J"
    text = render(a_report(stream(), ending=Ending(stopped=hostile)))
    assert r"\!\[x\](http://198.51.100.1/y) \`z\` \\" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_the_timeline_has_what_happened_and_no_sign_of_life() -> None:
    """In seconds from the moment that is zero."""
    events = (DrillKept(id="op-1", expires=9.0, canary=1), FleetUnpaused(why="it is over"))
    records = [Record(seq=n, wall=0.0, mono=100.0 + n, event=event) for n, event in enumerate(events)]
    assert lines(records, 100.5) == (Line(at=0.5, text="repairs resume: it is over"),)
