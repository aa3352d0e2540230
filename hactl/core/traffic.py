"""Weights, states, health, drains and region priorities → what the edges are told. Failover is nothing but this.

Two pictures of one rule: `plan_for` is what is published (with the standby regions, so that the edges can fail over
by themselves), `shares` is what that plan should come to.
"""

from hactl.core.model import Fleet
from hactl.core.node import Goal, Node, NodeState
from hactl.core.plan import Endpoint, EndpointStatus, RegionPlan, Share, TrafficPlan
from hactl.core.regions import Place, kept, levels, places
from hactl.core.spec import FailoverMode, GatewayKind
from hactl.core.value import replace

OVERPROVISIONING = 1.4
"""Envoy's default: a region is full as long as healthy share x 1.4 >= 1. Used for spill-over only."""


def plan_for(fleet: Fleet) -> TrafficPlan:
    """The plan for the fleet as it is; the one in force when nothing changed.

    A plan that nobody could serve is not published as long as somebody may: the last good one stays, and the edges' own
    health checks find whoever comes back first. Where operators have taken everybody out, it has nobody: edges that
    knew of a node would try it when none seems well, and nobody's work there would ever end.
    """
    standing = places(fleet)
    regions = (*(_region_plan(fleet, place) for place in standing.values()), *_coming(fleet))
    certificate = fleet.certificate.digest if fleet.certificate else ""
    plan = TrafficPlan(version=fleet.plan.version, policy=fleet.policy, regions=regions, certificate=certificate)
    if not any(endpoint.status is EndpointStatus.ACTIVE for endpoint in plan.endpoints):
        # what edges that run show to clients can change all the same
        plan = replace(_held(fleet), certificate=certificate) if fleet.plan.version else fleet.plan
    return plan if plan == fleet.plan else replace(plan, version=fleet.plan.version + 1)


def _held(fleet: Fleet) -> TrafficPlan:
    """The plan in force, without its nodes when all of them are out because that is wanted.

    Not with other programs as gateways: what those still work on is counted by the edges, of nodes that they know.
    """
    out = all(node.drained or node.goal is Goal.DOWN for node in fleet.gateways)
    if not out or fleet.spec.gateway.kind is not GatewayKind.ENVOY:
        return fleet.plan
    return replace(fleet.plan, regions=tuple(replace(region, endpoints=()) for region in fleet.plan.regions))


def _region_plan(fleet: Fleet, place: Place) -> RegionPlan:
    nodes = fleet.in_region(place.region)
    weight = place.weight
    endpoints = tuple(
        _listed(fleet, node, status) for node in nodes if (status := _status(fleet, node, weight)) is not None
    )
    return RegionPlan(name=place.region, priority=place.priority, weight=max(1, weight), endpoints=endpoints)


def _coming(fleet: Fleet) -> list[RegionPlan]:
    """Regions of a configuration that is not in force yet. They take nothing, but the edges check them already: a node
    that is new to an edge is not used before its first check, and all nodes may be new at once."""
    if fleet.proposal is None:
        return []
    plans = []
    for spec in fleet.proposal.spec.regions:
        if spec.name in fleet.spec.region_names:
            continue
        nodes = [node for node in fleet.in_region(spec.name) if node.serviceable]
        endpoints = tuple(_listed(fleet, node, EndpointStatus.DRAINING) for node in nodes)
        plans.append(
            RegionPlan(name=spec.name, priority=spec.priority, weight=max(1, spec.weight), endpoints=endpoints)
        )
    return plans


def weight_of(fleet: Fleet, node: Node) -> int:
    """What a node weighs now: what operators have set, or the part of it that one keeps which is slow."""
    if not node.slow or not node.weight:
        return node.weight
    return max(1, node.weight * fleet.spec.health.slow_weight // 100)


def _listed(fleet: Fleet, node: Node, status: EndpointStatus) -> Endpoint:
    weight = max(1, weight_of(fleet, node))
    hop = fleet.hops.get(node.name)
    port = hop.port if hop is not None and hop.phase.led else node.port
    return Endpoint(node=node.name, address=node.address, port=port, weight=weight, status=status)


def _status(fleet: Fleet, node: Node, region_weight: int) -> EndpointStatus | None:
    if node.serviceable:
        return EndpointStatus.ACTIVE if node.weight and region_weight else EndpointStatus.DRAINING
    if node.state is NodeState.DRAINING and not node.idle:
        return EndpointStatus.DRAINING
    if node.standing_by and fleet.spec.failover_mode is FailoverMode.STANDBY:
        # checked by the edges beforehand, it can be used the moment it is needed; where shares spill over by the part
        # of a region that is well, it would count as a part that is not
        return EndpointStatus.DRAINING
    if fleet.spec.failover_mode is FailoverMode.SPILL_OVER and node in _short(fleet, node.region):
        return EndpointStatus.UNHEALTHY
    return None


def in_rotation(fleet: Fleet, region: str) -> list[Node]:
    """The nodes of a region that take traffic, or would if their region did."""
    return [node for node in fleet.in_region(region) if node.serviceable and node.weight]


def complete(fleet: Fleet, region: str) -> bool:
    """True when as many nodes as are wanted are in rotation, thanks to spares."""
    spec = next((spec for spec in fleet.spec.regions if spec.name == region), None)
    return spec is not None and spec.spares > 0 and len(in_rotation(fleet, region)) >= spec.nodes


def stepping_in(fleet: Fleet, region: str, wanted: int) -> list[Node]:
    """The spares of a region that take the places of those that are missing, when so many are wanted in rotation."""
    missing = wanted - len(in_rotation(fleet, region))
    return [node for node in fleet.in_region(region) if node.standing_by][: max(0, missing)]


def _short(fleet: Fleet, region: str) -> list[Node]:
    """The nodes that a region is short of: who is out and not on purpose, without those a spare has stepped in for.

    Nobody, where what it cannot carry would spill over to evacuated regions: those take nothing while others serve.
    """
    if _before_evacuated(fleet, region):
        return []
    out = [node for node in fleet.in_region(region) if not node.serviceable and node.state is not NodeState.STOPPED]
    if not fleet.spec.spares(region):
        return out
    return out[: max(0, fleet.spec.region(region).nodes - len(in_rotation(fleet, region)))]


def _before_evacuated(fleet: Fleet, region: str) -> bool:
    """True when only regions that are evacuated stand behind this one and its equals."""
    if not any(kept(fleet, name) == 0 for name in fleet.evacuations):
        return False
    standing = levels(fleet)
    steady = [level for level in standing if kept(fleet, level[0].region)]
    return 0 < len(steady) < len(standing) and places(fleet)[region].priority == steady[-1][0].priority


def shares(fleet: Fleet) -> tuple[Share, ...]:
    """The part of the traffic each node is meant to get, now; 0 for a node out of service. Sums to 1, or to 0."""
    parts: dict[str, float] = {}
    left = 1.0
    standing = places(fleet)
    for level in levels(fleet):
        peers = [name for name, place in standing.items() if place.priority == level[0].priority]
        taken = left * _availability(fleet, peers)
        left -= taken
        _split(fleet, level, taken, parts)
    total = sum(parts.values())
    return tuple(
        Share(node=node.name, region=node.region, part=parts.get(node.name, 0.0) / total if total else 0.0)
        for node in fleet.gateways
    )


def _availability(fleet: Fleet, names: list[str]) -> float:
    """The part of what comes to the regions of one priority that they take."""
    if fleet.spec.failover_mode is FailoverMode.STANDBY:
        return 1.0
    well = [node for name in names for node in fleet.in_region(name) if node.serviceable]
    short = sum(len(_short(fleet, name)) for name in names)
    fit = sum(node.weight > 0 for node in well)
    return min(1.0, OVERPROVISIONING * fit / (len(well) + short))


def _split(fleet: Fleet, level: list[Place], taken: float, parts: dict[str, float]) -> None:
    for place in level:
        part = taken * place.weight / sum(other.weight for other in level)
        nodes = in_rotation(fleet, place.region)
        weights = [weight_of(fleet, node) if fleet.policy.honours_node_weights else 1 for node in nodes]
        for node, weight in zip(nodes, weights, strict=True):
            parts[node.name] = part * weight / sum(weights)


def confirmed(fleet: Fleet, version: int) -> bool:
    """True when every edge that serves has proved a plan at least as new as `version`, and one such edge exists."""
    serving = [edge for edge in fleet.edges if edge.serviceable]
    return bool(serving) and all(fleet.confirmed.get(edge.name, -1) >= version for edge in serving)
