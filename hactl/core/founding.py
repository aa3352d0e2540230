"""From a configuration to processes: names, ports, and what is kept when a changed configuration is taken into force.

Ports are chosen by the caller, who can ask the machine which are free; here they are only dealt out.
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


def lay_out(spec: FleetSpec, free_ports: Iterable[int], kept: Fleet | None = None) -> tuple[Node, ...]:
    """Every process of `spec`; what has a twin in `kept` keeps its port, goal, weight and drain.

    Raises HactlError when `free_ports` runs out.
    """
    ports = iter(free_ports)
    nodes = [_edge(spec, name, kept) for name in edge_names(spec)]
    for region in spec.regions:
        for number in range(1, region.nodes + region.spares + 1):
            name = f"{region.name}-{number}"
            fresh = Node(name=name, role=Role.GATEWAY, region=region.name, address=region.bind)
            nodes.append(_keep(fresh, kept, spec.ports) or replace(fresh, port=_next(ports, spec)))
    return tuple(nodes)


def _edge(spec: FleetSpec, name: str, kept: Fleet | None) -> Node:
    fresh = Node(name=name, role=Role.EDGE, address=spec.edge.host, port=spec.edge.port)
    twin = kept.nodes.get(name) if kept else None
    return replace(fresh, goal=twin.goal, launches=twin.launches) if twin else fresh


def _keep(fresh: Node, kept: Fleet | None, ports: tuple[int, int]) -> Node | None:
    twin = kept.nodes.get(fresh.name) if kept else None
    if twin is None or twin.role is not fresh.role or not ports[0] <= twin.port <= ports[1]:
        return None
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
