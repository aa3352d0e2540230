"""What a fleet went through while a drill lasted, by its journal: who was out of service, and for how long. Pure.

Clients judge; this tells what they cannot see: that never more were out at once than should be.
"""

from collections.abc import Iterable

from hactl.core.draft import evolve
from hactl.core.events import Record
from hactl.core.model import Fleet
from hactl.core.node import Node
from hactl.core.value import Value


class Continuity(Value):
    """From the first fault to the failback; None for what was not looked at."""

    nodes_out: int | None = None
    """The most gateway nodes that were out of service at the same time."""
    longest_out: float | None = None
    """Seconds until the slowest of those that did served again."""
    still_out: bool = False
    """One had not come back."""


def read_continuity(fleet: Fleet, records: Iterable[Record], since: float, until: float) -> Continuity:
    """What `records`, which lead on from `fleet`, say of the time between two moments (monotonic seconds)."""
    out: dict[str, float] = {}
    most, longest = 0, 0.0
    for record in records:
        if record.mono >= until:
            break
        fleet = evolve(fleet, record.event)
        away = {node.name for node in fleet.gateways if not _in_service(node)}
        for name in out.keys() - away:
            longest = max(longest, record.mono - out.pop(name))
        for name in away - out.keys():
            out[name] = max(since, record.mono)
        if record.mono >= since:
            most = max(most, len(out))
    return Continuity(nodes_out=most, longest_out=longest, still_out=bool(out))


def _in_service(node: Node) -> bool:
    return node.serviceable or node.standing_by
