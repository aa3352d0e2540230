"""What a drill asks for about hops. Part of the vocabulary of `commands`."""

from hactl.core.bound import Bound
from hactl.core.hop import HopFault


class BreakHop(Bound, tag="break-hop"):
    """Disturb the hops to nodes and services for as long as the drill lasts that they are lent to; ends when it is so.

    Said again with another fault, it takes the place of the one before.
    """

    fault: HopFault
    nodes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


class MendHop(Bound, tag="mend-hop"):
    """Take disturbances back before the drill does; ends when nobody is led through the proxy any more."""

    nodes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
