"""The steady-state hypothesis, before the faults and when all has settled: its limits, and what is left of them."""

import pytest

from hactl.drill.definition import Hypothesis, Probe
from hactl.drill.measure import Report
from hactl.drill.steady import afterwards, before, holds, measured
from hactl.drill.verdict import Status

AVAILABLE = Hypothesis(probe=Probe.AVAILABILITY, least=0.99)
SOON = Hypothesis(probe=Probe.LATENCY_P99, most=0.05)


@pytest.mark.parametrize(
    ("rule", "seen", "value", "limit", "margin"),
    [
        (AVAILABLE, Report(requests=1000, ok=995), "99.50 %", ">= 99 %", 0.5),
        (AVAILABLE, Report(requests=1000, ok=980), "98.00 %", ">= 99 %", -1.0),
        (SOON, Report(requests=10, p99_ms=10.0), "10.0 ms", "<= 50 ms", 0.8),
        (SOON, Report(requests=10, p99_ms=75.0), "75.0 ms", "<= 50 ms", -0.5),
    ],
)
def test_it_is_asked_in_the_same_way_before_and_afterwards(
    rule: Hypothesis, seen: Report, value: str, limit: str, margin: float
) -> None:
    """Before it decides whether the run means anything, afterwards it is an objective with a margin."""
    check, judged = before(rule, seen), afterwards(rule, seen)
    assert (check.value, check.limit, check.ok) == (value, limit, margin >= 0)
    assert (judged.value, judged.limit, judged.status is Status.MET) == (value, limit, margin >= 0)
    assert judged.margin == pytest.approx(margin)
    assert judged.name == f"settled_{rule.probe}"


@pytest.mark.parametrize("rule", [AVAILABLE, SOON])
def test_nobody_who_asked_is_never_a_pass(rule: Hypothesis) -> None:
    assert not before(rule, Report()).ok
    assert afterwards(rule, Report()).status is Status.UNMEASURED


def test_a_value_may_lie_on_its_limits_and_not_beyond_them() -> None:
    """Also of a rule with two, and of one with none."""
    rule = Hypothesis(probe=Probe.AVAILABILITY, least=0.5, most=0.9)
    assert [holds(rule, value) for value in (0.49, 0.5, 0.9, 0.91)] == [False, True, True, False]
    assert holds(Hypothesis(probe=Probe.LATENCY_P99, ratio=2.0), 100.0)


def test_a_probe_finds_parts_or_seconds() -> None:
    seen = Report(requests=200, ok=150, p99_ms=20.0)
    assert (measured(Probe.AVAILABILITY, seen), measured(Probe.LATENCY_P99, seen)) == (0.75, 0.02)
