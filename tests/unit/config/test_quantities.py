"""Stories of values with units: nothing is lost between the text and the number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hactl.config import quantities


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("5s", 5.0), ("2m", 120.0), ("1h", 3600.0), ("90d", 7_776_000.0), ("0.1s", 0.1), ("0s", 0.0)],
)
def test_a_duration_is_its_seconds(text: str, seconds: float):
    assert quantities.parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "250ms"), (5.0, "5s"), (90.0, "90s"), (120.0, "2m"), (86_400.0, "1d"), (0.0005, "0.5ms"), (0.0, "0s")],
)
def test_a_duration_is_written_in_the_largest_unit_that_needs_no_fraction(seconds: float, text: str):
    assert quantities.format_duration(seconds) == text


@given(st.floats(0, 1e8).map(lambda value: round(value, 12)))
def test_a_duration_survives_being_written(seconds: float):
    assert quantities.parse_duration(quantities.format_duration(seconds)) == seconds


@given(st.integers(0, 1 << 30))
def test_a_size_survives_being_written(size: int):
    kind = quantities.size("0B", "1GiB")
    assert kind.read(kind.write(size)) == size


def test_a_third_is_written_as_a_third_and_a_half_as_a_number():
    kind = quantities.proportion()
    assert kind.write(1 / 3) == "1/3"
    assert kind.read("1/3") == 1 / 3
    assert kind.write(0.5) == 0.5


@given(st.ip_addresses(), st.integers(1, 65_535))
def test_every_address_survives_being_written(ip: object, port: int):
    kind = quantities.address()
    assert kind.read(kind.write((str(ip), port))) == (str(ip), port)


def test_an_address_is_held_in_its_usual_spelling():
    assert quantities.address().read("[0:0::0001]:80") == ("::1", 80)
