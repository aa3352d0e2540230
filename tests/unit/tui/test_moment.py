"""A moment that is kept packed is the same when it is looked at again, and what repeats is kept once."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.build import founded

from hactl.core.model import Sample
from hactl.core.talk import Pulse, Snapshot
from hactl.core.value import replace
from hactl.tui.moment import Moment

numbers = st.none() | st.floats(0, 1e9, allow_nan=False)
whole = st.none() | st.integers(0, 1 << 45)
samples = st.builds(
    Sample,
    node=st.sampled_from(("seoul-1", "seoul-2", "edge-1")),
    at=st.floats(0, 4e9),
    **dict.fromkeys(("requests", "errors", "share", "p50_ms", "p99_ms", "cpu"), numbers),
    **dict.fromkeys(("active", "rss"), whole),
)


def a_snapshot(*measured: Sample, **more: Any) -> Snapshot:
    return Snapshot(fleet=founded(), at=1000.0, mono=50.0, samples=measured, **more)


@given(st.lists(samples))
def test_it_is_the_same_again(measured):
    """Each number is what it was, whole ones are whole, and what was not known is not known."""
    snapshot = a_snapshot(*measured)
    again = Moment.of(snapshot).snapshot
    assert again == snapshot
    assert [type(sample.active) for sample in again.samples] == [type(sample.active) for sample in measured]


def test_every_number_of_a_sample_is_kept():
    """Also those that a later hactl measures, whole ones included."""
    known = {name: number for number, name in enumerate(Sample.__struct_fields__[1:], 1)}
    sample = Sample(node="seoul-1", **known)
    assert Moment.of(a_snapshot(sample)).snapshot.samples == (sample,)


def test_rates_are_those_of_each_process():
    moment = Moment.of(a_snapshot(Sample(node="edge-1", at=1.0), Sample(node="seoul-1", at=1.0, requests=5.0)))
    assert moment.rates == {"edge-1": None, "seoul-1": 5.0}


def test_names_are_kept_once():
    """They come anew with each measurement, and are the same for hours."""
    first = Moment.of(a_snapshot(Sample(node="seoul-1", at=1.0)))
    assert Moment.of(a_snapshot(Sample(node="seoul-" + str(1), at=2.0)), first).names is first.names
    assert Moment.of(a_snapshot(Sample(node="seoul-2", at=2.0)), first).names == ("seoul-2",)


def test_counts_that_no_screen_shows_are_let_go():
    pulse = Pulse(pid=7, lag_ms=1.5, lags=(1, 2, 3))
    assert Moment.of(a_snapshot(pulse=pulse)).snapshot.pulse == replace(pulse, lags=())
