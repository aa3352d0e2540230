"""Which events are worth a stop."""

from typing import get_args

from hactl.core.events import DaemonStopped, Event, NodeAdopted
from hactl.tui.stops import STOPS, worth_a_stop


def kinds(union: object) -> set[str]:
    return {kind.__name__ for each in get_args(union) for kind in (get_args(each) or (each,))}


def test_every_kind_is_one_that_there_is():
    """Else nobody would ever stop there."""
    assert set(STOPS) <= kinds(Event)


def test_what_only_follows_from_them_is_passed_by():
    assert worth_a_stop(DaemonStopped(pid=1))
    assert not worth_a_stop(NodeAdopted(node="a", instance="b", pid=1))
