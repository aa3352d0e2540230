"""A region in trouble: what it keeps of its traffic while it is evacuated, and its loss. Values only.

What follows for the plan stands in `regions`, when a loss begins and ends in `region_loss`.

An evacuated region keeps its nodes running and ready. At 0 % it is listed last in every plan: it takes nothing as long
as anybody else can serve, and everything when nobody else can.
"""

from enum import StrEnum

from hactl.core.node import Reason
from hactl.core.value import Value

WHOLE = 100
"""Per cent of its share that a region has which is not evacuated."""


class EvacuationCause(StrEnum):
    """What a region was evacuated for, in one word that scripts can match."""

    OPERATOR = "operator"
    LOST = "lost"
    """It could not serve any more, and a region of a later priority took over."""
    FALTERED = "faltered"
    """It answers far worse than it should: slowly, or with errors."""


class Evacuation(Value):
    """One region that does not get all the traffic its priority and weight would give it."""

    region: str
    keep: int = 0
    """Per cent of its share that stays with it: 0 to 99."""
    cause: EvacuationCause = EvacuationCause.OPERATOR
    why: str = ""
    by: str = ""
    """Who ordered it; "" when nobody did."""
    since: float = 0.0
    """Unix time at which it began, however often it has changed since."""
    well_since: float | None = None
    """Monotonic seconds since which the region has been well without a break; None while it is not, or nobody asks."""
    wait: float = 0.0
    """Seconds it must have been healthy before it returns automatically, when that is more than is configured: it
    doubles each time such a return did harm."""

    @property
    def who(self) -> str:
        """Who or what evacuated it, for people."""
        return f"by {self.by}" if self.by else _BECAUSE[self.cause]


class RegionLoss(Value):
    """One region without anybody who serves, from the moment that was seen until it is whole; monotonic seconds."""

    region: str
    cause: Reason
    """Why its last node went."""
    seen: float
    version: int
    """The plan that no longer has its nodes."""
    moved: float | None = None
    """When every edge had confirmed that plan."""


_BECAUSE = {
    EvacuationCause.OPERATOR: "as ordered",
    EvacuationCause.LOST: "because it was lost",
    EvacuationCause.FALTERED: "because it was degraded",
}
