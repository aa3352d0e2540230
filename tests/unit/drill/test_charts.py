"""Pictures that are right: what stands in the figures of a report is what is drawn, in its place and of its size."""

from xml.etree import ElementTree

import pytest
from support.filed import WELL, a_report, filed, stream

from hactl.core.value import replace
from hactl.drill.charts import draw
from hactl.drill.document import Chart
from hactl.drill.evidence import Evidence
from hactl.drill.phases import Phase
from hactl.drill.report import DrillReport, Spent


def drawn(chart: Chart, report: DrillReport) -> ElementTree.Element:
    picture = draw(chart, report)
    assert picture is not None
    return ElementTree.fromstring(picture)


def of(picture: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [element for element in picture.iter() if element.get("class") == kind]


def texts(picture: ElementTree.Element, kind: str) -> list[str]:
    return [element.text or "" for element in of(picture, kind)]


def test_three_seconds_of_failures_are_three_hatched_bars() -> None:
    """In the seconds in which they were, and as tall as the good ones beside them: all of that second failed."""
    picture = drawn(Chart.REQUESTS, filed(bad=3.0))
    good, bad = of(picture, "good"), of(picture, "bad")
    assert texts(picture, "count") == ["100", "100"], "as many as there is room for beside each other"
    assert [bar.findtext("title") for bar in bad] == [
        f"second {second:+d}: 100 due, 0 good, 100 bad" for second in range(3)
    ]
    assert {bar.get("height") for bar in bad} == {good[0].get("height")}
    lines = of(picture, "mark")
    assert float(bad[0].get("x") or 0) == pytest.approx(float(lines[0].get("x1") or 0), abs=1)
    assert "300 bad" in texts(picture, "value")


def test_latency_is_drawn_against_its_highest_value() -> None:
    picture = drawn(Chart.LATENCY, filed(bad=1.0))
    assert "1.0 ms" in texts(picture, "name")
    assert len(of(picture, "dot")) == 35
    heights = {point.partition(",")[2] for point in (of(picture, "line")[0].get("points") or "").split()}
    assert heights == {"0.0"}, "every second was as slow as the slowest"


def test_who_answered_has_a_row_for_each() -> None:
    """A node that was away has no bar in that second; where there are too many nodes, regions have rows."""
    report = filed(bad=3.0)
    picture = drawn(Chart.SHARES, report)
    assert texts(picture, "name") == ["seoul-1"]
    assert texts(picture, "value") == ["3200 answers"]
    assert sum(float(bar.get("height") or 0) == 0 for bar in of(picture, "share")) == 3
    many = {f"{region}-{number}": 1 for region in ("seoul", "ap-north") for number in range(10)}
    crowded = replace(report, series=tuple(replace(second, shares=many) for second in report.series))
    assert texts(drawn(Chart.SHARES, crowded), "name") == ["ap-north", "seoul"]


def test_phases_are_drawn_to_time_with_what_was_measured_below() -> None:
    times = replace(WELL.times, capacity=112.0, returned=110.5)
    report = replace(
        a_report(stream(1.0), replace(WELL, times=times)),
        phases=(Spent(phase=Phase.BASELINE, begin=0, end=5), Spent(phase=Phase.FAILBACK, begin=25, end=26)),
    )
    picture = drawn(Chart.PHASES, report)
    assert texts(picture, "name") == [
        "baseline",
        "failback",
        "injected",
        "detect",
        "last reached",
        "rto",
        "capacity back",
    ]
    _, detect, _, rto, capacity = of(picture, "measured")
    assert float(capacity.get("width") or 0) == pytest.approx(2 * float(rto.get("width") or 0), rel=0.05)
    assert float(detect.get("width") or 0) == 2.0, "what is too short to draw is drawn all the same"
    assert texts(picture, "value")[3:] == ["4 ms", "490 ms", "1.0 s", "2.0 s"]


def test_numbers_that_would_lie_over_each_other_leave_room_for_the_worst() -> None:
    """Each of them is in the title of its bar, and their sum beside the picture."""
    report = filed(bad=3.0)
    bad = {0: 600, 1: 900, 2: 700, 9: 7}
    seen = [replace(one, due=1000, bad=bad.get(one.at, 0), good=1000 - bad.get(one.at, 0)) for one in report.series]
    picture = drawn(Chart.REQUESTS, replace(report, series=tuple(seen)))
    assert texts(picture, "count") == ["900", "7"]
    assert "2207 bad" in texts(picture, "value")


def test_what_time_is_counted_from_and_when_clients_were_served_again_is_marked_in_every_picture() -> None:
    """Each fault, the end of one that ends by itself, the recovery and the failback; no name lies over another."""
    report = filed(bad=3.0)
    times = report.evidence.times
    assert times.fault is not None
    times = replace(times, struck=(times.fault, times.fault + 1.0), over=times.fault + 15.0)
    report = replace(report, evidence=replace(report.evidence, times=times))
    for chart in (Chart.REQUESTS, Chart.LATENCY, Chart.SHARES, Chart.PHASES):
        picture = drawn(chart, report)
        names = [one for one in of(picture, "tick") if not (one.text or "").removesuffix(" s").lstrip("+-").isdigit()]
        assert [one.text for one in names] == ["fault", "fault 2", "served again", "fault over", "failback"]
        assert [one.get("x") for one in names] == [mark.get("x1") for mark in of(picture, "mark")]
        first, second = names[0], names[1]
        assert float(second.get("y") or 0) > float(first.get("y") or 0), "they are too close for one line"
        assert float(picture.findall(".//{*}svg")[0].get("viewBox", "").split()[3]) > float(second.get("y") or 0)
    unnoticed = [one.text for one in of(drawn(Chart.LATENCY, filed()), "tick")]
    assert "served again" not in unnoticed, "nobody was not served"


def test_what_was_not_measured_is_not_drawn() -> None:
    empty = a_report([])
    assert [draw(chart, replace(empty, phases=(), evidence=Evidence())) for chart in Chart] == [None] * len(Chart)
