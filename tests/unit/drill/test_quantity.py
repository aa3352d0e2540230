"""Quantities are written alike everywhere, with their unit."""

import pytest

from hactl.drill.quantity import Unit, shown


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0312, Unit.SECONDS, "31 ms"),
        (12.34, Unit.SECONDS, "12.3 s"),
        (720.0, Unit.SECONDS, "12m"),
        (0.99975, Unit.PART, "99.975 %"),
        (7.0, Unit.COUNT, "7"),
        (None, Unit.COUNT, "-"),
    ],
)
def test_a_number_has_its_unit(value: float | None, unit: Unit, text: str) -> None:
    assert shown(value, unit) == text
