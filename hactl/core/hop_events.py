"""What happens to hops that a drill disturbs."""

from hactl.core.hop import Hop
from hactl.core.value import BaseEvent


class HopChanged(BaseEvent):
    """A hop is disturbed, or is no longer to be: `hop` is how far that has come."""

    hop: Hop
    why: str = ""
    """"" when the hop says it all."""


class HopMended(BaseEvent):
    """Nobody goes through the proxy in a hop any more, and none stands there."""

    hop: str
    """Its name."""
    why: str


HopEvent = HopChanged | HopMended
