"""A snapshot is brought up to date by what is measured."""

import pytest

from hactl.core.model import Fleet, Sample
from hactl.core.talk import Measured, Pulse, Snapshot, renewed


@pytest.mark.parametrize(("mono", "since"), [(51.0, 51.0), (None, 3651.0)], ids=["live", "recorded"])
def test_ages_do_not_follow_a_wall_clock_that_is_set(mono: float | None, since: float) -> None:
    """The daemon says both times; of what was recorded only the one is known."""
    before = Snapshot(fleet=Fleet(name="f"), at=1000.0, mono=50.0)
    sample, pulse = Sample(node="a", at=4601.0, requests=1.0), Pulse(pid=7)
    after = renewed(before, Measured(at=4601.0, mono=mono, samples=(sample,), pulse=pulse))
    assert after == Snapshot(fleet=before.fleet, at=4601.0, mono=since, samples=(sample,), pulse=pulse)
