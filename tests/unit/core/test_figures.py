"""The numbers of a whole fleet, from what was measured of its processes."""

import pytest
from support.pictures import a_fleet, a_snapshot, samples

from hactl.core.figures import figures
from hactl.core.model import Sample
from hactl.core.value import replace


def test_what_came_in_is_counted_at_the_edges_and_shares_at_the_nodes():
    found = figures(a_snapshot())
    assert (found.requests, found.errors, found.failing) == (100.0, 0.0, 0.0)
    assert found.shares == {"seoul": 0.5, "osaka": 0.5}
    assert (found.p50, found.p99) == (1.5, 12.25)


def test_the_middle_is_weighed_by_traffic_and_the_worst_is_that_of_the_slowest():
    measured = tuple(
        replace(sample, p50_ms=9.5, p99_ms=80.0, requests=75.0) if sample.node == "seoul-1" else sample
        for sample in samples(a_fleet())
    )
    found = figures(a_snapshot(measured=measured))
    assert found.p50 == pytest.approx((9.5 * 75 + 1.5 * 75) / 150)
    assert found.p99 == 80.0
    assert found.shares["seoul"] == pytest.approx(100 / 150)


def test_what_was_not_measured_is_not_known():
    found = figures(a_snapshot(measured=(Sample(node="seoul-1", at=0.0), Sample(node="gone-9", at=0.0, requests=5.0))))
    assert (found.requests, found.p50, found.p99, found.shares) == (0.0, None, None, {})
