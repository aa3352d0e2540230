"""A traffic plan as Envoy's endpoints: regions become localities, priorities stay, weights are at least 1."""

from typing import assert_never

from hactl.core.plan import Endpoint, EndpointStatus, RegionPlan, TrafficPlan
from hactl.core.spec import FailoverMode
from hactl.engines.envoy.document import Document, socket_address

CLUSTER = "gw"
"""The edge's cluster: the gateway nodes."""
HEDGED = "gw-hedged"
"""The same nodes once more, for routes that are hedged."""
LAST_PRIORITY = 128
"""Envoy refuses endpoints of a later one."""
METADATA = "hactl"
"""Namespace of the endpoint metadata that carries a node's name."""


def assignment(plan: TrafficPlan, mode: FailoverMode) -> Document:
    """The endpoints of `plan`; empty when it has none, which Envoy answers with 503."""
    levels = _levels(plan)
    return {
        "cluster_name": CLUSTER,
        "policy": {"overprovisioning_factor": _overprovisioning(mode)},
        "endpoints": [_locality(region, levels) for region in plan.regions if region.endpoints],
    }


def _overprovisioning(mode: FailoverMode) -> int:
    """A priority level is full as long as healthy share x factor >= 100."""
    match mode:
        case FailoverMode.STANDBY:
            return 100_000
        case FailoverMode.SPILL_OVER:
            return 140
        case _:
            assert_never(mode)


def _levels(plan: TrafficPlan) -> dict[int, int]:
    """The priorities of `plan` as Envoy takes them: as they are, or their ranks when they go beyond what it knows."""
    found = sorted({region.priority for region in plan.regions})
    beyond = found[-1:] > [LAST_PRIORITY]
    return {priority: rank if beyond else priority for rank, priority in enumerate(found)}


def _locality(region: RegionPlan, levels: dict[int, int]) -> Document:
    return {
        "locality": {"region": region.name},
        "priority": levels[region.priority],
        "load_balancing_weight": max(1, region.weight),
        "lb_endpoints": [_endpoint(endpoint) for endpoint in region.endpoints],
    }


def _endpoint(endpoint: Endpoint) -> Document:
    return {
        "endpoint": {"address": socket_address(endpoint.address, endpoint.port)},
        "health_status": _status(endpoint.status),
        "load_balancing_weight": max(1, endpoint.weight),
        "metadata": {"filter_metadata": {METADATA: {"node": endpoint.node}}},
    }


def _status(status: EndpointStatus) -> str:
    match status:
        case EndpointStatus.ACTIVE:
            return "HEALTHY"
        case EndpointStatus.DRAINING:
            return "DRAINING"
        case EndpointStatus.UNHEALTHY:
            return "UNHEALTHY"
        case _:
            assert_never(status)
