"""How soon the traffic of those that were struck had gone to others, by who answered; and how often the plan for it
changed its direction. Pure.

What clients got is counted by who answered them, errors included; what nobody signed, like a time-out, is taken for
still sent to those that were struck. What is meant is read from the journal: traffic that is moved away and given back
has turned twice, and one that flaps turns ever again.
"""

from collections.abc import Container, Iterable, Sequence
from itertools import pairwise

from hactl.core.draft import evolve
from hactl.core.events import Record
from hactl.core.model import Fleet
from hactl.core.traffic import shares
from hactl.drill.records import UNSENT, Row

MOST = 0.8
"""The part of its share that has to be gone."""
SPAN, STEP = 1.0, 0.1
"""Seconds whose requests say together who is asked, and between two looks."""
_SAME = 1e-6


def shifted(
    rows: Sequence[Row], names: Container[str], fault: float, until: float
) -> tuple[float | None, float | None]:
    """Seconds from `fault` until the share of `names` was down to a fifth and stayed there, None when it did not by
    `until`; and the part of it that was gone by then, in the last seconds, None when nobody can say: answers named no
    node, or none of `names` before, or nobody asked. `rows` are sorted by when they were due.

    It is never told too soon: a window may still be good when all of that fifth was asked at its beginning, so as much
    of it is added.
    """
    usual = _part([row.node in names for row in rows if row.node and row.sent < fault])
    told = sorted((row.sent, not row.node or row.node in names) for row in rows if row.error != UNSENT)
    last = _part([struck for sent, struck in told if until - 2 * SPAN <= sent < until])
    if not usual or last is None:
        return None, None
    late, moment, there = 0.0, fault, True
    begin = end = 0
    while moment + SPAN <= until:
        while begin < len(told) and told[begin][0] < moment:
            begin += 1
        end = max(begin, end)
        while end < len(told) and told[end][0] < moment + SPAN:
            end += 1
        part = _part([struck for _, struck in told[begin:end]])
        there = there if part is None else part > (1 - MOST) * usual  # where nobody asked, nothing has changed
        if there:
            late = moment + STEP - fault
        moment += STEP
    gone = max(0.0, 1 - last / usual)
    return (late + (1 - MOST) * SPAN if fault + late + SPAN <= until and gone >= MOST else None), gone


def turns(fleet: Fleet, records: Iterable[Record], regions: Container[str], since: float, until: float) -> int:
    """How often the traffic that `regions` are meant to get changed its direction between two moments, by `records`,
    which lead on from `fleet`; its first move is one."""
    meant = [_meant(fleet, regions)]
    for record in records:
        if record.mono >= until:
            break
        plan, fleet = fleet.plan, evolve(fleet, record.event)
        if fleet.plan is not plan:  # most records are no news of it
            meant = [*(meant if record.mono >= since else ()), _meant(fleet, regions)]
    ways = [after > before for before, after in pairwise(meant) if abs(after - before) > _SAME]
    return len(ways[:1]) + sum(way != other for way, other in pairwise(ways))


def _meant(fleet: Fleet, regions: Container[str]) -> float:
    return sum(share.part for share in shares(fleet) if share.region in regions)


def _part(told: Sequence[bool]) -> float | None:
    return sum(told) / len(told) if told else None
