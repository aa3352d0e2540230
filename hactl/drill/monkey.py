"""Chaos by a seed: which faults a monkey chooses, of whom and when, as an ordinary drill file. Pure.

The same configuration, seed and options make the same file, so that a run can be repeated, and its file read before.
The monkey does nothing itself, and knows no limit of its own: it touches only as much of a fleet, over all its faults
together, as the drill's limits and those of `hactl.toml` allow at once.
"""

from collections.abc import Iterator, Mapping
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple

import tomli_w

from hactl.config import kinds
from hactl.config.reading import refuse, toml
from hactl.config.unfit import did_you_mean
from hactl.core.errors import CommandRejected
from hactl.core.founding import edge_names, node_names
from hactl.core.model import Fleet
from hactl.core.spec import FleetSpec, GatewayKind
from hactl.drill.definition import FaultKind, Limits
from hactl.drill.keys import Key
from hactl.drill.reading import TABLES, parse
from hactl.drill.tables import Tables

BREATH = 8.0
"""Seconds that a fleet has between two faults at least, to be whole again."""
MOST = 400
"""Faults in one run."""
LONGEST = 20.0
"""Seconds that a node is impaired."""
BASELINE, SETTLE = 15.0, 10.0
"""Seconds of the phases around them."""
SPARE = 60.0
"""Seconds that the run may take longer than its phases: the way back."""
KNOWN = (FaultKind.KILL, FaultKind.FREEZE, FaultKind.IMPAIR)
"""What it can choose from."""


_HARM = {"probe": "availability", "window": "5s", "below": 0.5, "for": "3s"}
"""What clients suffer that ends a run, unless other limits say so."""
_TYPES = {"types": Key(kind=kinds.many(kinds.choice(tuple(KNOWN)), "kinds of faults"))}
_OWN = ("name", "title", "tags", "phases", "fault", "step")
"""What the monkey writes itself."""


Dish = tuple[FaultKind, tuple[str, ...], dict[str, Any]]
"""A kind of fault, whom it can strike, and what else is said about it."""


class Chaos(NamedTuple):
    """What is asked of the monkey."""

    seed: int
    length: float
    """Seconds in which its faults strike."""
    gap: float
    """Seconds between two of them on average; how long each is follows an exponential distribution."""


class Frame(NamedTuple):
    """Within what the monkey stays, and what its drill file has besides its faults."""

    limits: Limits = Limits()
    kinds: tuple[FaultKind, ...] = ()
    """Which faults it may choose; all that it knows when there is none."""
    tables: Mapping[str, Any] = MappingProxyType({})


class Prey(NamedTuple):
    """Whom it may touch in one run, all faults together."""

    nodes: tuple[str, ...]
    edges: tuple[str, ...]


def frame_of(text: str, source: str) -> Frame:
    """What a file of limits says: a drill file without its faults, and `types`, the kinds of them that may be chosen.

    Raises ConfigError about everything that is wrong with it.
    """
    raw = toml(text, source)
    types = {name: raw.pop(name) for name in _TYPES if name in raw}
    raw.pop("schema", None)
    reading = _Reading()
    chosen = reading.frame(raw, types)
    if reading.problems:
        refuse(reading.problems, source)
    one = {"type": FaultKind.KILL.value, "target": {"nodes": 1}}
    drill = parse(tomli_w.dumps({"schema": 1, "name": "chaos", "title": "chaos", **raw, "fault": [one]}), source)
    return Frame(limits=drill.limits, kinds=tuple(map(FaultKind, chosen)), tables=raw)


class _Reading(Tables):
    """One pass over a file of limits, for what a drill file does not say."""

    def frame(self, raw: dict[str, Any], types: dict[str, Any]) -> tuple[str, ...]:
        """The kinds that may be chosen."""
        for name in raw:
            if name in _OWN:
                self._add(name, "is what the monkey writes itself", "leave it out")
            elif name not in TABLES:
                self._add(
                    name, "unknown key", did_you_mean(name, (*(one for one in TABLES if one not in _OWN), *_TYPES))
                )
        if "max_duration" in self._table(raw, "limits"):
            self._add("limits.max_duration", "follows from how long it lasts", "leave it out, and give --for")
        chosen: tuple[str, ...] = self._fields("", types, _TYPES).get("types", ())
        return chosen


def drill_of(chaos: Chaos, fleet: Fleet, frame: Frame) -> str:
    """The text of the drill file. Raises CommandRejected when nobody may be touched, or not for so long."""
    longest = BASELINE + chaos.length + SETTLE + SPARE
    allowed = fleet.spec.safety.max_drill
    if longest > allowed:
        most = max(0.0, allowed - BASELINE - SETTLE - SPARE)
        raise CommandRejected(
            f"chaos for {chaos.length:g} s is a drill of {longest:g} s, and safety.max_drill allows {allowed:g} s",
            f"--for {most:.0f}s, or raise safety.max_drill in hactl.toml",
            guard=True,
        )
    chance = Random(chaos.seed)
    prey = hunted(chance, fleet.spec, frame.limits)
    faults = list(_faults(chance, chaos, _menu(fleet, prey, frame.kinds)))
    drill = {
        "schema": 1,
        "name": f"chaos-{chaos.seed}",
        "title": f"Chaos with seed {chaos.seed}",
        "tags": ["chaos"],
        **frame.tables,
        "limits": {"abort_when": [_HARM], **frame.tables.get("limits", {}), "max_duration": _seconds(longest)},
        "phases": {"baseline": _seconds(BASELINE), "hold": _seconds(chaos.length), "settle": _seconds(SETTLE)},
        "fault": faults,
        "objectives": frame.tables.get("objectives") or _objectives(chaos.length),
    }
    return (
        f"# Chosen by a monkey: hactl chaos --monkey --seed {chaos.seed} --for {_seconds(chaos.length)}"
        f" --mean-gap {_seconds(chaos.gap)}\n" + tomli_w.dumps(drill)
    )


def hunted(chance: Random, spec: FleetSpec, limits: Limits) -> Prey:
    """Whom the monkey may touch: as many as all limits allow to be struck at once, drawn by chance.

    From the names in the configuration: who serves now, and who stands by, is not the same after a drill as before it.
    Whether all of them serve is for the gate to say.
    """
    rules = spec.safety
    share = min(limits.max_faulted_share, rules.max_faulted_share)
    left = {region.name: region.nodes for region in spec.regions if region.weight}
    place = {name: name.rpartition("-")[0] for name in node_names(spec)}
    nodes: list[str] = []
    for name in chance.sample(list(place), len(place)):
        # A spare may be in service when it is struck, as any other may: it counts as one that was.
        then = {region: count - (region == place[name]) for region, count in left.items()}
        enough = sum(then.values()) >= max(1, limits.min_healthy_nodes, rules.min_serving_nodes)
        regions = sum(count > 0 for count in then.values())
        spread = regions >= max(limits.min_healthy_regions, rules.min_serving_regions)
        if enough and spread and min(then.values()) >= 0 and len(nodes) + 1 <= share * len(place) + 1e-9:
            nodes.append(name)
            left = then
    up = edge_names(spec)
    edges = chance.sample(up, max(0, min(len(up) - 1, int(share * len(up) + 1e-9))))
    if not nodes and not edges:
        hint = "limits.max_faulted_share, safety in hactl.toml"
        raise CommandRejected("the limits leave nobody who may be touched", hint, guard=True)
    return Prey(tuple(nodes), tuple(edges))


def _faults(chance: Random, chaos: Chaos, menu: list[Dish]) -> Iterator[dict[str, Any]]:
    """One after the other, the first at once, each with time to be over before the next."""
    at = 0.0
    for _ in range(MOST):
        following = round(at + max(BREATH, chance.expovariate(1 / chaos.gap)), 1)
        kind, among, more = chance.choice(menu)
        fault = {"type": kind.value, "at": _seconds(at), "target": {"names": [chance.choice(among)]}, **more}
        if kind is FaultKind.IMPAIR:
            room = min(following, chaos.length) - at - BREATH / 2
            fault["for"] = _seconds(round(min(LONGEST, room), 1))
        yield fault
        at = following
        if at + BREATH > chaos.length:
            return


def _menu(fleet: Fleet, prey: Prey, kinds: tuple[FaultKind, ...]) -> list[Dish]:
    """What may be done to whom; always in this order, so that a seed means the same everywhere."""
    known: list[Dish] = [
        (FaultKind.KILL, prey.nodes, {}),
        (FaultKind.FREEZE, prey.nodes, {}),
        (FaultKind.KILL, prey.edges, {}),
        (FaultKind.FREEZE, prey.edges, {}),
    ]
    if fleet.spec.gateway.kind is GatewayKind.ENVOY:  # others have no filter that impairs
        known.append((FaultKind.IMPAIR, prey.nodes, {"delay": "300ms"}))
        known.append((FaultKind.IMPAIR, prey.nodes, {"failed": 0.2}))
    menu = [one for one in known if one[1] and (not kinds or one[0] in kinds)]
    if not menu:
        told = f"nobody who may be touched can suffer {', '.join(kinds)}"
        raise CommandRejected(told, "more types, or more nodes", guard=True)
    return menu


def _objectives(length: float) -> dict[str, Any]:
    return {"availability": {"min": 0.99, "window": _seconds(length)}, "rpo_records": 0, "rollback_clean": True}


def _seconds(seconds: float) -> str:
    return f"{seconds:g}s"
