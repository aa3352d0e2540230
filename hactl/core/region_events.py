"""What happens to a region as a whole: lost, evacuated, restored. Part of the events of a fleet."""

from hactl.core.evacuation import Evacuation
from hactl.core.value import Value


class _RegionEvent(Value, tag=True, tag_field="event"):
    pass


class RegionEvacuated(_RegionEvent):
    """From now on a region keeps only this much of its share; or more, or less, than before."""

    evacuation: Evacuation

    @property
    def why(self) -> str:
        """What a plan that changes for it is said to change for."""
        evacuation = self.evacuation
        return f"{evacuation.region} keeps {evacuation.keep} % of its share" if evacuation.keep else evacuation.why


class RegionRestored(_RegionEvent):
    """A region gets all its traffic again that its priority and weight give it."""

    region: str
    why: str


RegionEvent = RegionEvacuated | RegionRestored
