"""Taking traffic away from a region and giving it back: the one place that does, for whatever cause. Pure.

Not when that happens: operators order it (`ramp`), a lost region needs it (`region_loss`), and so does one that is
degraded (`brownouts`). Not what the edges are told: that follows (`regions`, `traffic`).
"""

from hactl.core.draft import Draft, evolve
from hactl.core.evacuation import WHOLE, Evacuation, EvacuationCause
from hactl.core.headroom import CapacityVerdict, burden
from hactl.core.load import Load
from hactl.core.model import Fleet
from hactl.core.region_events import RegionEvacuated, RegionRestored
from hactl.core.regions import missing, takers
from hactl.core.value import replace

SHORTEST_WAIT = 5.0
"""Seconds from which the waiting between two attempts doubles, at least."""
LONGEST_WAIT = 3600.0
"""Seconds that the doubled waiting does not exceed, unless the configuration asks for more."""


def longer(waited: float, least: float) -> float:
    """Seconds to wait after another attempt that did no good: twice as long, within limits, and `least` in any case."""
    return max(least, min(max(2 * waited, SHORTEST_WAIT), LONGEST_WAIT))


def leave(
    draft: Draft, region: str, keep: int, *, cause: EvacuationCause, why: str, by: str = "", again: bool = False
) -> None:
    """Leave `keep` per cent of its share with a region: 0 puts it behind all others, 100 ends its evacuation.

    An evacuation that goes on is dated from its beginning; with `again`, from now.
    """
    before = draft.fleet.evacuations.get(region)
    since = draft.now.wall if before is None or again else before.since
    restore(draft, Evacuation(region=region, keep=max(0, keep), cause=cause, why=why, by=by, since=since), why)


def put(draft: Draft, evacuation: Evacuation) -> None:
    """Let an evacuation be exactly this; nothing happens when it is already."""
    if draft.fleet.evacuations.get(evacuation.region) != evacuation:
        draft.emit(RegionEvacuated(evacuation=evacuation))


def restore(draft: Draft, evacuation: Evacuation, why: str) -> None:
    """Let a region be evacuated as it once was; 100 % for not at all."""
    if evacuation.keep < WHOLE:
        put(draft, evacuation)
    elif evacuation.region in draft.fleet.evacuations:
        draft.emit(RegionRestored(region=evacuation.region, why=why))


def watch_well(draft: Draft, region: str, *, well: bool) -> None:
    """Note since when an evacuated region has been well without a break, or that it is not."""
    evacuation = draft.fleet.evacuations[region]
    since = (evacuation.well_since or draft.now.mono) if well else None
    put(draft, replace(evacuation, well_since=since))


def hands_off(fleet: Fleet) -> bool:
    """True while nothing moves by itself: the daemon repairs nothing or leaves, a configuration comes into force or
    goes, or somebody moves traffic between regions."""
    held = fleet.moving is not None or fleet.paused is not None
    return held or fleet.proposal is not None or fleet.closing


def obstacle(fleet: Fleet, region: str) -> str:
    """Why traffic should not be taken from a region that nobody ordered evacuated; "" when it may be."""
    if region in fleet.evacuations:
        return f"{region} is already evacuated"
    if fleet.evacuations:
        return f"{next(iter(fleet.evacuations))} is evacuated"
    if fleet.proposal is not None:
        return "a configuration change is in progress"
    if fleet.paused is not None:
        return fleet.paused.who
    over = takers(fleet, region)
    if not over:
        return f"no region could take over from {region}"
    out = [name for taker in over for name in missing(fleet, taker)]
    return f"{' and '.join(over)} would have to carry its traffic without {', '.join(out[:3])}" if out else ""


def too_much(fleet: Fleet, region: str, keep: int, load: float | None) -> str:
    """Why the others could not carry it when a region keeps `keep` per cent of its share; "" when they could, or when
    nobody knows. `load` is in requests per second of all nodes together."""
    then = evolve(fleet, RegionEvacuated(evacuation=Evacuation(region=region, keep=keep)))
    left = burden(fleet, then, None if load is None else Load(rates={"": load}))
    short = left.verdict is CapacityVerdict.SHORT and left.more
    return f"too little capacity would be left: {left.sentence}" if short else ""
