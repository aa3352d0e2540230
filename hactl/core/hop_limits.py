"""Which hops can be disturbed, and by what: what is asked before anything is done. Pure; raises or returns."""

from hactl.core.errors import CommandRejected
from hactl.core.hop import (
    FASTEST,
    LONGEST_LAG,
    LONGEST_SWING,
    SHORTEST_SWING,
    SLOWEST,
    Disturbance,
    HopFault,
    service_of,
)
from hactl.core.model import Fleet
from hactl.core.node import Role
from hactl.core.spec import GatewayKind


def makes_sense(fault: HopFault) -> None:
    """Raises CommandRejected about a disturbance that none would notice, or that would not end."""
    if fault.what is Disturbance.LATE and not 0.001 <= fault.lag <= LONGEST_LAG:
        raise CommandRejected(f"a delay of {fault.lag:g} s is outside 1 ms to {LONGEST_LAG:g} s", "200 ms is usual")
    if fault.what is Disturbance.NARROW and not SLOWEST <= fault.rate <= FASTEST:
        raise CommandRejected(f"a rate of {fault.rate} bytes/s is outside {SLOWEST} to {FASTEST}", "64 KiB/s is usual")
    if fault.down or fault.up:
        for seconds, what in ((fault.down, "down"), (fault.up, "up")):
            if not SHORTEST_SWING <= seconds <= LONGEST_SWING:
                told = f"{what} for {seconds:g} s at a time is outside {SHORTEST_SWING:g} to {LONGEST_SWING:g} s"
                raise CommandRejected(told, "give both, like down = 1 s and up = 2 s")


def possible(fleet: Fleet, name: str, *, lent: bool) -> None:
    """Raises CommandRejected when the hop called so cannot be disturbed; `lent` says that a drill in progress lends
    it."""
    hop = fleet.hops.get(name)
    if hop is not None and hop.phase.over:
        raise CommandRejected(f"{hop}", "try again in a moment")
    if name in fleet.nodes:
        if fleet.nodes[name].role is Role.EDGE:
            raise CommandRejected(f"'{name}' is an edge: only hops from edges to nodes can be disturbed", "name nodes")
    else:
        routable(fleet, service_of(name))
    if not lent:
        raise CommandRejected(
            f"no drill in progress covers '{name}', and only a drill may disturb a hop",
            "write a drill with this fault, then: hactl drill run",
            guard=True,
        )


def routable(fleet: Fleet, service: str) -> None:
    """Raises CommandRejected when calls of nodes to a service cannot be routed through the fault proxy."""
    known = [spec.name for spec in fleet.spec.services]
    if service not in known:
        told = f"known: {', '.join(known)}" if known else "hactl.toml has no [[service]]"
        raise CommandRejected(f"no service '{service}' in fleet '{fleet.name}'", told)
    if fleet.spec.gateway.kind is not GatewayKind.ENVOY:
        raise CommandRejected(
            "calls to a service cannot be routed through the fault proxy: nodes run a program of your own",
            "disturb the hops to the nodes instead; only nodes of kind envoy can be rerouted",
        )
    if not fleet.spec.safety.max_faulted_share:
        raise CommandRejected(
            "calls to a service cannot be routed through the fault proxy: safety.max_faulted_share = 0",
            "raise it in hactl.toml, and restart the nodes",
            guard=True,
        )
