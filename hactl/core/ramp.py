"""Failover and failback as operations: the traffic of a region leaves, or returns, step by step. Pure.

Not the loss of a region (`region_loss`), nor what the edges are told about the share it keeps (`regions`).

Each step changes what the region keeps of its share, waits until every edge has proved the resulting plan, and then
watches for a while what clients get. All of it is rolled back at once when they get worse answers, when an edge rejects
a plan or is silent for too long, or when the regions that are to receive traffic no longer can. When no other region
is left to serve, or the region itself is gone, there is nothing to protect: the remaining steps are done at once.
"""

from hactl.core.commands import VERBS, Failback, Failover, Request
from hactl.core.draft import Draft, evolve
from hactl.core.errors import CommandRejected
from hactl.core.evacuating import put, restore
from hactl.core.evacuation import WHOLE, Evacuation, EvacuationCause
from hactl.core.events import OperationBegan, OperationMoved
from hactl.core.model import Fleet
from hactl.core.operation import RAMPS, Operation, Outcome, Phase, Step, Target, Verb
from hactl.core.operations import begun, end
from hactl.core.region_events import RegionEvacuated, RegionRestored
from hactl.core.regions import kept, missing, takers, usable
from hactl.core.rolling import known_to_edges
from hactl.core.value import replace
from hactl.core.wording import in_words

PATIENCE = 10.0
"""Seconds that a step may take besides watching: until every edge has proved it, and those who receive are whole."""
MOST_STEPS = 100
LONGEST_STEP_TIME = 3600.0
"""Seconds between two steps; whoever wants to go slower moves weights."""


def check(fleet: Fleet, request: Request) -> None:
    """Raises CommandRejected when the traffic of a region cannot be moved now, or should not."""
    command = request.command
    if not isinstance(command, Failover | Failback):
        return
    _sensible(command)
    turned = fleet.moving
    if turns_round(fleet, command):
        return
    for operation in fleet.operations.values():
        if operation is turned or operation.revision:
            hint = f"hactl wait --operation {operation.id}"
            if operation is turned:
                hint = f"hactl {_turning(operation.verb)} {_region(operation)} reverses it; or: {hint}"
            raise CommandRejected(f"{operation.id} is in progress: {operation.sentence}", hint)
    region, sure = command.region, request.confirm == fleet.name
    if isinstance(command, Failover):
        if kept(fleet, region) == 0:
            raise CommandRejected(f"'{region}' already takes no traffic", f"hactl failback {region}")
        carriers = takers(fleet, region)
        if not carriers:
            raise CommandRejected(
                f"no region could take over from '{region}'",
                "another region has to serve first: hactl status",
                guard=True,
            )
    else:
        if region not in fleet.evacuations:
            raise CommandRejected(f"'{region}' already has all its traffic", "hactl status")
        carriers = (region,)
        if not fleet.region_weight(region):
            raise CommandRejected(f"'{region}' has weight 0", f"hactl weight --region {region} 100", guard=True)
        if not usable(fleet, region):
            raise CommandRejected(f"no node in '{region}' is serving", f"hactl start --region {region}", guard=True)
    out = [name for carrier in carriers for name in missing(fleet, carrier)]
    if out and not sure:
        names = ", ".join(f"'{name}'" for name in out[:3])
        raise CommandRejected(
            f"{' and '.join(carriers)} would have to carry its traffic without {names}",
            f"if you mean it: --confirm {fleet.name}",
            guard=True,
        )


def turns_round(fleet: Fleet, command: Failover | Failback) -> bool:
    """True when `command` undoes the one in progress: like an automatic rollback, it is not rejected."""
    turned = fleet.moving
    return turned is not None and _turning(turned.verb) is VERBS[type(command)] and _region(turned) == command.region


def receivers(fleet: Fleet, operation: Operation) -> tuple[str, ...]:
    """The regions that a failover or failback gives traffic."""
    region = _region(operation)
    return (region,) if operation.verb is Verb.FAILBACK else takers(fleet, region)


def arrived(fleet: Fleet, command: Failover | Failback) -> Fleet:
    """The fleet after the last step."""
    region = command.region
    if isinstance(command, Failback):
        return evolve(fleet, RegionRestored(region=region, why=""))
    return evolve(fleet, RegionEvacuated(evacuation=Evacuation(region=region)))


def begin(draft: Draft, operation: Operation, command: Failover | Failback, *, sure: bool = False) -> Operation:
    """The operation with its steps and with what a rollback would restore; one that it reverses is ended."""
    region = command.region
    fleet = draft.fleet
    found = fleet.evacuations.get(region, Evacuation(region=region, keep=WHOLE))
    turned = fleet.moving
    if turned is not None:
        # Half-way is no place to stay, and where the other was going somebody does not want it to go.
        found = turned.evacuation or found
        end(draft, turned, Outcome.ROLLED_BACK, f"reversed by {operation.by} ({operation.id})", "hactl status")
    now, goal = kept(fleet, region), 0 if isinstance(command, Failover) else WHOLE
    moves = usable(fleet, region) and bool(takers(fleet, region))
    steps = command.steps if moves else 1
    keeps = dict.fromkeys(round(now + (goal - now) * number / steps) for number in range(1, steps + 1))
    return replace(
        operation,
        targets=tuple(Target(node="", step=Step.SHIFT, region=region, keep=keep) for keep in keeps),
        pause=command.pause if moves else 0.0,
        sure=sure,
        # However long it had been healthy: when this is rolled back, it was not.
        evacuation=replace(found, well_since=None),
        deadline=draft.now.mono + PATIENCE + command.pause,
    )


def begin_failback(draft: Draft, region: str, *, by: str, reason: str, again: float) -> None:
    """Give a region its traffic back because it is time, not because anybody asked.

    When that is taken back, it has to be well for `again` seconds before the next time.
    """
    command = Failback(region=region)
    operation = begin(draft, begun(draft, Verb.FAILBACK, in_words(command), by=by, reason=reason), command)
    found = operation.evacuation
    if found is not None:
        operation = replace(operation, evacuation=replace(found, wait=again))
    draft.emit(OperationBegan(operation=operation))


def take_up(draft: Draft) -> None:
    """A daemon takes charge: nobody has watched the step that was under way, so its time begins anew."""
    operation = draft.fleet.moving
    if operation is None:
        return
    pause = 0.0 if operation.back else operation.pause
    again = replace(operation, targets=_unwatched(operation), deadline=draft.now.mono + pause + PATIENCE)
    draft.emit(OperationMoved(operation=again))


def advance(draft: Draft) -> None:
    """Take the failover or failback in progress as far as the fleet's state allows."""
    operation = draft.fleet.moving
    if operation is None:
        return
    if operation.back:
        _end_turned_back(draft, operation)
    elif why := _hopeless(draft.fleet, operation):
        turn_back(draft, operation, why)
    else:
        _advance(draft, _hurried(draft.fleet, operation))


def turn_back(draft: Draft, operation: Operation, why: str) -> None:
    """Undo all steps at once; nothing for any other operation, and nothing twice."""
    if operation.verb not in RAMPS or operation.back or operation.evacuation is None:
        return
    restore(draft, operation.evacuation, f"rolled back: {why}")
    deadline = draft.now.mono + PATIENCE
    draft.emit(OperationMoved(operation=replace(operation, targets=_unwatched(operation), back=why, deadline=deadline)))


def _unwatched(operation: Operation) -> tuple[Target, ...]:
    """Its steps, none of which is over at any moment: nobody watches the one under way."""
    return tuple(target if target.phase is Phase.DONE else replace(target, until=0.0) for target in operation.targets)


def _sensible(command: Failover | Failback) -> None:
    if not 1 <= command.steps <= MOST_STEPS:
        raise CommandRejected(f"{command.steps} steps are outside 1..{MOST_STEPS}", "4 is the usual number")
    if not 0 <= command.pause <= LONGEST_STEP_TIME:
        raise CommandRejected(
            f"{command.pause:g} s between two steps is outside 0..{LONGEST_STEP_TIME:g}", "2s is usual"
        )


def _turning(verb: Verb) -> Verb:
    """What turns it round."""
    return Verb.FAILBACK if verb is Verb.FAILOVER else Verb.FAILOVER


def _region(operation: Operation) -> str:
    return operation.targets[-1].region


def _evacuated(operation: Operation, before: Evacuation | None) -> Evacuation:
    """What a failover comes to."""
    since = operation.wall if before is None else before.since
    why = operation.reason or "failover"
    return Evacuation(region=_region(operation), cause=EvacuationCause.OPERATOR, why=why, by=operation.by, since=since)


def _hopeless(fleet: Fleet, operation: Operation) -> str:
    """Why traffic cannot go where it is to go any more; "" when it can."""
    region = _region(operation)
    if operation.verb is Verb.FAILBACK:
        return "" if usable(fleet, region) else f"no node in {region} is serving any more"
    alone = usable(fleet, region) and not takers(fleet, region)
    return f"no region can take over from {region} any more" if alone else ""


def _hurried(fleet: Fleet, operation: Operation) -> Operation:
    """When only one side is left that could serve, the steps between are pointless."""
    region = _region(operation)
    both = usable(fleet, region) and takers(fleet, region)
    if both or operation.targets[-1].phase is not Phase.WAITING:
        return operation
    return replace(operation, targets=operation.targets[-1:], pause=0.0)


def _advance(draft: Draft, operation: Operation) -> None:
    """One move; the next one is made once the plan that follows from this one is the one in force."""
    target = next((target for target in operation.targets if target.phase is not Phase.DONE), None)
    if target is None:
        _end_done(draft, operation)
        return
    now = draft.now.mono
    moved, deadline = target, operation.deadline
    if target.phase is Phase.WAITING:
        if short := _receivers_short(draft.fleet, operation):
            if now >= operation.deadline:
                turn_back(draft, operation, f"{short[0]} is not serving")
            return
        _shift(draft, operation, target.keep)
        moved, deadline = replace(target, phase=Phase.STARTING), now + operation.pause + PATIENCE
    elif not target.until:
        if not known_to_edges(draft.fleet):
            if now >= operation.deadline:
                turn_back(draft, operation, "not confirmed by every edge in time")
            return
        moved = replace(target, until=now + operation.pause)
    elif now >= target.until:
        moved, deadline = replace(target, phase=Phase.DONE), now + operation.pause + PATIENCE
    if moved != target:
        targets = tuple(moved if item == target else item for item in operation.targets)
        draft.emit(OperationMoved(operation=replace(operation, targets=targets, deadline=deadline)))


def _receivers_short(fleet: Fleet, operation: Operation) -> list[str]:
    """Who is missing among those that receive: a node that is just coming back is waited for."""
    if operation.sure or not operation.pause:
        return []
    return [name for receiver in receivers(fleet, operation) for name in missing(fleet, receiver)]


def _shift(draft: Draft, operation: Operation, keep: int) -> None:
    region = _region(operation)
    if operation.verb is Verb.FAILOVER:
        put(draft, replace(_evacuated(operation, draft.fleet.evacuations.get(region)), keep=keep))
        return
    before = draft.fleet.evacuations.get(region, Evacuation(region=region))
    restore(draft, replace(before, keep=keep), f"failback by {operation.by}")


def _end_done(draft: Draft, operation: Operation) -> None:
    region = _region(operation)
    if operation.verb is Verb.FAILBACK:
        sentence = f"{region} has all its traffic again"
    else:
        others = takers(draft.fleet, region)
        carried = f": {' and '.join(others)} {'carries' if len(others) == 1 else 'carry'} it" if others else ""
        sentence = f"{region} no longer takes traffic{carried}"
    end(draft, operation, Outcome.DONE, sentence)


def _end_turned_back(draft: Draft, operation: Operation) -> None:
    if known_to_edges(draft.fleet):
        end(draft, operation, Outcome.ROLLED_BACK, f"rolled back: {operation.back}", "hactl status")
    elif draft.now.mono >= operation.deadline:
        why = f"rolled back ({operation.back}), but not confirmed by every edge in time"
        end(draft, operation, Outcome.FAILED, why, "hactl doctor")
