"""What happens to hops that a drill disturbs."""

from hactl.core.hop import Hop
from hactl.core.value import Value


class HopChanged(Value, tag=True, tag_field="event"):
    """A hop is disturbed, or is no longer to be: `hop` is how far that has come."""

    hop: Hop
    why: str = ""
    """"" when the hop says it all."""


class HopMended(Value, tag=True, tag_field="event"):
    """Nobody goes through the proxy in a hop any more, and none stands there."""

    hop: str
    """Its name."""
    why: str


HopEvent = HopChanged | HopMended
