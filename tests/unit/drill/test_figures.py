"""The figures of a run are numbers under names, and agree with what its report says in words."""

import pytest
from support.filed import WELL, a_report, filed, stream

from hactl.core.value import replace
from hactl.drill.definition import Definition
from hactl.drill.figures import bad, figure, figures, outage_equivalent
from hactl.drill.report import DrillReport
from hactl.drill.verdict import Verdict

EMPTY = DrillReport(
    verdict=Verdict.ERROR, why="", clean=True, identity=filed().identity, definition=Definition(name="d", title="t")
)


def test_a_known_outage_is_read_in_every_way() -> None:
    """300 of 2,000 requests: 3 s of a full outage at 100/s, whatever is asked of the drill."""
    report = filed(bad=3.0)
    assert figure(report, "rto") == pytest.approx(3.0, abs=0.02)
    assert figure(report, "detect") == pytest.approx(0.004)
    assert figure(report, "failed") == bad(report) == 300
    assert report.plan is not None
    assert outage_equivalent(report) == pytest.approx(300 / report.plan.load.rate)
    assert figure(report, "restore_capacity") is None


def test_an_objective_with_a_window_of_its_own_wins() -> None:
    """The availability is that of the report, and not of whatever the phases left."""
    report = filed(bad=3.0)
    (asked,) = [item for item in report.objectives if item.name == "availability"]
    assert figure(report, "availability") == asked.measured == pytest.approx(0.85)
    assert f"{asked.measured * 100:.3f} %" == asked.value


def test_what_was_not_measured_is_no_number() -> None:
    """And never a nought that would look well."""
    assert {one.value for one in figures(EMPTY)} == {None}
    assert outage_equivalent(EMPTY) is None


def test_capacity_that_is_kept_away_counts_from_the_failback() -> None:
    times = replace(WELL.times, capacity=132.5)
    report = a_report(stream(), replace(WELL, times=times))
    assert figure(report, "restore_capacity") == 22.5
    assert report.plan is not None
    kept = replace(report.plan, strikes=tuple(replace(one, keep_down=True) for one in report.plan.strikes))
    assert figure(replace(report, plan=kept), "restore_capacity") == 2.5
