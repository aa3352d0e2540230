"""From a configuration to processes: names, ports, and what is kept when a changed configuration takes effect.

Ports are chosen by the caller, who can ask the machine which are free; here they are only assigned.
"""

from collections.abc import Iterable, Iterator

from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.node import Node, NodeState, Role
from hactl.core.spec import FleetSpec
from hactl.core.value import replace


def edge_names(spec: FleetSpec) -> list[str]:
    """The names of the edges."""
    return [f"edge-{number}" for number in range(1, spec.edge.count + 1)]


def node_names(spec: FleetSpec) -> list[str]:
    """The names of the gateway nodes, region by region; which of them are spares changes."""
    return [
        f"{region.name}-{number}" for region in spec.regions for number in range(1, region.nodes + region.spares + 1)
    ]


def wanted(fleet: Fleet) -> dict[str, Node]:
    """The processes that the configuration in force wants; all others are on their way out."""
    names = {*edge_names(fleet.spec), *node_names(fleet.spec)}
    return {name: node for name, node in fleet.nodes.items() if name in names}


def lay_out(spec: FleetSpec, free_ports: Iterable[int], kept: Fleet | None = None) -> tuple[Node, ...]:
    """Every process of `spec`. What has a twin that `kept` wants keeps its goal, weight and drain, and its port if that
    is in the range.

    The launches of all others go on from the journal's position: whatever had that name before had fewer.

    Raises HactlError when `free_ports` runs out.
    """
    ports = iter(free_ports)
    twins, seq = (wanted(kept), kept.seq) if kept else ({}, 0)
    nodes = [_edge(spec, name, twins.get(name), seq) for name in edge_names(spec)]
    for region in spec.regions:
        for number in range(1, region.nodes + region.spares + 1):
            name = f"{region.name}-{number}"
            fresh = Node(name=name, role=Role.GATEWAY, region=region.name, address=region.bind, launches=seq)
            node = _keep(fresh, twins.get(name))
            fits = spec.ports[0] <= node.port <= spec.ports[1]
            nodes.append(node if fits else replace(node, port=_next(ports, spec)))
    return tuple(nodes)


def _edge(spec: FleetSpec, name: str, twin: Node | None, seq: int) -> Node:
    fresh = Node(name=name, role=Role.EDGE, address=spec.edge.host, port=spec.edge.port, launches=seq)
    return replace(fresh, goal=twin.goal, launches=twin.launches) if twin else fresh


def _keep(fresh: Node, twin: Node | None) -> Node:
    if twin is None or twin.role is not fresh.role:
        return fresh
    return replace(
        fresh,
        port=twin.port,
        goal=twin.goal,
        weight=twin.weight,
        drained=twin.drained,
        launches=twin.launches,
        state=NodeState.STOPPED,
    )


def _next(ports: Iterator[int], spec: FleetSpec) -> int:
    for port in ports:
        return port
    low, high = spec.ports
    raise HactlError(f"no free port left in fleet.ports = {low}-{high}", "widen fleet.ports in hactl.toml")
