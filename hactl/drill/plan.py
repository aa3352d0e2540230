"""A drill applied to a fleet: its targets, drawn once with a seed, and the resulting commands. Pure; does nothing.

The same file, fleet and seed give the same plan, so that a run can be repeated and a dry run tells the truth.
"""

from random import Random

from hactl.core.errors import CommandRejected
from hactl.core.hop import HopFault
from hactl.core.hop_limits import makes_sense, routable
from hactl.core.impairing import impairable
from hactl.core.impairment import Impairment
from hactl.core.model import Fleet
from hactl.core.node import Node, Role
from hactl.core.plural import counted
from hactl.core.reading import url
from hactl.core.value import Value, replace
from hactl.drill.burden import Burden
from hactl.drill.definition import (
    OF_THE_DAEMON,
    OF_THE_MACHINE,
    ConfigChange,
    Connections,
    Definition,
    Fault,
    FaultKind,
    ManualStep,
    Target,
)
from hactl.drill.load_plan import LoadPlan
from hactl.drill.surging import declared_capacity

SERVICE_ROUTE = "@service"
"""As `load.route`: where the fleet routes to the service that is struck."""


_EXACT = 1e-6
"""Seconds by which sums of durations may be wrong."""
_ENDING = (FaultKind.KILL, FaultKind.FREEZE, FaultKind.RESTART)
"""Kinds of faults of which a process ends; whoever is frozen is killed by the daemon."""


class Strike(Value):
    """One fault with the processes it is meant for."""

    kind: FaultKind
    nodes: tuple[str, ...]
    at: float = 0.0
    """Seconds after the first may strike."""
    keep_down: bool = False
    why: str = ""
    """How these came to be chosen."""
    impairment: Impairment | None = None
    """Of a strike that impairs, and of no other."""
    hop: HopFault | None = None
    """Of a strike that disturbs hops, and of no other."""
    services: tuple[str, ...] = ()
    """Those of which the hops are struck."""
    burden: Burden | None = None
    """Of one that puts something on the machine."""
    lasting: float | None = None
    """Seconds after which it is taken back; None: with the failback."""
    change: ConfigChange | None = None
    """Of a strike that applies a configuration, and of no other."""

    def __str__(self) -> str:
        """What is done to whom."""
        until = f", for {self.lasting:g} s" if self.lasting is not None else ""
        suffered = self.impairment or self.hop or self.burden or self.change
        struck = ", ".join((*self.nodes, *self.services))
        told = f" ({suffered}{until})" if suffered is not None else "" if struck else until
        return f"{self.kind} of {struck}{told}" if struck else f"{self.kind}{told}"

    @property
    def count(self) -> int:
        """How many processes it is meant for, or hops."""
        return len(self.nodes) + len(self.services) or 1

    def beside(self, later: "Strike") -> "Strike":
        """What is left of it once `later` has struck: a node has one impairment at a time, a hop one disturbance."""
        if not _alike(self, later):
            return self
        nodes = tuple(name for name in self.nodes if name not in later.nodes)
        return replace(self, nodes=nodes, services=tuple(name for name in self.services if name not in later.services))

    def lasts(self, moment: float) -> bool:
        """By the drill file it is still to be in effect at `moment`, in seconds like `at`."""
        return self.lasting is None or self.at + self.lasting > moment + _EXACT


class DrillPlan(Value):
    """What one run will do."""

    drill: str
    title: str
    digest: str
    """Of the drill file."""
    seed: int
    strikes: tuple[Strike, ...]
    regions: tuple[str, ...]
    """Those of which every node is struck: their traffic moves. What was moved for nodes that are kept down comes back
    in the failback; what the daemon moves for bad answers, it gives back itself."""
    load: LoadPlan
    longest: float
    """Seconds that the fleet is borrowed for at most."""
    capacity: float = 0.0
    """Requests per second that the fleet was declared to carry; 0 when it was not."""
    lease: float = 15.0
    """Seconds without a sign of life after which the daemon takes it back."""
    steps: tuple[ManualStep, ...] = ()
    """What people do."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """Everybody who is struck, once."""
        return tuple(dict.fromkeys(name for strike in self.strikes for name in strike.nodes))

    @property
    def ends(self) -> tuple[str, ...]:
        """Those whose process it is to end, once."""
        strikes = (strike for strike in self.strikes if strike.kind in _ENDING)
        return tuple(dict.fromkeys(name for strike in strikes for name in strike.nodes))

    @property
    def configures(self) -> bool:
        """It may bring another configuration into force."""
        return any(strike.kind is FaultKind.CONFIG for strike in self.strikes)

    @property
    def services(self) -> tuple[str, ...]:
        """Every service that is struck, once."""
        return tuple(dict.fromkeys(name for strike in self.strikes for name in strike.services))

    @property
    def at_once(self) -> tuple[str, ...]:
        """Those that may be out of service together."""
        strikes = (strike for strike in self.strikes if strike.kind is not FaultKind.RESTART)
        return tuple(dict.fromkeys(name for strike in strikes for name in strike.nodes))

    @property
    def in_turn(self) -> tuple[str, ...]:
        """Those that are only ever taken out one at a time."""
        at_once = set(self.at_once)
        return tuple(name for name in self.nodes if name not in at_once)

    @property
    def keeps_down(self) -> tuple[str, ...]:
        """Those that come back with the failback only."""
        return tuple(dict.fromkeys(name for strike in self.strikes if strike.keep_down for name in strike.nodes))


def plan(drill: Definition, fleet: Fleet, seed: int) -> DrillPlan:
    """What `drill` does to `fleet`. Raises CommandRejected when nobody in it fits what it asks for, or can suffer it,
    which the daemon cannot be asked before it lends the fleet."""
    chance = Random(seed)
    strikes: tuple[Strike, ...] = ()
    for fault in sorted(drill.faults, key=lambda fault: fault.at):
        strikes = (*strikes, _strike(fault, fleet, chance, strikes))
    struck = {name for strike in strikes if strike.kind is not FaultKind.RESTART for name in strike.nodes}
    regions = tuple(
        spec.name
        for spec in fleet.spec.regions
        if (nodes := fleet.in_region(spec.name)) and all(node.name in struck for node in nodes)
    )
    edge = fleet.spec.edge
    load = LoadPlan(
        url=url(edge) + _route(drill, fleet, strikes),
        rate=drill.load.rate,
        duration=drill.limits.max_duration,
        timeout=drill.load.timeout,
        fresh_connections=drill.load.connections is Connections.FRESH,
        node_header=edge.node_header,
        retries=drill.load.retries,
        others=drill.load.others and url(edge) + drill.load.others,
    )
    return DrillPlan(
        drill=drill.name,
        title=drill.title,
        digest=drill.digest,
        seed=seed,
        strikes=strikes,
        steps=tuple(sorted(drill.steps, key=lambda step: step.at)),
        regions=regions,
        load=load,
        longest=drill.limits.max_duration,
        capacity=declared_capacity(fleet, drill.load.route),
        lease=drill.limits.lease,
    )


def askable(fleet: Fleet) -> dict[str, str]:
    """Services to which a route leads that a plain GET can take, in the order of the routes, and the path of each."""
    paths: dict[str, str] = {}
    for route in fleet.spec.routes:
        if route.service and not route.host and (not route.methods or "GET" in route.methods):
            paths.setdefault(route.service, route.path or route.prefix)
    return paths


def _strike(fault: Fault, fleet: Fleet, chance: Random, before: tuple[Strike, ...]) -> Strike:
    if fault.kind in OF_THE_DAEMON:
        return Strike(
            kind=fault.kind, nodes=(), at=fault.at, why="the daemon in charge at that time", lasting=fault.lasting
        )
    if fault.kind is FaultKind.CONFIG:
        return Strike(kind=fault.kind, nodes=(), at=fault.at, why="the whole fleet", change=fault.change)
    services: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    if fault.target.service:
        services, why = _service(fault.target.service, fleet, chance, before)
    elif fault.kind in OF_THE_MACHINE:
        why = "everything on this machine"
    else:
        nodes, why = _resolve(fault.target, fleet, chance, _taken(fault, before))
    if fault.hop is not None:
        _disturbable(fleet, fault.hop, nodes, services)
    if fault.kind is FaultKind.IMPAIR:
        for name in nodes:
            impairable(fleet, fleet.nodes[name])
    strike = Strike(
        kind=fault.kind,
        nodes=nodes,
        at=fault.at,
        keep_down=fault.keep_down,
        why=why,
        impairment=fault.impairment,
        hop=fault.hop,
        services=services,
        burden=fault.burden,
        lasting=fault.lasting,
    )
    for other in before:
        if other.lasts(strike.at) and other.beside(strike) != other:
            told = f"at {strike.at:g} s, {strike} would take the place of {other}, which is not over by then"
            gap = strike.at - other.at
            raise _unfit(told, f'for = "{gap:g}s" there, or other targets' if gap else "another time, or other targets")
    return strike


def _taken(fault: Fault, before: tuple[Strike, ...]) -> frozenset[str]:
    """Nodes that still suffer what a fault of this sort would take the place of."""
    last = (strike for strike in before if _alike(strike, fault) and strike.lasts(fault.at))
    return frozenset(name for strike in last for name in strike.nodes)


def _alike(one: Strike, other: Strike | Fault) -> bool:
    """They take each other's place on the same node or hop."""
    return bool((one.hop and other.hop) or (one.impairment and other.impairment))


def _disturbable(fleet: Fleet, fault: HopFault, nodes: tuple[str, ...], services: tuple[str, ...]) -> None:
    """Raises CommandRejected about hops that cannot be disturbed: the daemon can be asked only when it lends them."""
    makes_sense(fault)
    for service in services:
        routable(fleet, service)
    for name in nodes:
        if fleet.nodes[name].role is Role.EDGE:
            raise _unfit(f"'{name}' is an edge: only the hops from it to nodes can be disturbed", "target nodes")


def _service(wanted: str, fleet: Fleet, chance: Random, before: tuple[Strike, ...]) -> tuple[tuple[str, ...], str]:
    """The one that is named, or one that a route leads to, by chance; once for all faults of a drill."""
    if wanted != "random":
        return (wanted,), "named in the drill file"
    for strike in before:
        if strike.services:
            return strike.services, strike.why
    routed = tuple(dict.fromkeys(route.service for route in fleet.spec.routes if route.service))
    if not routed:
        raise _unfit("no route leads to a service: there is nothing to choose from", "[[route]] in hactl.toml")
    return (chance.choice(routed),), f"drawn from {counted(len(routed), 'service')} with a route"


def _route(drill: Definition, fleet: Fleet, strikes: tuple[Strike, ...]) -> str:
    """The path that clients ask for."""
    if drill.load.route != SERVICE_ROUTE:
        return drill.load.route
    struck = {name for strike in strikes for name in strike.services}
    for service, path in askable(fleet).items():
        if service in struck:
            return path
    named = ", ".join(sorted(struck)) or "no service, because none is struck"
    raise _unfit(f"no route that a plain GET can take leads to {named}", "name a path: --set load.route=/...")


def _resolve(target: Target, fleet: Fleet, chance: Random, taken: frozenset[str]) -> tuple[tuple[str, ...], str]:
    if target.names:
        unknown = [name for name in target.names if name not in fleet.nodes]
        if unknown:
            raise _unfit(f"no node '{unknown[0]}' in fleet '{fleet.name}'", "known: " + ", ".join(fleet.nodes))
        return target.names, "named in the drill file"
    if target.edges is not None:
        return _draw(fleet.edges, target.edges, "edges", chance, taken)
    among: tuple[Node, ...] = fleet.gateways
    where = ""
    if target.region:
        region, where = _region(target.region, fleet, chance)
        among = fleet.in_region(region)
    if not target.nodes:
        return tuple(node.name for node in among), f"all of {where}" if where else "all nodes"
    names, why = _draw(among, target.nodes, "nodes", chance, taken)
    return names, f"{why} of {where}" if where else why


def _region(wanted: str, fleet: Fleet, chance: Random) -> tuple[str, str]:
    regions = fleet.spec.region_names
    if wanted != "random":
        if wanted not in regions:
            raise _unfit(f"no region '{wanted}' in fleet '{fleet.name}'", f"known: {', '.join(regions)}")
        return wanted, f"region {wanted}"
    taking = [name for name in regions if any(node.serviceable for node in fleet.in_region(name))]
    if not taking:
        raise _unfit("no region is serving: there is nothing to choose from", "hactl status")
    chosen = chance.choice(taking)
    return chosen, f"region {chosen}, drawn from {len(taking)}"


def _draw(
    among: tuple[Node, ...], count: int, what: str, chance: Random, taken: frozenset[str]
) -> tuple[tuple[str, ...], str]:
    """So many of those that serve, in the order of the configuration; none of those that are `taken` if others do."""
    serving = [node.name for node in among if node.serviceable]
    free = [name for name in serving if name not in taken]
    serving = free if len(free) >= count else serving
    if len(serving) < count:
        what = what if count > 1 else what.removesuffix("s")
        raise _unfit(f"the drill needs {count} serving {what}, but there are {len(serving)}", "hactl status")
    chosen = set(chance.sample(serving, count))
    return tuple(name for name in serving if name in chosen), f"drawn from {len(serving)} serving {what}"


def _unfit(what: str, hint: str) -> CommandRejected:
    return CommandRejected(what, hint, guard=True)
