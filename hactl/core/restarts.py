"""How a process comes back: the launch, the backoff with jitter, the restart budget, the crash loop. Pure rules.

An exit that an operator ordered is never charged. Every other exit is, and so is every failed start: to one budget.
When it is spent the process has FAILED: it gets one slow attempt per window until it holds or an operator steps in.
In a paused fleet nothing is restarted: a process waits without a deadline, and is started when the pause ends.
"""

from hactl.core.causes import Context, Reaction, Stimulus, deadline_in, instance_of, ordered, wanted
from hactl.core.effects import Spawn
from hactl.core.jitter import fraction
from hactl.core.model import Paused
from hactl.core.node import DeadlineKind, Goal, Health, Node, NodeState, Reason, ReasonCode, Role
from hactl.core.spec import FleetSpec
from hactl.core.value import replace

IMMEDIATE_AFTER = 60.0
"""Seconds of life after which an exit is answered at once and the backoff starts over."""
ONCE_READY = (NodeState.SERVING, NodeState.STANDBY, NodeState.DRAINING)
"""States of a process that had become ready."""


def placed(node: Node, spec: FleetSpec) -> Node:
    """`node` where `spec` has it; the port of a gateway node is its own."""
    if node.role is Role.EDGE:
        return replace(node, address=spec.edge.host, port=spec.edge.port)
    return replace(node, address=next((one.bind for one in spec.regions if one.name == node.region), node.address))


def without_process(node: Node) -> Node:
    """`node` with nothing left of what was true of its process alone; the next one begins without any of it."""
    return replace(
        node,
        health=Health.UNKNOWN,
        launch=None,
        idle=False,
        excused="",
        frozen="",
        unready="",
        stays_down=False,
        hung=False,
        impaired=None,
    )


def spawn(node: Node, context: Context, why: str, reason: Reason | None = None) -> Reaction:
    """Put `node` into STARTING with a new launch number, where the configuration it starts with has it."""
    started = replace(
        without_process(placed(node, context.spec)),
        state=NodeState.STARTING,
        reason=reason or node.reason or Reason(code=ReasonCode.NEW, text="starting for the first time"),
        since=context.now.wall,
        unfinished=0,
        launches=node.launches + 1,
        deadline=deadline_in(DeadlineKind.READY, context.spec.gateway.start_timeout, context),
    )
    effect = Spawn(node=started, instance=instance_of(started, context.fleet_id))
    return Reaction(node=started, effects=(effect,), why=why)


def backoff_delay(node: Node, ran: float, context: Context) -> float:
    """Seconds until the next start: at once after a long or a first good run, else capped exponential, full jitter.

    `node` is as it was when its process ended after `ran` seconds, its `exits` those that still count.
    """
    policy = context.spec.restart
    first = not node.exits and node.state in ONCE_READY
    if ran >= IMMEDIATE_AFTER or first:
        return policy.initial or 0.0
    if policy.initial is not None and node.attempt == 0:
        return policy.initial
    ceiling = min(policy.max, policy.base * 2.0 ** min(node.attempt, 16))
    return ceiling * fraction(context.fleet_id, node.name, str(node.launches))


def exited(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """A process ended: as ordered, by an operator's kill, or on its own."""
    if not wanted(node, context):
        return ended(node, stimulus, context)
    if node.stays_down:
        return ended(replace(node, goal=Goal.DOWN, reason=_killed(node)), stimulus, context)
    if node.excused:
        reason = _killed(node)
        again = replace(node, restarts=node.restarts + 1)
        if context.paused is not None:
            return _hold(again, reason, context, context.paused)
        return spawn(again, context, reason.text, reason)
    return charge(node, end_of(node) or Reason(code=stimulus.code, text=stimulus.why), context)


def _killed(node: Node) -> Reason:
    text = f"frozen by {node.frozen}" if node.frozen else f"killed by {node.excused}"
    return Reason(code=ReasonCode.KILLED, text=text, by=node.excused)


def ended(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Stopped as ordered; or, when a start was ordered meanwhile, up again."""
    if node.state is NodeState.STOPPING and wanted(node, context):
        return spawn(node, context, "started again", node.reason)
    stopped = replace(
        without_process(node),
        state=NodeState.STOPPED,
        reason=node.reason or ordered("", "stopped"),
        since=context.now.wall,
        deadline=None,
    )
    return Reaction(node=stopped, why="stopped")


def spawn_failed(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """No process could be started: costs as much as an exit, and may move the node to a free port."""
    moved = replace(node, port=stimulus.port) if stimulus.port else node
    return charge(moved, Reason(code=ReasonCode.START_FAILED, text=stimulus.why), context)


def start_again(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """The backoff is over."""
    if context.paused is not None:
        return _keep_waiting(node, context.paused)
    return spawn(node, context, "starting again", node.reason)


def try_slowly(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """The one try per window of a crash loop. Its budget stays spent: another exit within a window fails it again."""
    if context.paused is not None:
        return _keep_waiting(node, context.paused)
    spent = replace(node, exits=(context.now.mono,) * context.spec.restart.budget)
    return spawn(spent, context, "one more try", node.reason)


def released(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """The pause is over: what has waited for that alone starts at once; a backoff that has not passed goes on."""
    if node.deadline is not None:
        return Reaction(node=node)
    known = node.reason or Reason(code=ReasonCode.EXITED)
    waited = replace(node, reason=replace(known, text="waited for a pause to end"))
    if node.state is NodeState.FAILED:
        return try_slowly(waited, stimulus, context)
    return spawn(waited, context, "the pause has ended", waited.reason)


def charge(node: Node, reason: Reason, context: Context) -> Reaction:
    """Count an exit nobody ordered, and say when the next start is due, if at all."""
    now, policy = context.now, context.spec.restart
    # Only a process that has been ready has proved anything: a start may well take longer than a minute to fail.
    ran = now.mono - node.launch.at if node.launch and node.state in ONCE_READY else 0.0
    recent = tuple(at for at in node.exits if at > now.mono - policy.window)
    node = replace(node, exits=recent)
    delay = backoff_delay(node, ran, context)
    charged = replace(
        without_process(node),
        reason=reason,
        since=now.wall,
        attempt=1 if ran >= IMMEDIATE_AFTER else node.attempt + 1,
        exits=(*recent, now.mono)[-policy.budget - 1 :],
        restarts=node.restarts + 1,
    )
    if context.paused is not None:
        return _hold(charged, reason, context, context.paused)
    if len(charged.exits) > policy.budget:
        return _give_up(charged, reason, context)
    if delay <= 0.0:
        return spawn(charged, context, reason.text, reason)
    waiting = replace(charged, state=NodeState.BACKOFF, deadline=deadline_in(DeadlineKind.BACKOFF, delay, context))
    again = f"{delay:.3g} s" if delay >= 1 else f"{delay * 1000:.0f} ms"
    return Reaction(node=waiting, why=f"{reason.text}; next start in {again}")


def end_of(node: Node) -> Reason | None:
    """Why we killed it ourselves, when we did: more telling than "killed by SIGKILL"."""
    if node.hung:
        return None
    hung = node.reason is not None and node.reason.code is ReasonCode.HUNG and node.health is Health.UNHEALTHY
    late = node.reason is not None and node.reason.code is ReasonCode.START_TIMEOUT and node.deadline is None
    return node.reason if hung or (late and node.state is NodeState.STARTING) else None


def _give_up(node: Node, reason: Reason, context: Context) -> Reaction:
    window = context.spec.restart.window
    text = f"keeps dying, most recently: {reason.text}; one attempt every {window:g} s"
    failed = replace(
        node,
        state=NodeState.FAILED,
        reason=Reason(code=ReasonCode.CRASH_LOOP, text=text),
        deadline=deadline_in(DeadlineKind.RETRY, window, context),
    )
    return Reaction(node=failed, why=text)


def _hold(node: Node, reason: Reason, context: Context, paused: Paused) -> Reaction:
    """A process has ended that would come back, were the fleet not paused."""
    text = f"{reason.text}; waits: {paused.who}"
    held = replace(
        without_process(node),
        state=NodeState.BACKOFF,
        reason=replace(reason, text=text),
        since=context.now.wall,
        deadline=None,
    )
    return Reaction(node=held, why=text)


def _keep_waiting(node: Node, paused: Paused) -> Reaction:
    """Its time has come, but the fleet is paused."""
    known = node.reason or Reason(code=ReasonCode.EXITED)
    text = f"{known.text}; waits: {paused.who}"
    return Reaction(node=replace(node, reason=replace(known, text=text), deadline=None), why=text)
