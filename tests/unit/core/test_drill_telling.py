"""What happens to drills, told to people."""

from hactl.core.drill import DrillLock
from hactl.core.drill_events import DrillAnswered, DrillAsked, DrillKept, DrillsLocked, DrillsUnlocked
from hactl.core.drill_telling import tell_drill


def test_what_a_drill_waits_for_is_told_in_its_own_words() -> None:
    assert (
        tell_drill(DrillAsked(id="op-7", question="pull the cable"))
        == "op-7 is waiting for an operator: pull the cable"
    )
    assert tell_drill(DrillAnswered(id="op-7")) == "op-7 continues: what it was waiting for is done"
    assert tell_drill(DrillAsked(id="op-7", question="")) == "op-7 is no longer waiting for anyone"


def test_signs_of_life_name_their_canary() -> None:
    assert tell_drill(DrillKept(id="op-7", expires=1.0)) == "op-7: its runner reported in"
    assert tell_drill(DrillKept(id="op-7", expires=1.0, canary=3)) == "op-7: its runner reported in (canary 3)"


def test_a_lock_is_told_with_who_and_why() -> None:
    lock = DrillLock(by="alice", since=1.0, reason="quarter end")
    assert tell_drill(DrillsLocked(lock=lock)) == "drills are locked by alice (quarter end)"
    assert tell_drill(DrillsUnlocked()) == "drills are unlocked"
