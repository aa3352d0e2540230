"""How many requests reach a struck service, second by second: whether there is a stampede when it is back.

Nodes are the witnesses, by their own counters: they call it, whoever asked them. What they count is what they have sent
over a connection, tries beyond the first included; what found none has not come to it. What they had sent before and a
proxy in the hop still held is not in it: of those who gave up waiting it lets nothing through any more. Pure;
who reads the counters is `counting`.
"""

from collections.abc import Sequence

from hactl.core.value import Value

FIRST = 5.0
"""Seconds after its return in which a service is watched for a herd; fewer where it is struck again before."""
ENOUGH = 1.5
"""Seconds between two readings without which nobody can say how many come in one."""
_LONG_ENOUGH = 2.5
"""Seconds after a return in which it has to be measured: with a reading a second, its last may be one too early."""
_SILENT = 1.5
"""Seconds at the end of what is looked at in which a node may say nothing: one reading that it has missed."""


class Arrived(Value):
    """What nodes had sent to the services by a moment (monotonic seconds), since each process started."""

    at: float
    counts: dict[str, int]
    """By node and pid: another process begins at nought, and is not mixed up with the one before."""


def herd(readings: Sequence[Arrived], struck: Sequence[float], returns: Sequence[float], until: float) -> float | None:
    """How many came in the first seconds after a return for each that came before the first fault in as long a time:
    the worst of all returns; None when that was not measured of one that lasted long enough, or of any.

    `struck` are the moments at which something was done to the services, `returns` those at which that was over; what
    comes after `until` is not looked at.
    """
    first = min(struck, default=until)
    before = [one for one in readings if one.at <= first]
    nodes = {_node(who) for one in before for who in one.counts}
    usual = _rate(before, nodes)
    found = []
    for back in returns:
        end = min([back + FIRST, until, *(moment for moment in struck if moment > back)])
        begin = min((one.at for one in readings), key=lambda at: abs(at - back), default=until)
        rate = _rate([one for one in readings if begin <= one.at <= end], nodes)
        if rate is not None and usual:
            found.append(rate / usual)
        elif end - back >= _LONG_ENOUGH:
            return None
    return max(found, default=None)


def _rate(readings: Sequence[Arrived], nodes: set[str]) -> float | None:
    """Per second, of the processes that were there at the beginning. None where readings do not last long enough, or
    one of `nodes` was not read at both ends: it may be the one that sends the most. What it has missed in between is in
    what it says next."""
    if not readings or not nodes <= {_node(who) for who in readings[0].counts}:
        return None
    first = readings[0]
    meant = {who for who in first.counts if _node(who) in nodes}
    last = next(one for one in reversed(readings) if meant <= one.counts.keys())
    if last.at - first.at < ENOUGH or readings[-1].at - last.at > _SILENT:
        return None
    more = sum(count - first.counts[who] for who, count in last.counts.items() if who in first.counts)
    return more / (last.at - first.at)


def _node(who: str) -> str:
    return who.rpartition(":")[0]
