"""How the regions of a fleet stand to one another: who comes first, with what weight, and who takes over from whom.

    in force     by priority, and among equals by weight, as configured and as operators weigh them
    evacuated    keeps 0 %: behind all others, as a standby of last resort
                 keeps a part: on one priority with those that take over, with weights such that it gets that part of
                 what it would have without its evacuation

Pure, and the one place that knows: what the edges are told and what that should come to (`traffic`) both follow.
"""

from collections.abc import Iterable

from hactl.core.evacuation import WHOLE
from hactl.core.model import Fleet
from hactl.core.node import Goal
from hactl.core.value import Value

SCALE = 10_000
"""Weights that all regions of one priority share while one of them keeps a part: whole numbers, fine enough."""


class Place(Value):
    """Where one region stands."""

    region: str
    priority: int
    weight: int
    """Among the regions of its priority; 0 when it takes no traffic."""


def places(fleet: Fleet) -> dict[str, Place]:
    """Where each region in force stands, by name, in the order of the configuration."""
    found = {spec.name: _configured(fleet, spec.name) for spec in fleet.spec.regions}
    if not fleet.evacuations:
        return found
    last = max(place.priority for place in found.values())
    behind = sorted((region for region in found if kept(fleet, region) == 0), key=lambda name: found[name].priority)
    ranks = {priority: rank for rank, priority in enumerate(dict.fromkeys(found[name].priority for name in behind))}
    for name in behind:
        place = found[name]
        found[name] = Place(region=name, priority=last + 1 + ranks[place.priority], weight=place.weight)
    return found | _shared(fleet, found)


def kept(fleet: Fleet, region: str) -> int:
    """Per cent of its share that a region keeps; 100 when it is not evacuated."""
    evacuation = fleet.evacuations.get(region)
    return WHOLE if evacuation is None else evacuation.keep


def usable(fleet: Fleet, region: str) -> bool:
    """True when the region could serve: it has a weight, and a node that serves and has one."""
    return fleet.region_weight(region) > 0 and any(node.serviceable and node.weight for node in fleet.in_region(region))


def missing(fleet: Fleet, region: str) -> tuple[str, ...]:
    """The nodes of a region that should serve and do not, unless spares have stepped in for them."""
    nodes = fleet.in_region(region)
    spec = fleet.spec.region(region)
    if spec.spares and sum(node.serviceable and node.weight > 0 for node in nodes) >= spec.nodes:
        return ()
    wanted = (node for node in nodes if node.goal is Goal.UP and not node.drained)
    return tuple(node.name for node in wanted if not node.serviceable and not node.standing_by)


def levels(fleet: Fleet) -> list[list[Place]]:
    """The regions that could serve, grouped by priority, first to last."""
    return _levels(fleet, places(fleet).values())


def takers(fleet: Fleet, region: str) -> tuple[str, ...]:
    """Who would take over from `region`: the regions that could serve, are not evacuated themselves and come next."""
    others = [_configured(fleet, spec.name) for spec in fleet.spec.regions if spec.name != region]
    steady = [place for place in others if kept(fleet, place.region) == WHOLE]
    nearest = _levels(fleet, steady)[:1]
    return tuple(place.region for level in nearest for place in level)


def _configured(fleet: Fleet, region: str) -> Place:
    return Place(region=region, priority=fleet.spec.region(region).priority, weight=fleet.region_weight(region))


def _levels(fleet: Fleet, standing: Iterable[Place]) -> list[list[Place]]:
    able = [place for place in standing if usable(fleet, place.region)]
    priorities = sorted({place.priority for place in able})
    return [[place for place in able if place.priority == priority] for priority in priorities]


def _shared(fleet: Fleet, standing: dict[str, Place]) -> dict[str, Place]:
    """The places of a first level one of whose regions keeps a part only, and of those that take the rest."""
    first, *later = _levels(fleet, standing.values()) or [[]]
    partial = [place for place in first if 0 < kept(fleet, place.region) < WHOLE]
    steady: list[Place] = []
    for level in (first, *later):
        steady = steady or [place for place in level if kept(fleet, place.region) == WHOLE]
    if not partial or not steady:
        return {}
    total = sum(place.weight for place in first)
    parts = {place.region: place.weight / total * kept(fleet, place.region) / WHOLE for place in partial}
    rest, weights = 1.0 - sum(parts.values()), sum(place.weight for place in steady)
    parts |= {place.region: rest * place.weight / weights for place in steady}
    priority = first[0].priority
    return {
        region: Place(region=region, priority=priority, weight=max(1, round(part * SCALE)))
        for region, part in parts.items()
    }
