"""Lateness as counts: what is read from them is never better than it was."""

from hypothesis import given
from hypothesis import strategies as st

from hactl.core.lag import BOUNDS_MS, NONE, place, quantile, since, total

late = st.lists(st.floats(0.0, BOUNDS_MS[-1]), min_size=1, max_size=200)


def counted(moments: list[float]) -> tuple[int, ...]:
    """The counts of some moments."""
    counts = list(NONE)
    for moment in moments:
        counts[place(moment)] += 1
    return tuple(counts)


@given(late, st.floats(0.01, 1.0))
def test_a_quantile_is_never_too_low_and_at_most_one_bound_too_high(moments: list[float], part: float) -> None:
    """What it says was kept by at least that part of the moments, and the bound below it was not."""
    said = quantile(counted(moments), part)
    assert sum(moment <= said for moment in moments) >= part * len(moments) - 1e-6
    below = (-1, *BOUNDS_MS)[place(said)]
    assert sum(moment <= below for moment in moments) < part * len(moments)


def test_one_moment_in_a_thousand_may_be_worse() -> None:
    """That is what p99.9 means."""
    assert quantile(counted([1.0] * 999 + [400.0]), 0.999) == 1
    assert quantile(counted([1.0] * 998 + [400.0] * 2), 0.999) == 500


def test_nothing_is_no_lag_and_beyond_the_last_bound_is_at_least_that() -> None:
    """Both ends of the scale."""
    assert quantile(NONE, 0.999) == 0.0
    assert quantile(counted([1e6]), 0.5) == BOUNDS_MS[-1]


@given(late, late)
def test_counts_add_up(first: list[float], more: list[float]) -> None:
    """Several are one, and what came later is the difference."""
    both = total([counted(first), counted(more)])
    assert both == counted(first + more)
    assert since(counted(first), both) == counted(more)
    assert total([]) == NONE
