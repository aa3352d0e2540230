"""What is known of a region's brown-out, as it changes. How much of its traffic it keeps is told by `region_events`."""

from hactl.core.brownout import Brownout
from hactl.core.value import BaseEvent


class BrownoutChanged(BaseEvent):
    """A brown-out began, eased, returned or is over: `brownout` is the new value."""

    brownout: Brownout
    what: str
    """What has changed, to be read after the name of the region."""


class BrownoutForgotten(BaseEvent):
    """It is so long ago that the next one is the first."""

    region: str


BrownoutEvent = BrownoutChanged | BrownoutForgotten
