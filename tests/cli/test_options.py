"""Durations as they are typed."""

import click
import pytest

from hactl.cli.options import duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("0s", 0), ("5s", 5), ("1.5s", 1.5), ("2m", 120), ("1h", 3600), ("3d", 259200)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "s", "5 s", "-5s", "1e3s", "5sec", "1.2.3s", "infs", "nans", "\u0665s", "\u00b2s"]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    """Also what Python would take for digits, and a bare number, whose unit would be a guess."""
    with pytest.raises(click.BadParameter, match="write 250ms, 5s"):
        duration(text)
