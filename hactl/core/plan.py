"""What the edges are told, as immutable values. How it follows from a fleet stands in `traffic`."""

from enum import StrEnum

from hactl.core.spec import Policy
from hactl.core.value import Value


class EndpointStatus(StrEnum):
    """What an edge may do with an endpoint."""

    ACTIVE = "active"
    DRAINING = "draining"
    """No new clients; those already pinned to it stay."""
    UNHEALTHY = "unhealthy"
    """Listed so that the region's missing share spills over; takes nothing."""


class Endpoint(Value):
    """One node as the edges see it."""

    node: str
    address: str
    port: int
    weight: int = 100
    status: EndpointStatus = EndpointStatus.ACTIVE


class RegionPlan(Value):
    """One region as the edges see it."""

    name: str
    priority: int = 0
    weight: int = 100
    endpoints: tuple[Endpoint, ...] = ()


class TrafficPlan(Value):
    """What the edges are told. Empty before the first node has ever served, and where operators have taken all out."""

    version: int = 0
    policy: Policy = Policy.LEAST_REQUEST
    regions: tuple[RegionPlan, ...] = ()
    certificate: str = ""
    """Digest of the certificate that clients are shown; "" for none."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every endpoint of every region."""
        return tuple(endpoint for region in self.regions for endpoint in region.endpoints)


class Share(Value):
    """The part of the traffic a node is meant to get (0..1)."""

    node: str
    region: str
    part: float
