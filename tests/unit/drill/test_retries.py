"""What attempts cost and what they saved, from rows and samples whose truth is known."""

import pytest

from hactl.core.model import Sample
from hactl.drill.records import Row
from hactl.drill.retries import EdgeRate, amplification, edge_rate, retried


def row(*, ok: bool = True, attempts: int = 1) -> Row:
    return Row(1.0, 1.0, 1.1, 200 if ok else 503, "a-1", "", attempts)


def test_both_streams_stand_side_by_side() -> None:
    """Who asks once and who tries again; without the second there is nothing to compare."""
    raw = [row(), row(ok=False), row(ok=False)]
    again = [row(), row(attempts=3), row(ok=False, attempts=2)]
    both = retried(raw, again)
    assert both is not None
    assert (both.raw_requests, both.raw_failed, both.requests, both.failed, both.attempts) == (3, 2, 3, 1, 6)
    assert both.each == 2.0
    assert retried(raw, []) is None


def test_the_edges_are_added_up_and_nodes_are_not() -> None:
    """A node's requests are those of the edges already."""
    samples = (
        Sample(node="edge-1", at=1.0, requests=50.0, retries=1.0),
        Sample(node="edge-2", at=1.0, requests=70.0, retries=2.0),
        Sample(node="a-1", at=1.0, requests=120.0),
    )
    assert edge_rate(5.0, samples, ("edge-1", "edge-2")) == EdgeRate(at=5.0, requests=120.0, retries=3.0)


def test_an_edge_that_was_not_read_is_not_taken_for_one_that_was_idle() -> None:
    """The others are what is known; with nobody read there is nothing to say."""
    read = (Sample(node="edge-1", at=1.0, requests=50.0, retries=1.0), Sample(node="edge-2", at=1.0, cpu=0.1))
    assert edge_rate(5.0, read, ("edge-1", "edge-2")) == EdgeRate(at=5.0, requests=50.0, retries=1.0)
    assert edge_rate(5.0, read[1:], ("edge-1", "edge-2")) is None
    assert edge_rate(5.0, (), ()) is None


def test_amplification_is_of_the_time_in_question() -> None:
    """Requests to nodes per request of clients; what nobody measured is not 1."""
    rates = [
        EdgeRate(at=float(at), requests=100.0, retries=retries) for at, retries in ((1, 50.0), (2, 10.0), (3, 0.0))
    ]
    assert amplification(rates, 1.0, 3.0) == pytest.approx(1.05)
    assert amplification(rates, 3.0, 9.0) is None
    assert amplification([EdgeRate(at=2.0, requests=0.0, retries=0.0)], 1.0, 3.0) is None
