"""Drills, as the daemon sees them: a fleet on loan, and how it is restored. Pure; one of the rules that settle a fleet.

Not what a drill does: its faults are ordinary commands, and the safety rules apply to them. What is ensured here is
that a drill can leave nothing behind. The state of everything it may touch is journaled before its first fault; its
runner has to keep reporting in; and when the drill ends, for whatever reason, or its runner has been silent for too
long, everything is restored. A new daemon grants one more term: meanwhile the runner had nobody to report to.

What is restored: goals, drains and weights of the drill's nodes, weights and evacuations of its regions, and the
configuration, when it was lent (`revision_undo`). What others changed about those meanwhile is reset as well;
everything else is left alone.
"""

from typing import assert_never

from hactl.core import revision_undo
from hactl.core.bound import Bound
from hactl.core.causes import Cause
from hactl.core.commands import AskDrill, BeginDrill, ContinueDrill, EndDrill, KeepDrill, Request
from hactl.core.draft import Draft
from hactl.core.drill import Baseline, Before, Lease
from hactl.core.drill_events import DrillAnswered, DrillAsked, DrillKept
from hactl.core.drill_limits import free, within_limits
from hactl.core.errors import CommandRejected
from hactl.core.evacuating import restore
from hactl.core.evacuation import WHOLE, Evacuation, EvacuationCause
from hactl.core.events import OperationMoved, WeightsChanged
from hactl.core.founding import wanted
from hactl.core.hop_limits import routable
from hactl.core.model import Fleet
from hactl.core.node import Goal, Node, NodeState
from hactl.core.operation import Operation, Outcome, Phase, Verb, began_at
from hactl.core.operations import end, spare_the_rest
from hactl.core.rolling import is_up, order
from hactl.core.value import replace


def in_progress(fleet: Fleet) -> Operation | None:
    """The drill that the fleet is lent to."""
    return next((operation for operation in fleet.operations.values() if operation.verb is Verb.DRILL), None)


def lending(fleet: Fleet) -> Lease | None:
    """What the fleet is lent to a drill for; None without one, and from when on it is put back."""
    operation = in_progress(fleet)
    return None if operation is None or operation.back else operation.drill


def check(fleet: Fleet, request: Request) -> None:
    """Raises CommandRejected when the fleet cannot be lent, or the drill that a command is about is not the one."""
    command = request.command
    if request.proposal is not None:
        revision_undo.check(fleet, in_progress(fleet), request.proposal)
    if isinstance(command, BeginDrill):
        free(fleet)
        for service in command.services:
            routable(fleet, service)
        within_limits(fleet, command)
    elif isinstance(command, KeepDrill | EndDrill | AskDrill | ContinueDrill):
        running = in_progress(fleet)
        if running is None or running.id != command.id:
            raise CommandRejected(f"no drill '{command.id}' is in progress", "hactl drill list")
        if not isinstance(command, EndDrill) and running.back:
            raise CommandRejected(f"drill '{command.id}' has ended: {running.back}", "hactl drill report")
        if isinstance(command, ContinueDrill) and not running.question:
            raise CommandRejected(f"drill '{command.id}' is not waiting for anyone", "hactl status")
        if isinstance(command, ContinueDrill) and command.question not in ("", running.question):
            raise CommandRejected(
                f"drill '{command.id}' is now waiting for something else: {running.question}", "hactl status"
            )


def still_lent(fleet: Fleet, request: Request) -> None:
    """Raises CommandRejected when a command is of a drill that the fleet is lent to no more: its runner was silent for
    too long, and does not know yet. What it did is put back by then, and the fleet may be somebody else's."""
    command, running = request.command, in_progress(fleet)
    if not isinstance(command, Bound) or not command.drill:
        return
    if running is None or running.id != command.drill or running.back:
        raise CommandRejected(f"the fleet is no longer lent to drill '{command.drill}'", "hactl events", guard=True)


def begin(draft: Draft, operation: Operation, command: BeginDrill) -> Operation:
    """The operation with the terms of its lease, and with what will be restored."""
    fleet, now = draft.fleet, draft.now.mono
    nodes = [fleet.nodes[name] for name in dict.fromkeys((*command.nodes, *command.in_turn))]
    baseline = Baseline(
        nodes={node.name: Before(goal=node.goal, weight=node.weight, drained=node.drained) for node in nodes},
        weights={region: fleet.region_weight(region) for region in command.regions},
        evacuations={region: fleet.evacuations.get(region) for region in command.regions},
        revision=fleet.revision if command.config else 0,
        spec=fleet.spec if command.config else None,
        services=command.services,
    )
    lease = Lease(
        name=command.name,
        term=command.lease,
        expires=now + command.lease,
        until=now + command.longest,
        baseline=baseline,
    )
    # What there is to wait for is counted from the end of the drill: see `_take_back`.
    # with the configuration, every process may have to change back, one by one; or somebody restarts them so
    patience = (operation.deadline - now) * (1 + len(fleet.nodes if command.config else command.in_turn))
    return replace(operation, targets=(), deadline=lease.until + patience, drill=lease)


def tend(draft: Draft, command: KeepDrill | EndDrill | AskDrill | ContinueDrill, *, by: str) -> Operation:
    """Take a sign of life of the runner, what it waits for, the word that this is done, or that the drill is over; the
    operation of that drill."""
    operation, lease = _lent(draft.fleet)
    match command:
        case KeepDrill(canary=canary):
            draft.emit(DrillKept(id=operation.id, expires=draft.now.mono + lease.term, canary=canary))
        case AskDrill(question=question):
            draft.emit(DrillAsked(id=operation.id, question=question))
        case ContinueDrill():
            draft.emit(DrillAnswered(id=operation.id))
        case EndDrill():
            if not operation.back:
                _take_back(draft, operation, replace(lease, returned=True), f"ended by {by or 'an operator'}")
        case _:
            assert_never(command)
    return draft.fleet.operations[operation.id]


def advance(draft: Draft) -> None:
    """Notice that a drill is over, and restore what it touched as far as the fleet's state allows."""
    operation = in_progress(draft.fleet)
    if operation is None or operation.drill is None:
        return
    lease, now = operation.drill, draft.now.mono
    if not operation.back:
        revision_undo.note(draft, operation)
        if now >= lease.expires:
            _take_back(draft, operation, lease, f"its runner has been silent for {lease.term:g} s")
        elif now >= lease.until:
            _take_back(draft, operation, lease, "it exceeded its time limit")
        return
    configured = revision_undo.put_back(draft, operation)
    for name, before in lease.baseline.nodes.items():
        if name in wanted(draft.fleet) and name not in _in_other_hands(draft.fleet):
            _put_back(draft, draft.fleet.nodes[name], before, f"{operation.by} (drill)")
    restored = _restored(draft.fleet, lease.baseline) if configured is True else configured
    # Traffic that is being moved now is waited for: whoever moves it would move it on from what is put back.
    if restored is True and draft.fleet.moving is None:
        if not _restore_evacuations(draft, lease.baseline, operation.back):
            told = f"{operation.back}; everything it touched has been restored"
            end(draft, operation, Outcome.DONE if lease.returned else Outcome.ROLLED_BACK, told)
    elif isinstance(restored, str) or now >= operation.deadline:
        late = "traffic is still being moved" if restored is True else "not everything came back up in time"
        what = restored if isinstance(restored, str) else late
        end(draft, operation, Outcome.FAILED, f"{operation.back}; not restored: {what}", "hactl status")


def give_back(draft: Draft, operation: Operation) -> None:
    """What a drill had taken is wanted as it was, whoever brings it up now: the fleet goes down, or has been away."""
    if operation.drill is None:
        return
    for name, before in operation.drill.baseline.nodes.items():
        node = draft.fleet.nodes.get(name)
        if node is None:
            continue
        noted = replace(node, goal=before.goal, drained=before.drained, stays_down=False)
        if noted != node:
            draft.take_note(noted, f"{operation.sentence} has ended")
    _weigh(draft, operation.drill.baseline)
    _restore_evacuations(draft, operation.drill.baseline, f"{operation.sentence} has ended")


def overtaken(fleet: Fleet, operation: Operation, why: str, *, taken: bool = False) -> tuple[Outcome, str, str]:
    """How a drill ends when its fleet goes away (outcome, sentence and hint): with the processes, all that was
    done to them is gone, and what is wanted of them is as it was (`give_back`). A configuration of its own stays in
    force, unless that of the file is `taken` now."""
    before = None if operation.drill is None else operation.drill.baseline
    if not taken and before is not None and before.spec not in (None, fleet.spec):
        left = f"{why}; not restored: revision {fleet.revision} is in force, not {before.revision} as before the drill"
        return Outcome.FAILED, left, f"hactl config rollback {before.revision}"
    return Outcome.ROLLED_BACK, f"{why}; nothing of the drill remains", "hactl status"


def abandon(draft: Draft, operation: Operation, why: str) -> None:
    """End a drill whose fleet is taken down: nobody can be asked for anything before the next `up`, which takes the
    configuration of the file if it is another."""
    outcome, told, _ = overtaken(draft.fleet, operation, why)
    end(draft, operation, outcome, told, "hactl up; hactl config diff" if outcome is Outcome.FAILED else "hactl up")
    give_back(draft, operation)


def take_up(draft: Draft) -> None:
    """A daemon that has just come grants one term: while there was none, nobody could be heard of."""
    operation = in_progress(draft.fleet)
    if operation is not None and operation.drill is not None and not operation.back:
        draft.emit(DrillKept(id=operation.id, expires=draft.now.mono + operation.drill.term))


def _lent(fleet: Fleet) -> tuple[Operation, Lease]:
    operation = in_progress(fleet)
    if operation is None or operation.drill is None:
        raise AssertionError("checked before")
    return operation, operation.drill


def _take_back(draft: Draft, operation: Operation, lease: Lease, why: str) -> None:
    patience = operation.deadline - lease.until
    deadline = draft.now.mono + patience
    draft.emit(OperationMoved(operation=replace(operation, back=why, deadline=deadline, drill=lease)))
    spare_the_rest(draft, operation.by, began_at(operation.id))
    _weigh(draft, lease.baseline)


def _weigh(draft: Draft, baseline: Baseline) -> None:
    fleet = draft.fleet
    nodes = {
        name: before.weight
        for name, before in baseline.nodes.items()
        if name in fleet.nodes and fleet.nodes[name].weight != before.weight
    }
    regions = {
        name: was
        for name, was in baseline.weights.items()
        if name in fleet.spec.region_names and fleet.region_weight(name) != was
    }
    if nodes or regions:
        draft.emit(WeightsChanged(nodes=nodes, regions=regions))


def _put_back(draft: Draft, node: Node, before: Before, by: str) -> None:
    """Order whatever brings one process back to what was wanted of it; what is on its way there needs nothing."""
    if node.stays_down:
        draft.take_note(replace(node, stays_down=False), "comes back after all")
    if node.frozen:
        order(draft, node, Cause.THAW, by)
    if before.drained is not node.drained:
        order(draft, node, Cause.DRAIN if before.drained else Cause.RESUME, by)
    now = draft.fleet.nodes[node.name]
    if before.goal is not now.goal:
        order(draft, node, Cause.START if before.goal is Goal.UP else Cause.STOP, by)
    elif before.goal is Goal.UP and now.state is NodeState.FAILED:
        order(draft, node, Cause.START, by)


def _in_other_hands(fleet: Fleet) -> set[str]:
    """Whom a rolling restart or a configuration change stops and starts now: two at once would pull in two ways."""
    return {
        target.node
        for operation in fleet.operations.values()
        if operation.one_by_one
        for target in operation.targets
        if target.phase is not Phase.DONE
    }


def _restored(fleet: Fleet, baseline: Baseline) -> bool | str | None:
    """True: every process is as it was; a sentence: that will not be; None: not yet."""
    if fleet.hops:
        return None  # there is one drill at a time, so all of them are its own
    taken, ours = _in_other_hands(fleet), wanted(fleet)
    for name, before in baseline.nodes.items():
        node = ours.get(name)
        if node is None:
            continue  # no configuration has it any more
        if name in taken:
            return None
        if before.goal is Goal.DOWN:
            if node.goal is not Goal.DOWN or node.state is not NodeState.STOPPED:
                return None
            continue
        # what was ordered has not come true yet, or has not been proved to be over
        struck = node.frozen or node.excused or node.impaired
        if struck or node.goal is not before.goal or node.drained is not before.drained:
            return None
        up = is_up(fleet, node)
        if up is not True:
            return up
    return True


def _restore_evacuations(draft: Draft, baseline: Baseline, why: str) -> bool:
    """Give regions back what they had of their traffic; true when something had to change.

    What has been taken from a region because it answers badly stays away: that is not the drill's, it is the daemon's.
    """
    changed = False
    for region, before in baseline.evacuations.items():
        now = draft.fleet.evacuations.get(region)
        if region not in draft.fleet.spec.region_names:
            continue  # no configuration has it any more
        if _keep(now) == _keep(before) or (now is not None and now.cause is EvacuationCause.FALTERED):
            continue
        restore(draft, before or Evacuation(region=region, keep=WHOLE), f"a drill has ended: {why}")
        changed = True
    return changed


def _keep(evacuation: Evacuation | None) -> int:
    return WHOLE if evacuation is None else evacuation.keep
