"""The judgement over a load: hand-made rows in, numbers out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hactl.drill.measure import Report, judge, percentile
from hactl.drill.records import UNSENT, Row


def row(
    due: float, took: float = 0.001, *, status: int = 200, node: str = "a", error: str = "", lag: float = 0.0
) -> Row:
    return Row(due, due + lag, due + took, status, node, error)


def test_counts_and_causes_tell_failures_apart() -> None:
    """Only a complete 2xx is a success; every failure is counted under what went wrong."""
    rows = [
        row(0.0),
        row(0.1, status=204),
        row(0.2, status=503),
        row(0.3, status=301),
        row(0.4, status=0, error="reset"),
        row(0.5, status=0, error="reset"),
    ]
    report = judge(rows)
    assert (report.requests, report.ok, report.failed) == (6, 2, 4)
    assert report.causes == {"reset": 2, "status 503": 1, "status 301": 1}


def test_latency_counts_from_the_moment_a_request_was_due() -> None:
    """A request that was sent late carries the wait: nothing is hidden by a generator that was held up."""
    report = judge([row(1.0, took=0.25, lag=0.2)])
    assert report.max_ms == pytest.approx(250)
    assert report.lag_max_ms == pytest.approx(200)
    assert report.slower_than_100ms == 1


def test_the_longest_gap_lies_between_completions() -> None:
    """The gap is measured where clients feel it: from one success arriving to the next, failures do not shorten it."""
    rows = [row(0.0, 0.01), row(0.1, 0.01, status=500), row(0.2, 0.01), row(0.25, 0.01)]
    report = judge(rows)
    assert report.longest_gap_ms == pytest.approx(200)
    assert report.gap_began == pytest.approx(0.01)


@pytest.mark.parametrize(("dead", "gap"), [(range(3), 300), (range(7, 10), 300), (range(10), 900)])
def test_an_outage_at_either_end_is_a_gap_too(dead: range, gap: float) -> None:
    """An outage that no success frames still counts: from the first request on, and until the last one is done."""
    rows = [row(i / 10, 0.0, status=503 if i in dead else 200) for i in range(10)]
    assert judge(rows).longest_gap_ms == pytest.approx(gap)


def test_a_window_sees_its_requests_and_the_gaps_that_touch_it() -> None:
    """A window, say that of a failover, has the requests that were due in it and every gap that touches it, whole."""
    rows = [row(i / 10, node="a" if i < 5 else "b") for i in range(10)]
    rows[5] = row(0.5, 0.5, node="b")
    rows[6] = row(0.6, status=503)
    window = judge(rows, 0.5, 0.7)
    assert (window.requests, window.ok, window.failed) == (2, 1, 1)
    assert window.longest_gap_ms == pytest.approx(300)
    assert window.shares == {"b": 1.0}
    assert judge(rows, 0.0, 0.3).shares == {"a": 1.0}


def test_shares_are_parts_of_the_successes() -> None:
    """Shares say who answered, among requests that were answered well."""
    rows = [
        row(0.0, node="a"),
        row(0.1, node="a"),
        row(0.2, node="b"),
        row(0.3, node="b", status=500),
        row(0.4, node="a"),
    ]
    assert judge(rows).shares == {"a": 0.75, "b": 0.25}


def test_a_generator_that_lagged_is_called_late() -> None:
    """Numbers of a generator that did not keep its schedule are marked as inconclusive."""
    punctual = [row(i / 100, lag=0.001) for i in range(200)]
    assert not judge(punctual).late
    assert judge(punctual[:-3] + [row(2 + i, 0.05, lag=0.05) for i in range(3)]).late


def test_requests_the_generator_gave_up_are_not_failures_of_the_server() -> None:
    """What was never sent is counted apart, and makes the report inconclusive rather than red."""
    report = judge([row(0.0), row(0.1, status=0, error=UNSENT), row(0.2)])
    assert (report.requests, report.ok, report.failed, report.unsent) == (3, 2, 0, 1)
    assert report.late


def test_nothing_measured_is_an_empty_report() -> None:
    """No rows give zeros, not an exception."""
    assert judge([]) == Report()
    assert judge([], 1.0, 2.0) == Report(begin=1.0, end=2.0)
    assert judge([row(0.0)], 5.0, 6.0).requests == 0


def test_the_rate_is_what_was_really_sent() -> None:
    """The achieved rate comes from the moments of sending."""
    assert judge([row(i / 50) for i in range(101)]).rate == pytest.approx(50)


def test_percentiles_are_nearest_rank() -> None:
    """A percentile is a value that was really measured."""
    values = [float(i) for i in range(1, 101)]
    assert [percentile(values, part) for part in (0.5, 0.9, 0.99, 0.999, 1.0)] == [50, 90, 99, 100, 100]
    assert percentile([], 0.5) == 0.0


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 5), st.sampled_from([0, 200, 503])), max_size=60))
def test_every_request_is_counted_once(drawn: list[tuple[float, float, int]]) -> None:
    """ok + failed + unsent is all there was; the order of rows does not matter; percentiles rise."""
    rows = [row(due, took, status=status, error="" if status else "reset") for due, took, status in drawn]
    report = judge(rows)
    assert report.ok + report.failed + report.unsent == report.requests == len(rows)
    assert report.p50_ms <= report.p90_ms <= report.p99_ms <= report.p999_ms <= report.max_ms
    assert judge(reversed(rows)) == report
