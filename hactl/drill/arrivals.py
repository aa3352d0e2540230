"""How many requests come to a service that is struck, second by second: whether all come at once when it is back.

Nodes are the witnesses, by their own counters: they call it, whoever asked them. What they count is what they have sent
over a connection, tries beyond the first included; what found none has not come to it. What they had sent before and a
proxy in the hop still held is not in it: of those who gave up waiting it lets nothing through any more. Pure;
who reads the counters is `counting`.
"""

from collections.abc import Sequence
from itertools import pairwise

from hactl.core.value import Value

FIRST = 5.0
"""Seconds after its return in which a service is watched for a herd; fewer where it is struck again before."""
ENOUGH = 2.0
"""Seconds without which nobody can say how many come in one."""


class Arrived(Value):
    """What nodes had sent to the services by a moment (monotonic seconds), since each process started."""

    at: float
    counts: dict[str, int]
    """By node and pid: another process begins at nought, and is not mixed up with the one before."""


def herd(readings: Sequence[Arrived], struck: Sequence[float], returns: Sequence[float], until: float) -> float | None:
    """How many came in the first seconds after a return for each that came before the first fault in as long a time:
    the worst of all returns; None when that was not measured of any.

    `struck` are the moments at which something was done to the services, `returns` those at which that was over; what
    comes after `until` is not looked at.
    """
    first = min(struck, default=until)
    usual = _rate([one for one in readings if one.at <= first])
    found = []
    for back in returns:
        end = min([back + FIRST, until, *(moment for moment in struck if moment > back)])
        begin = min((one.at for one in readings), key=lambda at: abs(at - back), default=until)
        rate = _rate([one for one in readings if begin <= one.at <= end])
        found += [] if rate is None or not usual else [rate / usual]
    return max(found, default=None)


def _rate(readings: Sequence[Arrived]) -> float | None:
    """Per second, of those processes that were read each time; None where the readings do not last long enough."""
    if not readings or readings[-1].at - readings[0].at < ENOUGH:
        return None
    arrived = sum(_more(before, after) for before, after in pairwise(readings))
    return arrived / (readings[-1].at - readings[0].at)


def _more(before: Arrived, after: Arrived) -> int:
    return sum(count - before.counts[who] for who, count in after.counts.items() if who in before.counts)
