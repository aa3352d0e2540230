"""What a fleet went through while a drill lasted, by its journal: who was out of service, and for how long. Pure.

Clients judge; this tells what they cannot see: that never more were out at once than should be.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from hactl.core.config_events import RevisionProposed, RevisionRolledBack
from hactl.core.draft import evolve
from hactl.core.events import AdoptionRefused, DaemonStarted, NodeAdopted, Record
from hactl.core.model import Fleet
from hactl.core.node import Node
from hactl.core.value import Value, replace


class Continuity(Value):
    """From the first fault to the failback; None for what was not looked at."""

    nodes_out: int | None = None
    """The most gateway nodes that were out of service at the same time."""
    longest_out: float | None = None
    """Seconds until the slowest of those that did served again."""
    still_out: bool = False
    """One had not come back."""
    adopted: float | None = None
    """Seconds until another daemon was in charge with every process that ran, the longest of all times that one was
    struck; None when none came."""
    not_adopted: int = 0
    """Processes that it could not take for those it knew."""
    restarts: int | None = None
    """Processes that ran at the beginning, were not struck, and have ended, by the kernel's word."""
    journal_gaps: int | None = None
    """Records that are missing, by their numbers, when the journal is read back."""
    turns: int | None = None
    """How often the traffic that the regions which were struck are meant to get changed its direction; None where no
    whole region was."""
    invalid_taken: int | None = None
    """Configurations that are invalid, and were not refused."""
    nodes_reached: int | None = None
    """Gateway nodes that were started with a configuration which is valid and wrong."""
    wrong_served: float | None = None
    """Monotonic seconds at which the first of them served."""
    reverted: float | None = None
    """Seconds from then until it was taken back by itself, from everybody; None when it was not."""


class Reasons(Value):
    """Why configurations of a drill were applied, as the journal has it; None of a kind that it does not apply."""

    invalid: str | None = None
    wrong: str | None = None


def read_continuity(fleet: Fleet, records: Iterable[Record], since: float, until: float) -> Continuity:
    """What `records`, which lead on from `fleet`, say of the time between two moments (monotonic seconds)."""
    out: dict[str, float] = {}
    most, longest = 0, 0.0
    for record in records:
        if record.mono > since:  # it was as it had been until then
            most = max(most, len(out))
        if record.mono >= until:
            break
        fleet = evolve(fleet, record.event)
        away = {node.name for node in fleet.gateways if not _in_service(node)}
        for name in out.keys() - away:
            longest = max(longest, record.mono - out.pop(name))
        for name in away - out.keys():
            out[name] = max(since, record.mono)
    most = max(most, len(out))
    return Continuity(nodes_out=most, longest_out=longest, still_out=bool(out))


def read_adoption(found: Continuity, records: Sequence[Record], struck: Sequence[float]) -> Continuity:
    """`found` with what `records` say of the daemons that came after each was `struck`, by the moments at which they
    were: all that ran is adopted when one comes. The slowest counts, and one that did not come is slower than any."""
    after = [record for record in records if record.mono >= min(struck, default=math.inf)]
    took: list[float | None] = []
    for moment, another in pairwise((*sorted(struck), math.inf)):
        came = [
            record.mono
            for record in after
            if moment <= record.mono < another and isinstance(record.event, DaemonStarted | NodeAdopted)
        ]
        took.append(came[-1] - moment if came else None)
    slowest = None if None in took else max((one for one in took if one is not None), default=None)
    refused = sum(isinstance(record.event, AdoptionRefused) for record in after)
    return replace(found, adopted=slowest, not_adopted=refused)


def read_spread(
    found: Continuity, fleet: Fleet, records: Iterable[Record], reasons: Reasons, until: float
) -> Continuity:
    """`found` with what became of the configurations that were applied for `reasons`, before the moment `until`.

    Nothing is known of a kind that was not applied: that none was taken would be no news."""
    wrong, reached, invalid = set[int](), set[str](), 0
    served, reverted = None, None
    for record in records:
        if record.mono >= until:
            break
        event = record.event
        fleet = evolve(fleet, event)
        if isinstance(event, RevisionProposed):
            invalid += reasons.invalid is not None and record.reason == reasons.invalid
            if reasons.wrong is not None and record.reason == reasons.wrong:
                wrong.add(event.proposal.revision)
        having = [node for node in fleet.gateways if node.revision in wrong and node.launch is not None]
        reached |= {node.name for node in having}
        if served is None and any(node.serviceable for node in having):
            served = record.mono
        if isinstance(event, RevisionRolledBack) and event.revision in wrong and served is not None:
            reverted = record.mono - served
    return replace(
        found,
        invalid_taken=None if reasons.invalid is None else invalid,
        nodes_reached=None if reasons.wrong is None else len(reached),
        reverted=reverted,
        wrong_served=served,
    )


def missing(numbers: Iterable[int]) -> int:
    """How many are left out of `numbers`, which should follow one another."""
    return sum(max(0, later - before - 1) for before, later in pairwise(numbers))


def _in_service(node: Node) -> bool:
    return node.serviceable or node.standing_by
