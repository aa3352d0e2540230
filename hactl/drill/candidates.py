"""What a monkey can choose from: permitted targets, what may be done to them, how often and for how long. Pure.

By itself it chooses what harms no machine and no configuration: processes, impairments and hops to nodes; services only
where clients ask for one, for nobody else sees what they suffer. A burden, a strike at the daemon and another
configuration have to be named. Defaults are gentle: a monkey comes again and again.
"""

from collections.abc import Iterable, Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

from hactl.config.unfit import did_you_mean
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.founding import edge_names, node_names
from hactl.core.model import Fleet
from hactl.core.spec import FleetSpec, GatewayKind
from hactl.drill.definition import AIMLESS, OF_HOPS, ConfigChange, FaultKind, Limits
from hactl.drill.hop_faults import MEANINGS

BREATH = 8.0
"""Seconds that a fleet has between two faults at least, to be whole again."""
CALM = 5.0
"""Of these, seconds in which nothing lasts any more."""
LONGEST = 20.0
"""Seconds that any fault lasts."""
SILENT = 10.0
"""Seconds that a hop is cut, or a burden weighs."""
AWAY = 3.0
"""Seconds that nobody may be in charge, or nothing be written; at most half a lease, as in any drill."""
_ROLLED, _SETTLED, _TAKEN, _TAKEN_BACK = 15.0, 15.0, 20.0, 60.0
"""Seconds that a restart, another daemon, memory that is taken, and a wrong configuration need to be over."""

OF_SERVICES = tuple(kind for kind in FaultKind if kind in MEANINGS and MEANINGS[kind].services)
"""Kinds that strike services: usual only where clients ask for one."""
USUAL = tuple(
    kind
    for kind in FaultKind
    if (kind in OF_HOPS and kind not in OF_SERVICES)
    or kind in (FaultKind.KILL, FaultKind.FREEZE, FaultKind.IMPAIR, FaultKind.RESTART)
)
"""Kinds that it chooses from by itself."""
NAMED_ONLY = tuple(kind for kind in FaultKind if kind not in USUAL)
"""Kinds that it chooses from when they are named."""


class Candidate(NamedTuple):
    """One thing that may be done, and to whom."""

    kind: FaultKind
    targets: tuple[dict[str, Any], ...]
    """Tables of a drill file; one that is empty is none: some kinds aim at nobody."""
    said: dict[str, Any] = {}
    """What else a drill file says of it."""
    weight: int = 1
    """How often it is chosen, compared with others."""
    longest: float = 0.0
    """Seconds that it lasts at most; 0: until the fleet itself has got over it."""
    breath: float = BREATH
    """Seconds that a fleet has from its beginning to the next fault at least."""


class Touchable(NamedTuple):
    """Whom it may touch in one run, all faults together."""

    nodes: tuple[str, ...]
    edges: tuple[str, ...]


def kind_of(name: str) -> FaultKind:
    """The kind of fault that drill files call so. Raises HactlError for one that there is not."""
    if name not in tuple(FaultKind):
        raise HactlError(f"no kind of fault '{name}'", did_you_mean(name, FaultKind))
    return FaultKind(name)


def touchable_of(chance: Random, spec: FleetSpec, limits: Limits) -> Touchable:
    """Whom the monkey may touch: as many as all limits allow to be struck at once, drawn by chance; every other time
    all of one region, where the limits allow that.

    From the names in the configuration: who serves now, and who stands by, is not the same after a drill as before it.
    Whether all of them serve is for the gate to say.
    """
    rules = spec.safety
    share = min(limits.max_faulted_share, rules.max_faulted_share)
    left = {region.name: region.nodes for region in spec.regions if region.weight}
    place = {name: name.rpartition("-")[0] for name in node_names(spec)}
    first = chance.choice(("", chance.choice([region.name for region in spec.regions])))
    nodes: list[str] = []
    for name in sorted(chance.sample(list(place), len(place)), key=lambda name: place[name] != first):
        # A spare may be in service when it is struck, as any other may: it counts as one that was.
        then = {region: count - (region == place[name]) for region, count in left.items()}
        enough = sum(then.values()) >= max(1, limits.min_healthy_nodes, rules.min_serving_nodes)
        regions = sum(count > 0 for count in then.values())
        spread = regions >= max(1, limits.min_healthy_regions, rules.min_serving_regions)
        if enough and spread and min(then.values()) >= 0 and len(nodes) + 1 <= share * len(place) + 1e-9:
            nodes.append(name)
            left = then
    up = edge_names(spec)
    edges = chance.sample(up, max(0, min(len(up) - 1, int(share * len(up) + 1e-9))))
    return Touchable(tuple(nodes), tuple(edges))


def chosen_from(
    only: Iterable[FaultKind],
    without: Iterable[FaultKind],
    types: Iterable[FaultKind],
    usual: Iterable[FaultKind] = USUAL,
) -> tuple[FaultKind, ...]:
    """The kinds that may be chosen from: those of `only`, or of a file's `types`, or the `usual` ones, and none of
    `without`. Raises HactlError when `only` wants what others forbid, or nothing is left."""
    only, without, types = tuple(only), set(without), tuple(types)
    for kind in only:
        if kind in without or (types and kind not in types):
            where = "--without" if kind in without else "types in the file of --within"
            raise HactlError(f"--only {kind} contradicts {where}", "leave one of them out")
    among = set(only or types or usual) - without
    if not among:
        raise HactlError("no kind of fault is left to choose from", f"known: {', '.join(FaultKind)}")
    return tuple(kind for kind in FaultKind if kind in among)


def fitting(
    fleet: Fleet, touchable: Touchable, limits: Limits, kinds: tuple[FaultKind, ...], missing: Mapping[FaultKind, str]
) -> list[Candidate]:
    """What may be done to whom; always in this order, so that a seed means the same everywhere. `missing` are kinds
    that cannot be had on this machine, and why.

    Raises CommandRejected when nobody may be touched, or nobody can suffer any of `kinds`.
    """
    if not min(limits.max_faulted_share, fleet.spec.safety.max_faulted_share):
        raise _nobody()
    candidates = [candidate for candidate in _known(fleet, touchable, limits) if candidate.targets]
    fit = [candidate for candidate in candidates if candidate.kind in kinds and candidate.kind not in missing]
    if fit:
        return fit
    if not touchable.nodes and not touchable.edges and not any(kind in AIMLESS for kind in kinds):
        raise _nobody()
    wanted = [kind for kind in kinds if kind in missing]
    why = f": {missing[wanted[0]]}" if wanted else ""
    told = f"no permitted target can suffer {', '.join(kinds)}{why}"
    raise CommandRejected(told, "allow more kinds of faults, or run more nodes", guard=True)


def of_one_service(chance: Random, candidates: list[Candidate], askable: Iterable[str]) -> list[Candidate]:
    """`candidates` with one service instead of all, by chance one of those that are `askable` where there is one:
    clients ask for one, and nobody would see what another suffers."""
    struck = {target["service"] for one in candidates for target in one.targets if "service" in target}
    if not struck:
        return candidates
    targets = ({"service": chance.choice(sorted(struck.intersection(askable) or struck))},)
    return [one._replace(targets=targets) if one.kind in OF_SERVICES else one for one in candidates]


def impossible(
    fleet: Fleet, touchable: Touchable, limits: Limits, kinds: Iterable[FaultKind], missing: Mapping[FaultKind, str]
) -> Iterator[tuple[FaultKind, str]]:
    """Which of `kinds` cannot be done to this fleet on this machine, and why."""
    there = {candidate.kind for candidate in _known(fleet, touchable, limits) if candidate.targets}
    for kind in kinds:
        if kind in missing:
            yield kind, missing[kind]
        elif kind not in there:
            yield kind, _why_not(fleet, kind)


def _why_not(fleet: Fleet, kind: FaultKind) -> str:
    services = kind in OF_SERVICES
    if (services or kind is FaultKind.IMPAIR) and fleet.spec.gateway.kind is not GatewayKind.ENVOY:
        return "nodes run your own program; only nodes of kind envoy can be impaired"
    if services:
        return "no route leads to a service"
    return "the limits leave no permitted target"


def _known(fleet: Fleet, touchable: Touchable, limits: Limits) -> Iterator[Candidate]:
    """All of it, also what nobody can suffer here: that has no targets."""
    nodes, edges = _each(touchable.nodes), _each(touchable.edges)
    yield Candidate(FaultKind.KILL, nodes, weight=4)
    yield Candidate(FaultKind.FREEZE, nodes, weight=2)
    yield Candidate(FaultKind.KILL, edges, weight=2)
    yield Candidate(FaultKind.FREEZE, edges)
    yield Candidate(FaultKind.RESTART, nodes, weight=2, breath=_ROLLED)
    # Others have no filter that impairs, and only they themselves know how they call a service.
    envoy = fleet.spec.gateway.kind is GatewayKind.ENVOY
    yield Candidate(FaultKind.IMPAIR, nodes if envoy else (), {"delay": "300ms"}, weight=2, longest=LONGEST)
    yield Candidate(FaultKind.IMPAIR, nodes if envoy else (), {"failed": 0.2}, weight=2, longest=LONGEST)
    yield from _hops(nodes, fleet)
    yield from _regions(fleet.spec, touchable)
    yield from _burdens(nodes, limits)
    yield from _control(fleet.spec, limits)


def _hops(nodes: tuple[dict[str, Any], ...], fleet: Fleet) -> Iterator[Candidate]:
    for way in ("both", "to", "from"):
        yield Candidate(FaultKind.PARTITION, nodes, {"direction": way}, longest=SILENT)
    yield Candidate(FaultKind.LATENCY, nodes, {"delay": "200ms"}, weight=2, longest=LONGEST)
    yield Candidate(FaultKind.BANDWIDTH, nodes, {"rate": "64KiB"}, longest=LONGEST)
    yield Candidate(FaultKind.REFUSE, nodes, weight=2, longest=SILENT)
    yield Candidate(FaultKind.RESET, nodes, weight=2, longest=SILENT)
    yield Candidate(FaultKind.FLAPPING, nodes, {"down": "1s", "up": "2s"}, longest=SILENT)
    spec = fleet.spec
    routed = dict.fromkeys(route.service for route in spec.routes if route.service)
    services = tuple({"service": name} for name in routed if spec.gateway.kind is GatewayKind.ENVOY)
    yield Candidate(FaultKind.UPSTREAM_DOWN, services, {"how": "refuse"}, longest=SILENT)
    yield Candidate(FaultKind.UPSTREAM_DOWN, services, {"how": "hang"}, longest=SILENT)
    yield Candidate(FaultKind.UPSTREAM_SLOW, services, {"delay": "200ms"}, weight=2, longest=LONGEST)
    yield Candidate(FaultKind.UPSTREAM_FLAPPING, services, {"down": "1s", "up": "2s"}, longest=SILENT)


def _regions(spec: FleetSpec, touchable: Touchable) -> Iterator[Candidate]:
    """A region is lost, or cut off, where all of its nodes may be touched."""
    whole = []
    for region in spec.regions:
        names = [name for name in node_names(spec) if name.rpartition("-")[0] == region.name]
        if len(names) > 1 and set(names) <= set(touchable.nodes):
            whole.append({"names": names})
    yield Candidate(FaultKind.KILL, tuple(whole))
    yield Candidate(FaultKind.PARTITION, tuple(whole), {"direction": "both"}, longest=SILENT)


def _burdens(nodes: tuple[dict[str, Any], ...], limits: Limits) -> Iterator[Candidate]:
    everybody: tuple[dict[str, Any], ...] = ({},)
    yield Candidate(FaultKind.SURGE, everybody, {"factor": 2}, longest=SILENT)
    yield Candidate(FaultKind.SURGE, everybody, {"reconnects": 50}, longest=SILENT)
    yield Candidate(FaultKind.CPU, nodes, {"per_cpu": 1}, longest=SILENT)
    yield Candidate(FaultKind.MEMORY, everybody, {"share": 0.1}, longest=SILENT, breath=_TAKEN)
    yield Candidate(FaultKind.DISK, everybody, longest=min(AWAY, limits.lease / 2))


def _control(spec: FleetSpec, limits: Limits) -> Iterator[Candidate]:
    everybody: tuple[dict[str, Any], ...] = ({},)
    yield Candidate(FaultKind.DAEMON_KILL, everybody, longest=1.0, breath=_SETTLED)
    yield Candidate(FaultKind.DAEMON_FREEZE, everybody, longest=min(AWAY, limits.lease / 2), breath=_SETTLED)
    yield Candidate(FaultKind.CONFIG, everybody, {"change": ConfigChange.INVALID.value})
    services = everybody if spec.services else ()
    yield Candidate(FaultKind.CONFIG, services, {"change": ConfigChange.WRONG_PORT.value}, breath=_TAKEN_BACK)


def _each(names: Iterable[str]) -> tuple[dict[str, Any], ...]:
    return tuple({"names": [name]} for name in names)


def _nobody() -> CommandRejected:
    hint = "limits.max_faulted_share, safety in hactl.toml"
    return CommandRejected("the limits leave no permitted target", hint, guard=True)
