"""Repeatable chance."""

import pytest

from hactl.core.jitter import fraction

EXPECTED = 0.9112516500902255


def test_a_fraction_depends_on_its_names_and_nothing_else() -> None:
    """Today, tomorrow, in another process: the number is written here."""
    assert fraction("f1", "seoul-1", "1") == fraction("f1", "seoul-1", "1") == pytest.approx(EXPECTED)
    assert fraction("a", "bc") != fraction("ab", "c"), "names are kept apart"


def test_fractions_spread_evenly() -> None:
    """Ten thousand of them fall into ten drawers of about a thousand each."""
    drawers = [0] * 10
    for number in range(10_000):
        value = fraction("fleet", str(number))
        assert 0 <= value < 1
        drawers[int(value * 10)] += 1
    assert all(850 < count < 1150 for count in drawers)
