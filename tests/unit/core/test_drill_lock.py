"""A lock on drills: none begins while it lasts, whoever asks, and it outlives whoever set it."""

import pytest
from support.script import NOTHING, Script, after, drilling, lent, like, serving

from hactl.core.commands import Down, EndDrill, KeepDrill, LockDrills, Request, UnlockDrills
from hactl.core.drill_events import DrillsLocked, DrillsUnlocked
from hactl.core.drill_lock import forbid
from hactl.core.errors import CommandRejected
from hactl.core.events import OperationBegan, OperationEnded
from hactl.core.operation import Outcome


def test_no_drill_begins_while_drills_are_locked() -> None:
    """Who has locked them, and why, is the answer; and how to lift it."""
    story = Script(serving()) >> Request(command=LockDrills(), by="alice", reason="quarter end")
    story << like(DrillsLocked) << like(OperationEnded, outcome=Outcome.DONE)
    refusal = story.refuses(lent("seoul-1"))
    assert (refusal.message, refusal.hint) == ("drills are locked by alice (quarter end)", "hactl drill unlock")
    assert refusal.guard
    story >> UnlockDrills() << like(DrillsUnlocked)
    story >> lent("seoul-1") << OperationBegan


def test_a_lock_ends_no_drill_and_outlives_the_fleet_going_down() -> None:
    story, drill = drilling("seoul-1")
    story >> LockDrills() >> KeepDrill(id=drill) >> EndDrill(id=drill)
    story << like(OperationEnded, id=drill, outcome=Outcome.DONE)
    story >> Down()
    assert story.fleet.drills.lock is not None
    assert story.replayed() == story.fleet


def test_said_again_it_keeps_the_first_reason_and_goes_on_as_long() -> None:
    story = Script(serving()) >> Request(command=LockDrills(), by="alice", reason="a")
    first = story.fleet.drills.lock
    story >> after(5) >> Request(command=LockDrills(), by="bob", reason="b")
    again = story.fleet.drills.lock
    assert first is not None
    assert again is not None
    assert (again.by, again.reason, again.since) == ("alice", "a; bob: b", first.since)
    for reason in ("b", ""):
        story >> Request(command=LockDrills(), by="bob", reason=reason)
        assert story.fleet.drills.lock == again, "what was said already is not said twice"


def test_what_is_not_locked_is_not_unlocked() -> None:
    story = Script(serving())
    assert story.refuses(UnlockDrills()).message == "drills are not locked"
    story << NOTHING
    forbid(story.fleet)
    story >> LockDrills()
    with pytest.raises(CommandRejected):
        forbid(story.fleet)
