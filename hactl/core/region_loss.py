"""The loss of a region: when it begins, who takes over, when it is back. Pure; one of the rules that settle a fleet.

That traffic moves follows from the fleet's state alone (`traffic`), and the edges do it on their own even before they
are told. What is decided here is whether it returns automatically:

    another region of its priority serves     active/active: nodes come back as nodes do, at once
    a region of a later priority took over    active/passive: the lost one is evacuated, so that it takes nothing when
                                              it is back, until an operator or `auto_failback` gives it back

What an operator ordered (drain, stop, a weight of 0, a rolling restart) is no loss, nor is a node that dies while its
region is still coming up; a kill is one, because it is meant to look like a crash.
"""

from hactl.core.draft import Draft
from hactl.core.evacuating import leave, restore
from hactl.core.evacuation import WHOLE, EvacuationCause, RegionLoss
from hactl.core.failover import ms
from hactl.core.model import Fleet
from hactl.core.node import NO_FAULT, Goal, NodeState, Reason
from hactl.core.region_events import RegionBack, RegionLost, RegionMoved
from hactl.core.regions import kept, missing, takers, usable
from hactl.core.rolling import known_to_edges
from hactl.core.traffic import confirmed, shares
from hactl.core.value import replace


def begin(draft: Draft, before: Fleet) -> None:
    """Note every region that took traffic before this cause and has nobody left who serves, by no operator's will."""
    for region in draft.fleet.spec.regions:
        name = region.name
        if name in draft.fleet.region_losses or usable(draft.fleet, name) or not _carried(before, name):
            continue
        fault = _fault(draft.fleet, before, name)
        if fault is not None and not _coming_up(draft.fleet, name):
            # A loss that leaves the plan as it is (nobody else could serve) is not moved before the next plan is.
            version = draft.fleet.plan.version + (0 if _others(draft.fleet, name) else 1)
            draft.emit(RegionLost(loss=RegionLoss(region=name, cause=fault, seen=draft.now.mono, version=version)))


def follow(draft: Draft, before: Fleet) -> None:
    """Move every loss in progress as far as the fleet's state allows; end the wait of a region that must step in.

    That is when those that carried its traffic until now cannot any more. Who is merely the first to be up again when
    nobody was serves as well, for it is listed last, but does not keep the traffic for that.
    """
    for loss in tuple(draft.fleet.region_losses.values()):
        _hold(draft, loss)
        _follow_one(draft, loss)
    for evacuation in tuple(draft.fleet.evacuations.values()):
        region = evacuation.region
        left_alone = takers(before, region) and not takers(draft.fleet, region)
        if evacuation.cause is EvacuationCause.LOST and left_alone and usable(draft.fleet, region):
            restore(draft, replace(evacuation, keep=WHOLE), "no other region can serve")


def _hold(draft: Draft, loss: RegionLoss) -> None:
    """When those that wait behind it have taken over, they keep the traffic, however soon it is back."""
    fleet, region = draft.fleet, loss.region
    moving = fleet.moving
    if usable(fleet, region) or kept(fleet, region) == 0 or (moving and moving.targets[-1].region == region):
        return
    first = fleet.spec.region(region).priority
    over = takers(fleet, region)
    if over and all(fleet.spec.region(other).priority > first for other in over):
        why = f"all its nodes were lost, the last one because: {loss.cause.text}"
        leave(draft, region, 0, cause=EvacuationCause.LOST, why=why, again=True)


def _follow_one(draft: Draft, loss: RegionLoss) -> None:
    fleet, now, region = draft.fleet, draft.now, loss.region
    nodes = fleet.in_region(region)
    back = any(node.serviceable for node in nodes)  # whatever it weighs: that is a matter of its own
    if loss.moved is None and not usable(fleet, region) and _others(fleet, region) and confirmed(fleet, loss.version):
        loss = replace(loss, moved=now.mono)
        draft.emit(RegionMoved(loss=loss, to=_carriers(fleet), ms=ms(loss.seen, now.mono)))
    moved_ms = None if loss.moved is None else ms(loss.seen, loss.moved)
    if all(node.goal is Goal.DOWN or node.drained for node in nodes):
        draft.emit(RegionBack(region=region, moved_ms=moved_ms, back_ms=None))
    elif back and _all_back(fleet, region) and known_to_edges(fleet):
        draft.emit(RegionBack(region=region, moved_ms=moved_ms, back_ms=ms(loss.seen, now.mono)))


def _carried(fleet: Fleet, region: str) -> bool:
    return any(share.part > 0 for share in shares(fleet) if share.region == region)


def _carriers(fleet: Fleet) -> tuple[str, ...]:
    """The regions that take traffic."""
    return tuple(dict.fromkeys(share.region for share in shares(fleet) if share.part > 0))


def _others(fleet: Fleet, region: str) -> bool:
    return any(usable(fleet, other.name) for other in fleet.spec.regions if other.name != region)


def _fault(fleet: Fleet, before: Fleet, region: str) -> Reason | None:
    """Why its last node that took traffic went, when no operator wanted that."""
    went = [fleet.nodes.get(node.name) for node in before.in_region(region) if node.serviceable and node.weight]
    gone = [node for node in went if node is not None and not node.serviceable]
    reasons = [node.reason for node in gone if node.reason is not None]
    return next((reason for reason in reasons if reason.code not in NO_FAULT), None)


def _coming_up(fleet: Fleet, region: str) -> bool:
    """True while nodes of it are being started for the first time or by order: it has not been whole yet. What restarts
    one by one is another matter, for there the others have to stand in."""
    rolling = {
        target.node for operation in fleet.operations.values() if operation.one_by_one for target in operation.targets
    }
    starting = (node for node in fleet.in_region(region) if node.state is NodeState.STARTING)
    ordered = (node.name for node in starting if node.reason is not None and node.reason.code in NO_FAULT)
    return any(name not in rolling for name in ordered)


def _all_back(fleet: Fleet, region: str) -> bool:
    """Who keeps dying is not waited for: that is a trouble of its own."""
    return all(fleet.nodes[name].state is NodeState.FAILED for name in missing(fleet, region))
