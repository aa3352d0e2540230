"""What happened, as spans of time from the fault on: nothing is drawn that was not measured."""

import pytest
from support.filed import WELL, a_report, stream

from hactl.core.value import replace
from hactl.drill.phases import Phase
from hactl.drill.report import DrillReport, Spent
from hactl.drill.spans import Span, SpanKind, spans

TIMES = replace(WELL.times, detected=110.004, rerouted=110.05, failback=130.0, capacity=111.0, restored=131.5)
PHASES = (
    Spent(phase=Phase.GATE, begin=0.0, end=0.01),
    Spent(phase=Phase.BASELINE, begin=1.0, end=7.0),
    Spent(phase=Phase.FAILBACK, begin=27.0, end=28.5),
)


def drilled(bad: float = 3.0) -> DrillReport:
    return replace(a_report(stream(bad), replace(WELL, times=TIMES)), phases=PHASES)


def named(report: DrillReport) -> dict[str, Span]:
    return {span.name: span for span in spans(report)}


def test_phases_and_measurements_share_one_axis_that_begins_with_the_fault() -> None:
    """The failback, 20 s after the fault, was 27 s after the beginning: the baseline ended with the fault."""
    found = named(drilled())
    assert (found["baseline"].begin, found["baseline"].end) == pytest.approx((-6.0, 0.0))
    assert found["failback"].begin == pytest.approx(20.0)
    assert found["detect"].length == pytest.approx(0.004)
    assert found["rto"].length == pytest.approx(3.0, abs=0.02)
    assert (found["put back"].begin, found["put back"].end) == pytest.approx((20.0, 21.5))
    assert {found[name].kind for name in ("baseline", "failback")} == {SpanKind.PHASE}
    assert all(span.rule for span in found.values() if span.kind is SpanKind.MEASURED)


def test_steps_of_the_procedure_are_no_spans() -> None:
    assert "gate" not in named(drilled())


def test_what_was_kept_down_comes_back_with_the_failback() -> None:
    report = drilled()
    assert report.plan is not None
    kept = replace(report.plan, strikes=tuple(replace(one, keep_down=True) for one in report.plan.strikes))
    times = replace(TIMES, capacity=132.0)
    found = named(replace(report, plan=kept, evidence=replace(report.evidence, times=times)))
    assert (found["capacity back"].begin, found["capacity back"].end) == pytest.approx((20.0, 22.0))


def test_a_run_without_a_fault_has_phases_only() -> None:
    """From its beginning on."""
    report = replace(drilled(), evidence=replace(WELL, times=replace(TIMES, fault=None)))
    assert [(span.name, span.begin) for span in spans(report)] == [("baseline", 1.0), ("failback", 27.0)]
