"""What the world's news (spawned, healthy, hung, idle, deadlines) do to one process, state by state. Pure rules.

Exits and failed starts are answered in `restarts`. News that no longer fits a state is no error: the table says LATE.
"""

from hactl.core.causes import Cause, Context, Reaction, Stimulus, deadline_in, ordered, signals, stop_signal, wanted
from hactl.core.model import DeadlineKind, Health, Node, NodeState, Reason, ReasonCode, Role
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
    if node.drained:
        return drain_with(replace(node, health=Health.HEALTHY), ordered("", "drained"), context)
    if node.role is Role.GATEWAY and context.spec.spares(node.region):
        # who steps in is decided for the region as a whole, in the same step
        reason = Reason(code=ReasonCode.SPARE, text="stands by")
        spare = replace(node, state=NodeState.STANDBY, health=Health.HEALTHY, reason=reason, since=context.now.wall)
        return Reaction(node=replace(spare, deadline=None), why="ready, stands by")
    serving = replace(
        node, state=NodeState.SERVING, health=Health.HEALTHY, reason=None, since=context.now.wall, deadline=None
    )
    return Reaction(node=serving, why="ready")


def not_ready(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """The start deadline has passed: the process is killed, and its exit charged."""
    reason = Reason(code=ReasonCode.START_TIMEOUT, text=f"not ready after {context.spec.gateway.start_timeout:g} s")
    late = replace(node, reason=reason, deadline=None)
    if node.launch is None:
        return charge(late, reason, context)
    return Reaction(node=late, effects=signals(late, "KILL", group=True), why=reason.text)


def well(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Probes succeed again."""
    reason = node.reason if node.state is NodeState.DRAINING else None
    if node.state is NodeState.STANDBY:
        reason = Reason(code=ReasonCode.SPARE, text="stands by")
    if node.health is Health.HEALTHY and node.reason == reason:
        return Reaction(node=node)
    better = replace(node, health=Health.HEALTHY, reason=reason, since=context.now.wall, hung=False)
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
    """A hang is turned into a crash: its connections reset and the edges send its requests elsewhere."""
    reason = Reason(code=ReasonCode.HUNG, text=stimulus.why)
    hung = replace(node, health=Health.UNHEALTHY, reason=reason, since=context.now.wall)
    return Reaction(node=hung, effects=signals(hung, "KILL"), why=stimulus.why)


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
    return Reaction(node=waiting, effects=signals(waiting, "KILL", group=True), why="did not stop in time")
