"""Time zones by name, as this machine knows them."""

import datetime

import pytest

from hactl.config.zones import zone


def test_utc_is_known_everywhere_and_others_as_far_as_the_machine_knows_them() -> None:
    assert zone("UTC") is datetime.UTC
    berlin = zone("Europe/Berlin")
    assert berlin is not None
    assert datetime.datetime(2026, 7, 1, tzinfo=berlin).utcoffset() == datetime.timedelta(hours=2)


@pytest.mark.parametrize("name", ["Europe/Nowhere", "", "../../etc/passwd", "/etc/localtime", "a\0b"])
def test_what_is_no_name_of_one_is_none(name: str) -> None:
    assert zone(name) is None
