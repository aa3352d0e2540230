"""Whether what is due may begin: only where it is allowed, and every reason why not is in the journal."""

import pytest
from support.build import a_spec
from support.script import NOTHING, Script, exited, lent, like, serving

from hactl.core.commands import Command, LockDrills, Pause
from hactl.core.drill import Turn
from hactl.core.drill_events import ScheduledEnded, ScheduledSkipped, ScheduledStarted
from hactl.core.observations import DrillDue, DrillOver, Observation
from hactl.core.schedule import Hours, ScheduleSpec
from hactl.core.scheduling import why_not

NIGHTLY = ScheduleSpec(name="nightly", suite="ci", at=Hours(begin=120, end=240))
DUE = DrillDue(schedule="nightly", at=7200.0)


def story(*, allowed: bool = True) -> Script:
    return Script(serving(a_spec(safety={"scheduled_drills": allowed}, schedules=(NIGHTLY,))))


def test_what_is_due_begins_and_its_end_is_known() -> None:
    told = story() >> DUE
    told << like(ScheduledStarted, schedule="nightly", what="suite ci", at=7200.0)
    assert told.fleet.drills.turns == {"nightly": Turn(at=7200.0)}
    told >> DrillOver(schedule="nightly", code=10) << like(ScheduledEnded, code=10)
    assert told.fleet.drills.turns == {"nightly": Turn(at=7200.0, over=True, code=10)}
    assert told.replayed() == told.fleet


def test_nothing_begins_by_itself_unless_somebody_has_allowed_it() -> None:
    told = story(allowed=False) >> DUE
    told << like(ScheduledSkipped, why="safety.scheduled_drills = false")
    assert not a_spec().safety.scheduled_drills


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (LockDrills(), "drills are locked by alice"),
        (lent("seoul-1"), "drill game-day on seoul-1 is in progress"),
        (Pause(), "the fleet is paused by alice"),
    ],
    ids=str,
)
def test_what_stands_in_the_way_is_the_reason(before: Command, why: str) -> None:
    told = story() >> before >> DUE
    told << like(ScheduledSkipped, schedule="nightly", at=7200.0)
    assert why in told.fleet.drills.turns["nightly"].skipped
    assert why_not(told.fleet) == told.fleet.drills.turns["nightly"].skipped


def test_a_fleet_that_is_not_well_is_left_alone() -> None:
    told = story() >> exited("seoul-1", signal=9) >> DUE
    assert told.fleet.drills.turns["nightly"].skipped.startswith("not healthy: ")


def test_a_blocked_date_is_named() -> None:
    told = story() >> DrillDue(schedule="nightly", at=7200.0, blocked="2026-12-24")
    told << like(ScheduledSkipped, why="2026-12-24 is blocked")


def test_a_schedule_that_is_gone_has_no_moments_any_more() -> None:
    gone: Observation = DrillDue(schedule="weekly", at=7200.0)
    story() >> gone << NOTHING
