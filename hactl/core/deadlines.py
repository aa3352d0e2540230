"""Every moment at which something in a fleet is due by time alone, and the observation it leads to. Pure.

Deadlines are part of the fleet; the shell, which has a clock, sets the alarm (`supervisor.alarm`).
"""

from collections.abc import Iterator

from hactl.core import auto_failback, brownouts, last_word
from hactl.core.model import Fleet
from hactl.core.observations import Observation, Ticked, Woke


def soonest(fleet: Fleet) -> float | None:
    """The first moment at which something is due, in monotonic seconds; None when nothing is before something comes."""
    nodes = (node.deadline.at for node in fleet.nodes.values() if node.deadline is not None)
    return min((*nodes, *_looks(fleet)), default=None)


def due(fleet: Fleet, now: float) -> list[Observation]:
    """What is to be heard at `now`, in monotonic seconds: of each node whose deadline has come, then of all else."""
    woken: list[Observation] = [
        Woke(node=node.name, deadline=node.deadline.kind)
        for node in fleet.nodes.values()
        if node.deadline is not None and node.deadline.at <= now
    ]
    return [*woken, Ticked()] if any(look <= now for look in _looks(fleet)) else woken


def _looks(fleet: Fleet) -> Iterator[float]:
    """When the fleet as a whole is to be looked at again."""
    yield from (operation.look_again for operation in fleet.operations.values())
    if fleet.paused is not None and fleet.paused.ends is not None:
        yield fleet.paused.ends
    looks = (auto_failback.next_look(fleet), brownouts.next_look(fleet), last_word.next_look(fleet))
    yield from (look for look in looks if look is not None)
