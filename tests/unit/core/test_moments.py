"""Which moments a schedule has: by the clock of its zone, not on days that are blocked, and never made up for."""

import datetime
from zoneinfo import ZoneInfo

import pytest

from hactl.core.moments import GRACE, due, upcoming
from hactl.core.schedule import Blocked, Hours, ScheduleSpec

UTC = datetime.UTC
NIGHTS = ScheduleSpec(name="nightly", drill="node-kill", at=Hours(days=(0, 1, 2, 3, 4), begin=120, end=240))


def unix(text: str, zone: datetime.tzinfo = UTC) -> float:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def times(spec: ScheduleSpec, after: str, count: int, zone: datetime.tzinfo = UTC) -> list[str]:
    """The next moments in the zone's own time."""
    found = upcoming(spec, zone, unix(after, zone), count)
    return [datetime.datetime.fromtimestamp(one.at, zone).strftime("%a %d %H:%M") for one in found]


def test_it_comes_when_its_hours_begin_on_its_days() -> None:
    """2026-11-27 is a Friday."""
    assert times(NIGHTS, "2026-11-26 02:00", 3) == ["Fri 27 02:00", "Mon 30 02:00", "Tue 01 02:00"]


def test_it_comes_again_and_again_within_its_hours() -> None:
    often = ScheduleSpec(name="often", drill="x", at=Hours(begin=120, end=240), every=3600.0)
    assert times(often, "2026-11-26 02:00", 4) == ["Thu 26 03:00", "Thu 26 04:00", "Fri 27 02:00", "Fri 27 03:00"]


def test_it_is_due_for_a_short_while_and_not_twice() -> None:
    """A daemon that comes later lets it pass; one that took it does not again, also when clocks are set back."""
    at = unix("2026-11-27 02:00")
    assert due(NIGHTS, UTC, at - 0.1, 0.0) is None
    moment = due(NIGHTS, UTC, at, 0.0)
    assert moment is not None
    assert moment.at == at
    assert due(NIGHTS, UTC, at + GRACE - 1, 0.0) == moment
    assert due(NIGHTS, UTC, at + GRACE, 0.0) is None
    assert due(NIGHTS, UTC, at + 5, at) is None
    assert due(NIGHTS, UTC, at + 5, at + 3600) is None


def test_a_clock_that_was_far_ahead_once_silences_nothing() -> None:
    """Set back by up to a day it still comes once; a turn later than that was taken at a time that never was."""
    at = unix("2026-11-27 02:00")
    assert due(NIGHTS, UTC, at, at + 86400.0) is None
    for ahead in (2.0, 400.0):
        moment = due(NIGHTS, UTC, at, at + ahead * 86400.0)
        assert moment is not None, f"silent until that time comes again, for {ahead:g} days"
        assert due(NIGHTS, UTC, at + 5, moment.at) is None, "and this one counts from then on"


def test_on_a_blocked_date_it_is_due_and_says_so_and_is_not_announced() -> None:
    """So that somebody can be told why nothing was run."""
    spec = ScheduleSpec(
        name="n", drill="x", at=Hours(begin=120, end=120), blocked=(Blocked(first="2026-12-24", last="2027-01-02"),)
    )
    assert times(spec, "2026-12-23 00:00", 2) == ["Wed 23 02:00", "Sun 03 02:00"]
    moment = due(spec, UTC, unix("2026-12-24 02:00"), 0.0)
    assert moment is not None
    assert moment.blocked == "2026-12-24"


def test_jitter_makes_it_later_by_the_same_on_each_machine_and_never_beyond_its_hours() -> None:
    spec = ScheduleSpec(name="n", drill="x", at=Hours(begin=120, end=180), jitter=7200.0)
    moments = upcoming(spec, UTC, unix("2026-11-26 00:00"), 60)
    late = [(moment.at - unix("2026-11-26 02:00")) % 86400.0 for moment in moments]
    assert moments == upcoming(spec, UTC, unix("2026-11-26 00:00"), 60)
    assert all(0.0 <= one <= 3600.0 for one in late)
    assert len(set(late)) > 20


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-03-29", "2026-03-29 03:30"), ("2026-10-25", "2026-10-25 02:30")],
    ids=["an hour that there is not", "an hour that there is twice"],
)
def test_where_clocks_are_put_forward_or_back_it_comes_once(day: str, expected: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spec = ScheduleSpec(name="n", drill="x", at=Hours(begin=150, end=150), zone="Europe/Berlin")
    moments = [
        one.at
        for one in upcoming(spec, berlin, unix(f"{day} 00:00", berlin), 3)
        if datetime.datetime.fromtimestamp(one.at, berlin).date().isoformat() == day
    ]
    (at,) = moments
    assert datetime.datetime.fromtimestamp(at, berlin).strftime("%Y-%m-%d %H:%M") == expected
    assert due(spec, berlin, at + 3600.0, at) is None


@pytest.mark.parametrize("jitter", [0.0, 600.0], ids=["to the second", "with jitter"])
def test_what_comes_again_and_again_comes_once_each_time_where_clocks_are_put_forward(jitter: float) -> None:
    """02:00 and 02:30 there are not on that day; 03:00 and 03:30 come, and not twice, and everything in order."""
    berlin = ZoneInfo("Europe/Berlin")
    often = ScheduleSpec(name="n", drill="x", at=Hours(begin=60, end=240), every=1800.0, jitter=jitter)
    moments = upcoming(often, berlin, unix("2026-03-29 00:00", berlin), 5)
    local = [datetime.datetime.fromtimestamp(one.at, berlin) for one in moments]
    halves = [(time.hour, time.minute // 30 * 30) for time in local]
    assert halves == [(1, 0), (1, 30), (3, 0), (3, 30), (4, 0)]
    assert local == sorted(local)
    only = ScheduleSpec(name="n", drill="x", at=Hours(begin=120, end=150), every=1800.0)
    assert times(only, "2026-03-29 00:00", 2, berlin) == ["Sun 29 03:00", "Sun 29 03:30"], "nothing else comes"


def test_the_run_of_yesterday_that_is_late_is_announced_until_it_comes() -> None:
    """What is due next is always what was announced before; one at half past eleven may well come after midnight."""
    late = ScheduleSpec(name="n", drill="x", at=Hours(begin=1410, end=1410), jitter=21600.0)
    start, reached = unix("2026-11-26 12:00"), 0
    for step in range(4 * 24 * 60):
        now = start + step * 60
        (told,) = upcoming(late, UTC, now - 60, 1)
        found = due(late, UTC, now, now - 60)
        assert (found == told) is (found is not None) is (told.at <= now)
        reached += found is not None and datetime.datetime.fromtimestamp(found.at, UTC).hour < 12
    assert reached, "none of them came after midnight"


def test_a_schedule_without_days_left_has_no_moments() -> None:
    never = ScheduleSpec(name="n", drill="x", blocked=(Blocked(first="2000-01-01", last="2999-12-31"),))
    assert upcoming(never, UTC, unix("2026-11-26 00:00"), 3) == []
