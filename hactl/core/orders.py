"""What the seven orders (start, stop, drain, resume, kill, freeze, thaw) do to one process, state by state. Pure rules.

Whether an order is safe for the fleet is not asked here (`safety`); an order that does not fit a state is refused
with a hint, either by a rule or right in the table.
"""

from hactl.core.causes import (
    Cause,
    Context,
    Reaction,
    Stimulus,
    deadline_in,
    ordered,
    signals,
    stop_signal,
    wanted,
    why_draining,
)
from hactl.core.effects import BeginDrain, EndDrain
from hactl.core.errors import CommandRejected
from hactl.core.node import DeadlineKind, Goal, Health, Node, NodeState, Reason, ReasonCode, Role
from hactl.core.restarts import end_of, spawn
from hactl.core.value import replace


def start(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Start a process that does not run; an order forgives all earlier exits."""
    fresh = replace(node, goal=Goal.UP, attempt=0, exits=())
    return spawn(fresh, context, "started", ordered(stimulus.by, "started"))


def start_while_stopping(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """It is too late to keep this process: a new one follows it."""
    return Reaction(node=replace(node, goal=Goal.UP, stays_down=False), why="starts again when it has stopped")


def start_while_draining(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Cancel a stop that has not gone further than draining; an edge cannot, it has begun to stop listening."""
    kept = replace(node, goal=Goal.UP, stays_down=False)
    if node.role is Role.EDGE:
        return Reaction(node=kept, why="starts again when it has stopped")
    if node.goal is Goal.UP and node.drained and not node.stays_down:
        raise CommandRejected(f"'{node.name}' is already up, but drained", f"hactl resume {node.name}")
    if node.drained:
        return Reaction(node=replace(kept, reason=ordered("", "drained")), why="stays up, drained")
    return drain_over(kept, context)


def stop_now(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Ask the process to leave, without or after a drain."""
    by_order = stimulus.cause is Cause.STOP
    stopping = replace(
        node,
        state=NodeState.STOPPING,
        goal=_goal(node, context) if by_order else node.goal,
        reason=ordered(stimulus.by, "stopped") if by_order or node.reason is None else node.reason,
        since=context.now.wall,
        deadline=deadline_in(DeadlineKind.STOP, context.spec.gateway.stop_timeout, context),
        unready="",
    )
    return Reaction(node=stopping, effects=signals(stopping, stop_signal(node, context)), why="asked to stop")


def stop_by_draining(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Stop a process that has traffic: let it finish first."""
    return drain_with(replace(node, goal=_goal(node, context)), ordered(stimulus.by, "stopped"), context)


def stop_while_draining(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """A drained process stops at once, a draining one when it is idle, and one that never was gets time once more."""
    if not wanted(node, context) and not context.closing:
        raise CommandRejected(f"'{node.name}' is already being stopped", f"hactl wait {node.name} --for stopped")
    leaving = replace(node, goal=_goal(node, context))
    if node.idle and node.unfinished:
        return drain_with(leaving, ordered(stimulus.by, "stopped"), context)
    if node.idle:
        return stop_now(leaving, stimulus, context)
    return Reaction(node=replace(leaving, reason=ordered(stimulus.by, "stopped")), why="stops when it is idle")


def stop_while_stopping(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Cancel a start that was to follow."""
    if node.goal is Goal.DOWN:
        raise CommandRejected(f"'{node.name}' is already being stopped", f"hactl wait {node.name} --for stopped")
    stays = replace(node, goal=_goal(node, context), reason=ordered(stimulus.by, "stopped"))
    return Reaction(node=stays, why="will not start again")


def cancel_start(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Stop something that has no process: it just does not come back."""
    stopped = replace(
        node,
        state=NodeState.STOPPED,
        goal=_goal(node, context),
        reason=ordered(stimulus.by, "stopped"),
        since=context.now.wall,
        deadline=None,
    )
    return Reaction(node=stopped, why="stopped")


def drain(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Take it out of rotation and let it finish."""
    return drain_with(replace(node, drained=True), ordered(stimulus.by, "drained"), context)


def mark_drained(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Remember the drain for when it is ready."""
    if node.drained:
        raise CommandRejected(f"'{node.name}' is already drained", f"hactl resume {node.name}")
    return Reaction(node=replace(node, drained=True), why="will not take traffic when it is ready")


def drain_while_draining(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Never fits; the two reasons differ."""
    if not wanted(node, context):
        raise CommandRejected(f"'{node.name}' is being stopped", f"hactl start {node.name}")
    raise CommandRejected(f"'{node.name}' is already drained", f"hactl resume {node.name}")


def resume(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Back into rotation; also cancels a stop that has not gone further than draining."""
    return drain_over(replace(node, drained=False, goal=Goal.UP, stays_down=False), context)


def unmark_drained(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Forget the drain before it has taken effect."""
    if not node.drained:
        raise CommandRejected(f"'{node.name}' is not drained", "hactl status")
    return Reaction(node=replace(node, drained=False), why="takes traffic again when it is ready")


def kill(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Send SIGKILL. Changes no state: the exit will, and it will be the operator's."""
    if node.launch is None:
        raise CommandRejected(f"'{node.name}' has no process yet", "try again in a moment")
    excused = replace(node, excused=stimulus.by or "operator", frozen="", stays_down=stimulus.hold)
    why = f"killed by {stimulus.by}" + (", stays down until started" if stimulus.hold else "")
    return Reaction(node=excused, effects=signals(excused, "KILL"), why=why)


def freeze(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Send SIGSTOP. Changes no state: it is for the probes to find out, and the exit that follows is the operator's."""
    if node.launch is None:
        raise CommandRejected(f"'{node.name}' has no process yet", "try again in a moment")
    if node.frozen:
        raise CommandRejected(f"'{node.name}' is already frozen by {node.frozen}", f"hactl thaw {node.name}")
    by = stimulus.by or "operator"
    frozen = replace(node, frozen=by, excused=by)
    return Reaction(node=frozen, effects=signals(frozen, "STOP"), why=f"frozen by {by}")


def thaw(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Send SIGCONT to what an operator froze, or what was found hanging; whether it is well, probes say."""
    if node.launch is None:
        raise CommandRejected(f"'{node.name}' has no process yet", "try again in a moment")
    if end_of(node) is not None:
        raise CommandRejected(f"'{node.name}' is being killed", f"hactl wait {node.name}")
    if not node.frozen and not node.hung:
        raise CommandRejected(f"'{node.name}' is not frozen", "hactl status")
    kept = "" if node.frozen else node.excused
    thawed = replace(node, frozen="", excused=kept, hung=False)
    if node.state is NodeState.STARTING and node.deadline is None:
        # It has had no chance to become ready.
        thawed = replace(thawed, deadline=deadline_in(DeadlineKind.READY, context.spec.gateway.start_timeout, context))
    elif node.state is NodeState.DRAINING:
        thawed = replace(thawed, reason=why_draining(node))
    elif node.state is not NodeState.STOPPING and node.health is Health.UNHEALTHY:
        thawed = replace(thawed, reason=Reason(code=ReasonCode.PROBE_FAILED, text="not healthy yet"))
    return Reaction(node=thawed, effects=signals(thawed, "CONT"), why=f"thawed by {stimulus.by or 'operator'}")


def drain_with(node: Node, reason: Reason, context: Context) -> Reaction:
    """Begin to drain a process that is ready."""
    draining = replace(
        node,
        state=NodeState.DRAINING,
        reason=reason,
        since=context.now.wall,
        idle=False,
        unfinished=0,
        deadline=deadline_in(DeadlineKind.DRAIN, context.spec.gateway.stop_timeout, context),
    )
    return Reaction(node=draining, effects=(BeginDrain(node=draining),), why="draining")


def drain_over(node: Node, context: Context) -> Reaction:
    """Put a draining process back into rotation."""
    unwell = node.health is not Health.HEALTHY
    reason = Reason(code=ReasonCode.PROBE_FAILED, text="not healthy yet") if unwell else None
    back = replace(
        node,
        state=NodeState.SERVING,
        reason=reason,
        since=context.now.wall,
        idle=False,
        unfinished=0,
        deadline=None,
    )
    return Reaction(node=back, effects=(EndDrain(node=back),), why="back in rotation")


def _goal(node: Node, context: Context) -> Goal:
    """A fleet that goes down keeps its goals: they say what to start next time."""
    return node.goal if context.closing else Goal.DOWN
