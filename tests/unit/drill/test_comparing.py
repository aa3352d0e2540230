"""Runs side by side: differences are told, trends only when there are runs enough for one."""

import pytest
from support.filed import DRILL, filed

from hactl.core.errors import HactlError
from hactl.core.value import replace
from hactl.drill.comparing import Compared, Comparison, Trend, compare, side, spread, trend
from hactl.drill.report import DrillReport, Ending


def row(comparison: Comparison, name: str) -> Compared:
    (found,) = [one for one in comparison.figures if one.name == name]
    return found


def several(drill: str, count: int, bad: float) -> list[DrillReport]:
    definition = replace(DRILL, name=drill)
    return [filed(f"{drill}-{number}", bad=bad + number / 100, drill=definition) for number in range(count)]


def test_two_runs_stand_side_by_side_without_a_trend() -> None:
    """One run against one run proves nothing, however far apart they are."""
    reports = [filed("a"), filed("b", bad=3.0)]
    comparison = compare(side("a", reports), side("b", reports))
    rto = row(comparison, "rto")
    assert rto.a is not None
    assert (rto.a.median, rto.a.count) == (0.0, 1)
    assert rto.difference == pytest.approx(3.0, abs=0.02)
    assert {one.trend for one in comparison.figures} == {Trend.UNKNOWN}
    assert comparison.notes == ()
    assert "proves no trend" in comparison.caution


def test_medians_of_two_drills_are_compared_figure_by_figure() -> None:
    reports = [*several("quick", 5, 0.1), *several("slow", 5, 2.0)]
    comparison = compare(side("quick", reports), side("slow", reports))
    rto, availability = row(comparison, "rto"), row(comparison, "availability")
    assert rto.b is not None
    assert (rto.b.least, rto.b.median, rto.b.most) == pytest.approx((2.0, 2.02, 2.04), abs=0.02)
    assert (rto.trend, availability.trend) == (Trend.WORSE, Trend.WORSE)
    assert row(compare(side("slow", reports), side("quick", reports)), "availability").trend is Trend.BETTER
    assert row(comparison, "latency_p99_before").trend is Trend.STEADY
    assert (comparison.notes, comparison.caution) == (("drills differ: quick versus slow",), "")


def test_only_runs_that_have_shown_something_count() -> None:
    """Those that have not are numbered; a drill of which none has is refused."""
    useless = filed("useless", ending=Ending(pointless="no load"))
    one = side("node-kill", [filed("good"), useless])
    assert [report.identity.run for report in one.reports] == ["good"]
    assert one.set_aside == 1
    assert compare(one, one).notes[0] == "not counted, because inconclusive: 1 run of node-kill"
    with pytest.raises(HactlError, match="was conclusive"):
        side("node-kill", [useless])
    with pytest.raises(HactlError, match="no run 'x'"):
        side("x", [useless])
    assert "its figures prove nothing" in compare(side("useless", [useless]), one).notes[0]


def test_what_came_of_each_side_is_told() -> None:
    """Of one run its verdict, of several how often each; a run that was not clean says so."""
    reports = [filed("a"), filed("b", bad=3.0), replace(filed("c"), clean=False), filed("d")]
    one, several = side("c", reports), side("node-kill", reports)
    found = compare(one, several)
    assert (found.came_a, found.came_b) == ("pass, NOT CLEAN", "2 pass; 1 fail; 1 pass, NOT CLEAN")


def test_a_run_is_compared_with_the_others_of_its_drill() -> None:
    """And not with itself; only the newest of them count."""
    reports = [filed(name) for name in ("a", "b", "c", "d")]
    assert [report.identity.run for report in side("node-kill", reports, last=2, without="d").reports] == ["b", "c"]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ([1, 1, 1, 1], [2, 2, 2, 2, 2], Trend.UNKNOWN),
        ([1, 1, 1, 1, 1], [1.2, 1.2, 1.2, 1.2, 1.2], Trend.STEADY),
        ([1, 1, 1, 1, 1], [2, 2, 2, 2, 2], Trend.WORSE),
        ([2, 2, 2, 2, 2], [1, 1, 1, 1, 1], Trend.BETTER),
        ([0, 0, 0, 0, 0], [0, 0, 0, 0, 0], Trend.STEADY),
        ([1, 1, 1, 1, 3], [2, 2, 2, 2, 2], Trend.STEADY),
    ],
    ids=["few", "alike", "slower", "faster", "nothing", "noise"],
)
def test_a_trend_needs_runs_and_a_difference_beyond_the_noise(
    before: list[float], after: list[float], found: Trend
) -> None:
    assert trend(before, after) is found


def test_a_spread_of_nothing_is_nothing() -> None:
    assert spread([]) is None


def test_what_else_is_different_is_told() -> None:
    """A figure that differs on another machine says nothing about a change of the fleet."""
    other = filed("b")
    other = replace(other, identity=replace(other.identity, host="elsewhere", revision=4))
    reports = [filed("a"), other]
    assert compare(side("a", reports), side("b", reports)).notes == (
        "revisions of the configuration differ: 3 versus 4",
        "hosts differ: h versus elsewhere",
    )
