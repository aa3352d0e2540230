"""Who was out of service at the same time and for how long, in stories that the real core plays."""

from support.build import a_spec
from support.script import after, applied, exited, healthy, idle, serving, spawned
from support.told import Told

from hactl.core.commands import Kill, Restart
from hactl.drill.continuity import Continuity, read_continuity

SOON = 5000.0


def test_a_rolling_restart_has_one_out_at_a_time() -> None:
    """The slowest of them counts, from the moment it was taken out until it served."""
    told = Told(serving(a_spec(nodes=3)))
    told.play(Restart(nodes=("seoul-1", "seoul-2")))
    for name, took in (("seoul-1", 1), ("seoul-2", 3)):
        told.play(applied("edge-1"), applied("edge-2"), after(took), idle(name), exited(name, code=0))
        told.play(spawned(name), healthy(name), applied("edge-1"), applied("edge-2"))
    assert not told.story.fleet.operations
    assert read_continuity(told.before, told.records, 1000.0, SOON) == Continuity(nodes_out=1, longest_out=3.0)


def test_two_that_die_together_are_two_and_one_that_stays_away_is_told() -> None:
    told = Told(serving(a_spec(nodes=3)))
    told.play(Kill(nodes=("seoul-1", "seoul-2")), exited("seoul-1", signal=9), exited("seoul-2", signal=9), after(2))
    told.play(spawned("seoul-1"), healthy("seoul-1"))
    found = read_continuity(told.before, told.records, 1000.0, SOON)
    assert found == Continuity(nodes_out=2, longest_out=2.0, still_out=True)


def test_what_comes_after_the_failback_is_not_looked_at() -> None:
    told = Told(serving(a_spec(nodes=3))).play(after(9), exited("seoul-1", signal=9))
    assert read_continuity(told.before, told.records, 1000.0, 1005.0) == Continuity(nodes_out=0, longest_out=0.0)
