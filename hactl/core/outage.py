"""An outage: something that was lost and is not back yet. A value; when one begins and ends is in `outages`."""

from enum import StrEnum

from hactl.core.value import Value


class Extent(StrEnum):
    """How much is out."""

    NODE = "node"
    EDGE = "edge"
    REGION = "region"
    FLEET = "fleet"


class Outage(Value):
    """Who is out, and not because somebody wanted it; repairing it by an order does not end it any earlier."""

    extent: Extent
    name: str
    """Of the node, edge, region or fleet."""
