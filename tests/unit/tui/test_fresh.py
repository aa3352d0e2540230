"""A number is shown beside what it says something about, or not at all."""

import pytest
from support.pictures import AT, a_fleet, a_snapshot, samples, with_node

from hactl.core.node import NodeState
from hactl.core.value import replace
from hactl.tui.fresh import fresh, unmeasured


def test_what_is_fresh_stays_as_it_is():
    snapshot = a_snapshot()
    assert fresh(snapshot) is snapshot


@pytest.mark.parametrize(("seconds", "count"), [(2.9, 6), (3.1, 0), (90.0, 0)])
def test_numbers_grow_old(seconds, count):
    assert len(fresh(replace(a_snapshot(), at=AT + seconds)).samples) == count


def test_numbers_of_a_process_end_with_it():
    """What is measured after that counts again, such as the requests that are still sent to it."""
    for since, kept in ((AT + 0.5, 5), (AT - 0.5, 6)):
        out = with_node(a_fleet(), "seoul-1", state=NodeState.BACKOFF, since=since)
        assert len(fresh(a_snapshot(out, samples(out))).samples) == kept


def test_without_any():
    assert unmeasured(a_snapshot()).samples == ()
