"""What a drill has left behind: the fleet before it and the fleet now, compared. Pure."""

from collections.abc import Iterator

from hactl.core.evacuation import Evacuation, EvacuationCause
from hactl.core.model import Fleet
from hactl.core.reading import word
from hactl.drill.plan import DrillPlan


def leftovers(before: Fleet, now: Fleet, plan: DrillPlan, operation: str) -> tuple[str, ...]:
    """Everything about what was struck that is not as it was, one line each."""
    found = []
    if operation in now.operations:
        found.append(f"{operation} is in progress: {now.operations[operation].sentence}")
    if plan.configures and before.spec != now.spec:
        found.append(f"revision {now.revision} is in force, which differs from revision {before.revision}")
    for name in plan.nodes:
        was, node = before.nodes.get(name), now.nodes.get(name)
        if was is None or node is None:
            continue
        if (was.serviceable or was.standing_by) and not (node.serviceable or node.standing_by):
            found.append(f"{name} is {word(node)}")
        if was.goal is not node.goal:
            found.append(f"{name} has goal {node.goal}")
        if was.weight != node.weight:
            found.append(f"{name} has weight {node.weight}, not {was.weight}")
        if was.drained is not node.drained:
            found.append(f"{name} is drained" if node.drained else f"{name} is no longer drained")
        if node.frozen:
            found.append(f"{name} is frozen")
        if node.impaired is not None:
            found.append(f"{name} is {node.impaired}")
    regions = now.spec.region_names
    found += [str(hop) for hop in now.hops.values()]
    found += [
        f"region {region} has weight {now.region_weight(region)}, not {before.region_weight(region)}"
        for region in plan.regions
        if region in regions and now.region_weight(region) != before.region_weight(region)
    ]
    found += [
        f"{evacuation.region} keeps {evacuation.keep} % of its traffic"
        for evacuation in _evacuated(before, now, plan)
        if evacuation.cause is not EvacuationCause.FALTERED
    ]
    return tuple(found)


def returning(before: Fleet, now: Fleet, plan: DrillPlan) -> tuple[str, ...]:
    """Regions that are well again and get their traffic back from the daemon, when it has seen that for long enough."""
    wait = f"until it has been healthy for {now.spec.stable_for:g} s"
    return tuple(
        f"{evacuation.region} keeps {evacuation.keep} % of its traffic {wait}"
        for evacuation in _evacuated(before, now, plan)
        if evacuation.cause is EvacuationCause.FALTERED
    )


def _evacuated(before: Fleet, now: Fleet, plan: DrillPlan) -> Iterator[Evacuation]:
    for region in plan.regions:
        had, has = before.evacuations.get(region), now.evacuations.get(region)
        if has is not None and (had is None or had.keep != has.keep):
            yield has
