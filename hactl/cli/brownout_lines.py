"""What `status` says of regions that answer far worse than they should: what stands against moving their traffic, or
when it comes back. What they keep meanwhile is said with all other evacuations (`region_lines`).
"""

from collections.abc import Iterator

from hactl.core.brownout import Brownout
from hactl.core.brownouts import KEEP, impediment
from hactl.core.model import Fleet
from hactl.core.reading import age
from hactl.core.regions import kept


def unmoved(fleet: Fleet, wall: float, mono: float) -> Iterator[str]:
    """One line for each region that falters and keeps its traffic; `wall` and `mono` are the time in both clocks."""
    for brownout in fleet.brownouts.values():
        if brownout.faltering and not brownout.moved:
            since, why = age(wall - brownout.began), impediment(fleet, brownout) or _barred(brownout, mono)
            yield f"{brownout.region} falters since {since} ({brownout.why}) and keeps its traffic: {why}"


def outlook(fleet: Fleet, region: str, mono: float) -> str:
    """When a region whose traffic was moved for a brown-out gets more of it again."""
    brownout = fleet.brownouts.get(region)
    if brownout is None or brownout.faltering:
        wait = fleet.spec.stable_for if brownout is None else brownout.wait
        return f"more again when it has been well for {age(wait)}"
    if kept(fleet, region) > KEEP:
        return "well again, and getting it back in steps"
    return f"more again in {age(max(0.0, brownout.heard + brownout.wait - mono))} if it stays well"


def _barred(brownout: Brownout, mono: float) -> str:
    left = 0.0 if brownout.barred is None else max(0.0, brownout.barred - mono)
    return f"moving it was no use; another try in {age(left)}"
