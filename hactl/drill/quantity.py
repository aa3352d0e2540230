"""Quantities that drills measure: their units, and how they are written for people. Measures and judges nothing."""

from enum import StrEnum
from typing import assert_never

from hactl.core.reading import age


class Unit(StrEnum):
    """What a number counts in."""

    SECONDS = "seconds"
    PART = "part"
    """Of all requests, 0..1."""
    COUNT = "count"
    RATIO = "ratio"
    """Times as much."""


def seconds(value: float) -> str:
    """A duration as measured: milliseconds below ten seconds."""
    return f"{value * 1000:.0f} ms" if value < 10 else f"{value:.1f} s" if value < 100 else age(value)


def brief(value: float) -> str:
    """A duration beside something that is drawn: milliseconds below a second."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def shown(value: float | None, unit: Unit) -> str:
    """A number with its unit; "-" for one that was not measured."""
    if value is None:
        return "-"
    match unit:
        case Unit.SECONDS:
            return seconds(value)
        case Unit.PART:
            return f"{value * 100:.3f} %"
        case Unit.COUNT:
            return f"{value:g}"
        case Unit.RATIO:
            return f"{value:.2f} x"
        case _:
            assert_never(unit)


def signed(difference: float, unit: Unit) -> str:
    """A difference with its sign and unit."""
    return f"{'-' if difference < 0 else '+'}{shown(abs(difference), unit)}"
