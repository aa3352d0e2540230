"""What `status` says about regions that answer far worse than they should: what keeps their traffic from being moved,
or when it returns. The share that they keep meanwhile is shown with all other evacuations (`region_lines`).
"""

from collections.abc import Iterator

from hactl.core.brownout import Brownout
from hactl.core.brownouts import KEEP, impediment
from hactl.core.model import Fleet
from hactl.core.reading import age
from hactl.core.regions import kept


def unmoved(fleet: Fleet, wall: float, mono: float) -> Iterator[str]:
    """One line for each degraded region that still has its traffic; `wall` and `mono` are the time in both clocks."""
    for brownout in fleet.brownouts.values():
        if brownout.faltering and not brownout.moved:
            since, why = age(wall - brownout.began), impediment(fleet, brownout) or _barred(brownout, mono)
            yield f"{brownout.region} has been degraded for {since} ({brownout.why}) and still has its traffic: {why}"


def outlook(fleet: Fleet, region: str, mono: float) -> str:
    """When a region whose traffic was moved for a brown-out gets more of it again."""
    brownout = fleet.brownouts.get(region)
    if brownout is None or brownout.faltering:
        wait = fleet.spec.stable_for if brownout is None else brownout.wait
        return f"more returns once it has been healthy for {age(wait)}"
    if kept(fleet, region) > KEEP:
        return "healthy again, traffic is returning in steps"
    return f"more returns in {age(max(0.0, brownout.heard + brownout.wait - mono))} if it stays healthy"


def _barred(brownout: Brownout, mono: float) -> str:
    left = 0.0 if brownout.barred is None else max(0.0, brownout.barred - mono)
    return f"moving it did not help; next try in {age(left)}"
