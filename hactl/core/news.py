"""What the world's news (spawned, healthy, hung, idle, deadlines) do to one process, state by state. Pure rules.

Exits and failed starts are answered in `restarts`. News that no longer fits a state is no error: the table says LATE.
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
from hactl.core.model import Paused
from hactl.core.node import DeadlineKind, Health, Node, NodeState, Reason, ReasonCode, Role
from hactl.core.orders import drain_with, stop_now
from hactl.core.restarts import charge, ended
from hactl.core.unfinished import cut_off, requests, sentence, still_open
from hactl.core.value import replace


def spawned(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """The process exists; it is not ready yet."""
    return Reaction(node=replace(node, launch=stimulus.launch), why="process started")


def spawned_too_late(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """It was to be stopped while it was being started: now there is something to stop."""
    deadline = deadline_in(DeadlineKind.STOP, context.spec.gateway.stop_timeout, context)
    launched = replace(node, launch=stimulus.launch, deadline=deadline)
    effects = signals(launched, stop_signal(node, context))
    return Reaction(node=launched, effects=effects, why="started while being stopped")


def ready(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """It may serve; or, when an operator has drained it, it is up and takes nothing."""
    node = replace(_runs(node), unready="")
    if node.drained:
        return drain_with(replace(node, health=Health.HEALTHY), ordered("", "drained"), context)
    if node.role is Role.GATEWAY and context.spec.spares(node.region):
        # who steps in is decided for the region as a whole, in the same step
        reason = Reason(code=ReasonCode.SPARE, text="on standby")
        spare = replace(node, state=NodeState.STANDBY, health=Health.HEALTHY, reason=reason, since=context.now.wall)
        return Reaction(node=replace(spare, deadline=None), why="ready, on standby")
    serving = replace(
        node,
        state=NodeState.SERVING,
        health=Health.HEALTHY,
        reason=None,
        since=context.now.wall,
        deadline=None,
    )
    return Reaction(node=serving, why="ready")


def stalled(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Not ready yet: what is missing is worth knowing while one waits, and more so when the waiting is over."""
    return Reaction(node=replace(node, unready=stimulus.why), why=f"not ready yet: {stimulus.why}")


def not_ready(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """The start deadline has passed: the process is killed, and its exit charged; in a paused fleet it may go on."""
    late_by = f"not ready after {context.spec.gateway.start_timeout:g} s"
    text = f"{late_by}: {node.unready}" if node.unready else late_by
    reason = Reason(code=ReasonCode.START_TIMEOUT, text=text)
    late = replace(node, reason=reason, deadline=None)
    if node.launch is None:
        return charge(late, reason, context)
    if context.paused is not None:
        return _spared(late, reason, context.paused)
    return Reaction(node=late, effects=signals(late, "KILL", group=True), why=reason.text)


def well(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Probes succeed again."""
    reason = node.reason if node.slow else None
    if node.state is NodeState.STANDBY:
        reason = Reason(code=ReasonCode.SPARE, text="on standby")
    if node.state is NodeState.DRAINING:
        reason = why_draining(node) if node.hung else node.reason
    if node.health is Health.HEALTHY and node.reason == reason:
        return Reaction(node=node)
    better = replace(_runs(node), health=Health.HEALTHY, reason=reason, since=context.now.wall)
    return Reaction(node=better, why="healthy again")


def unwell(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Probes fail: out of rotation, but alive."""
    if node.health is Health.UNHEALTHY:
        return Reaction(node=node)
    reason = Reason(code=ReasonCode.PROBE_FAILED, text=stimulus.why)
    if node.state is NodeState.DRAINING and node.reason:
        reason = node.reason
    worse = replace(node, health=Health.UNHEALTHY, reason=reason, since=context.now.wall)
    return Reaction(node=worse, why=stimulus.why)


def mute(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """A hang is turned into a crash: its connections reset and the edges send its requests elsewhere.

    In a paused fleet it is taken out of rotation and nothing else.
    """
    text = f"frozen by {node.frozen}" if node.frozen else stimulus.why
    reason = Reason(code=ReasonCode.HUNG, text=text, by=node.frozen)
    hung = replace(node, health=Health.UNHEALTHY, reason=reason, since=context.now.wall, hung=False)
    if context.paused is not None:
        known = node.hung and node.health is Health.UNHEALTHY
        return Reaction(node=node) if known else _spared(hung, reason, context.paused)
    return Reaction(node=hung, effects=signals(hung, "KILL"), why=stimulus.why)


def released(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """The pause is over: what was found hanging meanwhile, and hangs still, is killed now."""
    return mute(node, stimulus, context) if node.hung else Reaction(node=node)


def released_start(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """The pause is over: what should have been ready meanwhile, and is not, is killed now."""
    return not_ready(replace(node, hung=False), stimulus, context) if node.hung else Reaction(node=node)


def idle(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Nothing is in flight any more, or nobody waits for it any longer: stop, if it is to stop.

    An edge that has drained does not listen any more: wanted or not, it stops, and starts again if it is wanted.
    """
    if stimulus.cause is Cause.IDLE:
        node = replace(node, unfinished=0)
    if node.role is Role.EDGE or not wanted(node, context):
        stopping = stop_now(node, stimulus, context)
        return replace(stopping, why=sentence(stopping.why, cut_off(node.unfinished)))
    why = "idle" if stimulus.cause is Cause.IDLE else still_open(node.unfinished) or "drain deadline passed"
    return Reaction(node=replace(node, idle=True, deadline=None), why=why)


def still_busy(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """It will not have finished when its deadline comes, or has not finished since."""
    left = f"{requests(stimulus.count)} still open"
    return Reaction(node=replace(node, unfinished=stimulus.count), why=left)


def stop_harder(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """The stop signal was not enough; or there is no process yet, and whatever still comes up is ended as an orphan."""
    if node.launch is None:
        return ended(node, stimulus, context)
    waiting = replace(node, deadline=None)
    why = f"ignored SIG{stop_signal(node, context)} for {context.spec.gateway.stop_timeout:g} s: killed"
    return Reaction(node=waiting, effects=signals(waiting, "KILL", group=True), why=why)


def _spared(node: Node, reason: Reason, paused: Paused) -> Reaction:
    """What would be killed now, were the fleet not paused."""
    text = f"{reason.text}; not killed: {paused.who}"
    return Reaction(node=replace(node, reason=replace(reason, text=text), hung=True), why=text)


def _runs(node: Node) -> Node:
    """It answers: whatever had stopped it does so no more."""
    if not node.hung:
        return node
    return replace(node, hung=False, frozen="", excused="" if node.frozen else node.excused)
