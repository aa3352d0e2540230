"""What events of drills make of a fleet: also those that come too late."""

from support.script import drilling, serving

from hactl.core.draft import evolve
from hactl.core.drill import DrillLock
from hactl.core.drill_events import DrillAnswered, DrillAsked, DrillKept, DrillsLocked, DrillsUnlocked
from hactl.core.drilled import drilled
from hactl.core.value import replace

LOCK = DrillLock(by="alice", since=1.0)


def test_a_lease_has_the_newest_canary_the_newest_term_and_the_question_that_is_open() -> None:
    story, drill = drilling("seoul-1")
    asked = drilled(story.fleet, DrillAsked(id=drill, question="switch the record"))
    kept = drilled(drilled(asked, DrillKept(id=drill, expires=9.0, canary=7)), DrillKept(id=drill, expires=8.0))
    lease = kept.operations[drill].drill
    assert lease is not None
    assert (lease.question, lease.canary, lease.expires) == ("switch the record", 7, 8.0)
    answered = drilled(kept, DrillAnswered(id=drill)).operations[drill].drill
    assert answered == replace(lease, question="")


def test_what_comes_after_the_end_of_a_drill_changes_nothing() -> None:
    fleet = serving()
    for event in (DrillKept(id="op-1", expires=1.0), DrillAsked(id="op-1", question="x"), DrillAnswered(id="op-1")):
        assert drilled(fleet, event) == fleet


def test_drills_are_locked_until_they_are_not() -> None:
    fleet = serving()
    locked = evolve(fleet, DrillsLocked(lock=LOCK))
    assert locked.drills.lock == LOCK
    assert evolve(locked, DrillsUnlocked()) == replace(fleet, seq=fleet.seq + 2)
