"""What happens to a region as a whole: lost, evacuated, restored. Part of the events of a fleet."""

from hactl.core.evacuation import Evacuation, RegionLoss
from hactl.core.value import BaseEvent


class RegionEvacuated(BaseEvent):
    """From now on a region keeps only this much of its share; or more, or less, than before."""

    evacuation: Evacuation


class RegionRestored(BaseEvent):
    """A region gets all its traffic again that its priority and weight give it."""

    region: str
    why: str


class RegionLost(BaseEvent):
    """A region that took traffic has nobody left who serves, by no operator's will."""

    loss: RegionLoss


class RegionMoved(BaseEvent):
    """Every edge has confirmed a plan by which others carry its traffic."""

    loss: RegionLoss
    to: tuple[str, ...]
    """The regions that carry it."""
    ms: float
    """From the loss seen to the last edge's proof."""


class RegionBack(BaseEvent):
    """It is whole again, which says nothing about what traffic it gets; or its loss is not followed any more."""

    region: str
    moved_ms: float | None
    back_ms: float | None
    """From the loss seen until all its nodes served; None when they did not."""
    why: str = ""
    """What has overtaken its loss; "" when it is whole again, or was stopped or drained instead."""


RegionEvent = RegionEvacuated | RegionRestored | RegionLost | RegionMoved | RegionBack
