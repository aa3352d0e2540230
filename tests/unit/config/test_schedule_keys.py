"""What a `[[schedule]]` may say, key by key; and that it is written as it is read."""

import pytest

from hactl.config import dump, parse
from hactl.core.errors import ConfigError
from hactl.core.schedule import Blocked, Hours

HEAD = '[[schedule]]\nname = "nightly"\ndrill = "node-kill"\n'


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("02:00", Hours(begin=120, end=120)),
        ("00:00..23:59", Hours(begin=0, end=1439)),
        ("Mon..Fri 02:00..04:00", Hours(days=(0, 1, 2, 3, 4), begin=120, end=240)),
        ("Sat,Sun 03:30", Hours(days=(5, 6), begin=210, end=210)),
        ("Sat..Mon,Wed 03:30", Hours(days=(0, 2, 5, 6), begin=210, end=210)),
        ("Sun 03:30", Hours(days=(6,), begin=210, end=210)),
    ],
)
def test_hours_are_written_as_people_say_them(text: str, hours: Hours) -> None:
    spec = parse(f'{HEAD}at = "{text}"')
    assert spec.schedules[0].at == hours
    assert parse(dump(spec)) == spec


def test_a_whole_day_has_a_last_minute_and_that_is_said() -> None:
    with pytest.raises(ConfigError, match="00:00") as refused:
        parse(f'{HEAD}at = "00:00..24:00"')
    assert refused.value.hint == "a day ends at 23:59"


@pytest.mark.parametrize(
    "text", ["", "2:00", "24:00", "02:60", "Mon", "mon 02:00", "Mon-Fri 02:00", "Mon..Fri..Sat 02:00", "02:00..04", "x"]
)
def test_hours_that_say_nothing_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r'at: wants days and hours, like "Mon\.\.Fri 02:00\.\.04:00"'):
        parse(f'{HEAD}at = "{text}"')


@pytest.mark.parametrize("text", ["04:00..02:00", "02:00..02:00"])
def test_hours_end_later_on_the_same_day(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(f'{HEAD}at = "{text}"')
    assert "use two schedules to span midnight" in error.value.hint


def test_blocked_dates_are_dates() -> None:
    spec = parse(f'{HEAD}at = "02:00"\nblocked = ["2026-12-24..2027-01-02", "2026-11-27"]')
    assert spec.schedules[0].blocked == (
        Blocked(first="2026-12-24", last="2027-01-02"),
        Blocked(first="2026-11-27", last="2026-11-27"),
    )
    assert parse(dump(spec)) == spec
    for wrong in ("2026-02-30", "24.12.2026", "2027-01-02..2026-12-24", ""):
        with pytest.raises(ConfigError, match="blocked: wants a date or two"):
            parse(f'{HEAD}at = "02:00"\nblocked = ["{wrong}"]')


def test_a_time_zone_is_one_that_this_machine_knows() -> None:
    assert parse(f'{HEAD}at = "02:00"').schedules[0].zone == "UTC"
    assert parse(f'{HEAD}at = "02:00"\nzone = "Europe/Berlin"').schedules[0].zone == "Europe/Berlin"
    for wrong in ("Europe/Berlinn", "../etc/passwd", "", "/etc/localtime"):
        with pytest.raises(ConfigError, match="zone: wants the name of a time zone"):
            parse(f'{HEAD}at = "02:00"\nzone = "{wrong}"')


def test_what_is_not_said_is_missing() -> None:
    with pytest.raises(ConfigError) as error:
        parse("[[schedule]]")
    told = "\n".join((str(error.value), *error.value.also))
    assert '"name" is missing' in told
    assert '"at" is missing' in told
