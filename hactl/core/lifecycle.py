"""One process: the table of states and causes, the backoff, the restart budget, the crash loop.

Not fleet-wide rules: who may be taken out, what the edges are told and how operations proceed stand elsewhere.

    TABLE[state][cause] is one of
        a rule      a function that returns the Reaction
        LATE        an observation that no longer fits: dropped, no error
        a Refusal   a command that does not fit: CommandRejected, with a hint

`Kill` changes no state: it sends a signal, and the *exit* changes the state. Every deadline is named; a wake-up that
was set for another one is late news. An exit that an operator ordered is never charged to the restart budget.
"""

from collections.abc import Callable
from enum import StrEnum

from hactl.core.effects import BeginDrain, Effect, EndDrain, SendSignal, Spawn
from hactl.core.errors import CommandRejected
from hactl.core.jitter import fraction
from hactl.core.model import (
    Deadline,
    DeadlineKind,
    Goal,
    Health,
    Launch,
    Node,
    NodeState,
    Now,
    Reason,
    ReasonCode,
    Role,
)
from hactl.core.spec import FleetSpec
from hactl.core.value import Value, replace

S = NodeState
IMMEDIATE_AFTER = 60.0
"""Seconds of life after which a first exit is answered at once and the backoff starts over."""


class Cause(StrEnum):
    """Everything that can happen to one process: five orders, then what the world reports."""

    START = "start"
    STOP = "stop"
    DRAIN = "drain"
    RESUME = "resume"
    KILL = "kill"
    SPAWNED = "spawned"
    SPAWN_FAILED = "spawn-failed"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    HUNG = "hung"
    EXITED = "exited"
    IDLE = "idle"
    WOKE = "woke"


class Stimulus(Value):
    """A cause with its particulars."""

    cause: Cause
    by: str = ""
    launch: Launch | None = None
    why: str = ""
    code: ReasonCode = ReasonCode.EXITED
    """What an exit is called when nobody ordered it."""
    woke: DeadlineKind | None = None
    port: int = 0


class Context(Value):
    """What a rule may look at besides the process itself."""

    now: Now
    spec: FleetSpec
    fleet_id: str
    closing: bool = False


class Reaction(Value):
    """What becomes of the process, and what to do."""

    node: Node
    effects: tuple[Effect, ...] = ()
    why: str = ""


class Refusal(Value):
    """Why a command does not fit a state; `{name}` is filled in."""

    message: str
    hint: str = ""


class _Late(Value):
    pass


LATE = _Late()
Rule = Callable[[Node, Stimulus, Context], Reaction]
Cell = Rule | Refusal | _Late


def react(node: Node, stimulus: Stimulus, context: Context) -> Reaction | None:
    """What `stimulus` does to `node`; None when it is late news. Raises CommandRejected when an order does not fit."""
    cell = TABLE[node.state][stimulus.cause]
    if isinstance(cell, _Late):
        return None
    if isinstance(cell, Refusal):
        raise CommandRejected(cell.message.format(name=node.name), cell.hint.format(name=node.name))
    if stimulus.cause is Cause.WOKE and (node.deadline is None or node.deadline.kind is not stimulus.woke):
        return None
    return cell(node, stimulus, context)


def instance_of(node: Node, fleet_id: str) -> str:
    """The instance id of the process this node has, or is about to have."""
    return node.launch.instance if node.launch else f"{fleet_id}/{node.name}/{node.launches}"


def spawn(node: Node, context: Context, why: str, reason: Reason | None = None) -> Reaction:
    """Put `node` into STARTING with a new launch number."""
    started = replace(
        node,
        state=S.STARTING,
        health=Health.UNKNOWN,
        reason=reason or node.reason or Reason(code=ReasonCode.NEW, text="starting for the first time"),
        since=context.now.wall,
        idle=False,
        launch=None,
        launches=node.launches + 1,
        deadline=_deadline(DeadlineKind.READY, context.spec.gateway.start_timeout, context),
        excused="",
    )
    return Reaction(
        node=started, effects=(Spawn(node=started, instance=instance_of(started, context.fleet_id)),), why=why
    )


def backoff_delay(node: Node, ran: float, context: Context) -> float:
    """Seconds until the next start: at once after a long or a first good run, else capped exponential, full jitter."""
    policy = context.spec.restart
    first = not node.exits and node.state in (S.SERVING, S.STANDBY, S.DRAINING)
    if ran >= IMMEDIATE_AFTER or first:
        return policy.initial or 0.0
    if policy.initial is not None and node.attempt == 0:
        return policy.initial
    ceiling = min(policy.max, policy.base * 2.0 ** min(node.attempt, 16))
    return ceiling * fraction(context.fleet_id, node.name, str(node.launches))


def _deadline(kind: DeadlineKind, seconds: float, context: Context) -> Deadline:
    return Deadline(kind=kind, at=context.now.mono + seconds)


def _wanted(node: Node, context: Context) -> bool:
    return node.goal is Goal.UP and not context.closing


def _goal(node: Node, context: Context) -> Goal:
    """A fleet that goes down keeps its goals: they say what to start next time."""
    return node.goal if context.closing else Goal.DOWN


def _ordered(by: str, what: str) -> Reason:
    return Reason(code=ReasonCode.OPERATOR, text=f"{what} by {by}" if by else what, by=by)


def _start(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    fresh = replace(node, goal=Goal.UP, attempt=0, exits=())
    return spawn(fresh, context, "started", _ordered(stimulus.by, "started"))


def _start_while_stopping(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    return Reaction(node=replace(node, goal=Goal.UP), why="starts again when it has stopped")


def _start_while_draining(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    if node.goal is Goal.UP and node.drained:
        raise CommandRejected(f"'{node.name}' is already up, but drained", f"hactl resume {node.name}")
    kept = replace(node, goal=Goal.UP)
    return _drain_over(kept, context) if not node.drained else Reaction(node=kept, why="stays up, drained")


def _stop_now(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    reason = node.reason if node.reason and node.reason.code is ReasonCode.OPERATOR else None
    stopping = replace(
        node,
        state=S.STOPPING,
        goal=_goal(node, context) if stimulus.cause is Cause.STOP else node.goal,
        reason=reason or _ordered(stimulus.by, "stopped"),
        since=context.now.wall,
        deadline=_deadline(DeadlineKind.STOP, context.spec.gateway.stop_timeout, context),
    )
    return Reaction(node=stopping, effects=_signals(stopping, _stop_signal(node, context)), why="asked to stop")


def _stop_signal(node: Node, context: Context) -> str:
    return context.spec.gateway.stop_signal if node.role is Role.GATEWAY else "TERM"


def _signals(node: Node, signal: str, *, group: bool = False) -> tuple[Effect, ...]:
    if node.launch is None:
        return ()
    return (SendSignal(launch=node.launch, node=node.name, signal=signal, group=group),)


def _stop_by_draining(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    return _drain_with(replace(node, goal=_goal(node, context)), _ordered(stimulus.by, "stopped"), context)


def _drain(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    return _drain_with(replace(node, drained=True), _ordered(stimulus.by, "drained"), context)


def _drain_with(node: Node, reason: Reason, context: Context) -> Reaction:
    draining = replace(
        node,
        state=S.DRAINING,
        reason=reason,
        since=context.now.wall,
        idle=False,
        deadline=_deadline(DeadlineKind.DRAIN, context.spec.gateway.stop_timeout, context),
    )
    return Reaction(node=draining, effects=(BeginDrain(node=draining),), why="draining")


def _stop_while_draining(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    if not _wanted(node, context) and not context.closing:
        raise CommandRejected(f"'{node.name}' is already being stopped", f"hactl wait {node.name} --for stopped")
    leaving = replace(node, goal=_goal(node, context))
    if node.idle:
        return _stop_now(leaving, stimulus, context)
    return Reaction(node=replace(leaving, reason=_ordered(stimulus.by, "stopped")), why="stops when it is idle")


def _mark_drained(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    if node.drained:
        raise CommandRejected(f"'{node.name}' is already drained", f"hactl resume {node.name}")
    return Reaction(node=replace(node, drained=True), why="will not take traffic when it is ready")


def _unmark_drained(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    if not node.drained:
        raise CommandRejected(f"'{node.name}' is not drained", "hactl status")
    return Reaction(node=replace(node, drained=False), why="takes traffic again when it is ready")


def _drain_while_draining(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    if not _wanted(node, context):
        raise CommandRejected(f"'{node.name}' is being stopped", f"hactl start {node.name}")
    raise CommandRejected(f"'{node.name}' is already drained", f"hactl resume {node.name}")


def _resume(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    return _drain_over(replace(node, drained=False, goal=Goal.UP), context)


def _drain_over(node: Node, context: Context) -> Reaction:
    unwell = node.health is not Health.HEALTHY
    reason = Reason(code=ReasonCode.PROBE_FAILED, text="not healthy yet") if unwell else None
    back = replace(node, state=S.SERVING, reason=reason, since=context.now.wall, idle=False, deadline=None)
    return Reaction(node=back, effects=(EndDrain(node=back),), why="back in rotation")


def _kill(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    if node.launch is None:
        raise CommandRejected(f"'{node.name}' has no process yet", "try again in a moment")
    excused = replace(node, excused=stimulus.by or "operator")
    return Reaction(node=excused, effects=_signals(excused, "KILL"), why=f"killed by {stimulus.by}")


def _spawned(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    return Reaction(node=replace(node, launch=stimulus.launch), why="process started")


def _spawned_too_late(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    launched = replace(node, launch=stimulus.launch)
    return Reaction(
        node=launched, effects=_signals(launched, _stop_signal(node, context)), why="started while being stopped"
    )


def _spawn_failed(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    moved = replace(node, port=stimulus.port) if stimulus.port else node
    reason = Reason(code=ReasonCode.START_FAILED, text=stimulus.why)
    return _charge(moved, reason, context)


def _not_spawned(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    return _ended(node, stimulus, context)


def _ready(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    if node.drained:
        ready = replace(node, health=Health.HEALTHY)
        return _drain_with(ready, node.reason or _ordered("", "drained"), context)
    serving = replace(node, state=S.SERVING, health=Health.HEALTHY, reason=None, since=context.now.wall, deadline=None)
    return Reaction(node=serving, why="ready")


def _well(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    reason = node.reason if node.state is S.DRAINING else None
    if node.health is Health.HEALTHY and node.reason == reason:
        return Reaction(node=node)
    return Reaction(
        node=replace(node, health=Health.HEALTHY, reason=reason, since=context.now.wall), why="healthy again"
    )


def _unwell(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    if node.health is Health.UNHEALTHY:
        return Reaction(node=node)
    reason = Reason(code=ReasonCode.PROBE_FAILED, text=stimulus.why)
    if node.state is S.DRAINING and node.reason:
        reason = node.reason
    return Reaction(
        node=replace(node, health=Health.UNHEALTHY, reason=reason, since=context.now.wall), why=stimulus.why
    )


def _hung(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """A hang is turned into a crash: its connections reset and the edges send its requests elsewhere."""
    reason = Reason(code=ReasonCode.HUNG, text=stimulus.why)
    hung = replace(node, health=Health.UNHEALTHY, reason=reason, since=context.now.wall)
    return Reaction(node=hung, effects=_signals(hung, "KILL"), why=stimulus.why)


def _exited(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    if not _wanted(node, context):
        return _ended(node, stimulus, context)
    if node.excused:
        reason = Reason(code=ReasonCode.KILLED, text=f"killed by {node.excused}", by=node.excused)
        return spawn(replace(node, restarts=node.restarts + 1), context, reason.text, reason)
    return _charge(node, _our_doing(node) or Reason(code=stimulus.code, text=stimulus.why), context)


def _our_doing(node: Node) -> Reason | None:
    """Why we killed it ourselves, when we did: more telling than "killed by SIGKILL"."""
    hung = node.reason is not None and node.reason.code is ReasonCode.HUNG and node.health is Health.UNHEALTHY
    late = node.reason is not None and node.reason.code is ReasonCode.START_TIMEOUT and node.deadline is None
    return node.reason if hung or (late and node.state is S.STARTING) else None


def _charge(node: Node, reason: Reason, context: Context) -> Reaction:
    now, policy = context.now, context.spec.restart
    ran = now.mono - node.launch.at if node.launch else 0.0
    recent = tuple(at for at in node.exits if at > now.mono - policy.window)
    node = replace(node, exits=recent)
    delay = backoff_delay(node, ran, context)
    charged = replace(
        node,
        health=Health.UNKNOWN,
        reason=reason,
        since=now.wall,
        launch=None,
        idle=False,
        excused="",
        attempt=1 if ran >= IMMEDIATE_AFTER else node.attempt + 1,
        exits=(*recent, now.mono),
        restarts=node.restarts + 1,
    )
    if len(charged.exits) > policy.budget:
        return _give_up(charged, reason, context)
    if delay <= 0.0:
        return spawn(charged, context, reason.text, reason)
    waiting = replace(charged, state=S.BACKOFF, deadline=_deadline(DeadlineKind.BACKOFF, delay, context))
    return Reaction(node=waiting, why=f"{reason.text}; next start in {delay * 1000:.0f} ms")


def _give_up(node: Node, reason: Reason, context: Context) -> Reaction:
    policy = context.spec.restart
    text = f"{len(node.exits)} exits within {policy.window:.0f} s, the last: {reason.text}"
    failed = replace(
        node,
        state=S.FAILED,
        reason=Reason(code=ReasonCode.CRASH_LOOP, text=text),
        deadline=_deadline(DeadlineKind.RETRY, policy.window, context),
    )
    return Reaction(node=failed, why=text)


def _ended(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    """Stopped as ordered; or, when a start was ordered meanwhile, up again."""
    if node.state is S.STOPPING and _wanted(node, context):
        return spawn(node, context, "started again", node.reason)
    stopped = replace(
        node,
        state=S.STOPPED,
        health=Health.UNKNOWN,
        reason=node.reason or _ordered("", "stopped"),
        since=context.now.wall,
        launch=None,
        idle=False,
        deadline=None,
        excused="",
    )
    return Reaction(node=stopped, why="stopped")


def _idle(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    if not _wanted(node, context):
        return _stop_now(node, stimulus, context)
    return Reaction(
        node=replace(node, idle=True, deadline=None),
        why="idle" if stimulus.cause is Cause.IDLE else "drain deadline passed",
    )


def _not_ready(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    text = f"not ready after {context.spec.gateway.start_timeout:g} s"
    if stimulus.why:
        text = f"{text}: {stimulus.why}"
    late = replace(node, reason=Reason(code=ReasonCode.START_TIMEOUT, text=text), deadline=None)
    if node.launch is None:
        return _charge(late, Reason(code=ReasonCode.START_TIMEOUT, text=text), context)
    return Reaction(node=late, effects=_signals(late, "KILL", group=True), why=text)


def _stop_harder(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    waiting = replace(node, deadline=None)
    return Reaction(node=waiting, effects=_signals(waiting, "KILL", group=True), why="did not stop in time")


def _start_from_backoff(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    return spawn(node, context, "starting again", node.reason)


def _cancel_start(node: Node, stimulus: Stimulus, context: Context) -> Reaction:
    stopped = replace(
        node,
        state=S.STOPPED,
        goal=_goal(node, context),
        reason=_ordered(stimulus.by, "stopped"),
        since=context.now.wall,
        deadline=None,
    )
    return Reaction(node=stopped, why="stopped")


_NOT_RUNNING = Refusal(message="'{name}' is not running", hint="hactl start {name}")
_STOPPING = Refusal(message="'{name}' is being stopped", hint="hactl start {name}")
_NOT_DRAINED = Refusal(message="'{name}' is not drained", hint="hactl status")

_ORDERS: dict[NodeState, dict[Cause, Cell]] = {
    S.STOPPED: {
        Cause.START: _start,
        Cause.STOP: Refusal(message="'{name}' is already stopped", hint="hactl start {name}"),
        Cause.DRAIN: _NOT_RUNNING,
        Cause.RESUME: _unmark_drained,
        Cause.KILL: _NOT_RUNNING,
    },
    S.STARTING: {
        Cause.START: Refusal(message="'{name}' is already starting", hint="hactl wait {name}"),
        Cause.STOP: _stop_now,
        Cause.DRAIN: _mark_drained,
        Cause.RESUME: _unmark_drained,
        Cause.KILL: _kill,
    },
    S.STANDBY: {
        Cause.START: Refusal(message="'{name}' is already up, as a spare", hint="hactl status"),
        Cause.STOP: _stop_now,
        Cause.DRAIN: _mark_drained,
        Cause.RESUME: _unmark_drained,
        Cause.KILL: _kill,
    },
    S.SERVING: {
        Cause.START: Refusal(message="'{name}' is already serving", hint="hactl restart {name}"),
        Cause.STOP: _stop_by_draining,
        Cause.DRAIN: _drain,
        Cause.RESUME: _NOT_DRAINED,
        Cause.KILL: _kill,
    },
    S.DRAINING: {
        Cause.START: _start_while_draining,
        Cause.STOP: _stop_while_draining,
        Cause.DRAIN: _drain_while_draining,
        Cause.RESUME: _resume,
        Cause.KILL: _kill,
    },
    S.STOPPING: {
        Cause.START: _start_while_stopping,
        Cause.STOP: Refusal(message="'{name}' is already being stopped", hint="hactl wait {name} --for stopped"),
        Cause.DRAIN: _STOPPING,
        Cause.RESUME: _STOPPING,
        Cause.KILL: _kill,
    },
    S.BACKOFF: {
        Cause.START: _start,
        Cause.STOP: _cancel_start,
        Cause.DRAIN: _mark_drained,
        Cause.RESUME: _unmark_drained,
        Cause.KILL: Refusal(message="'{name}' is not running: it waits for its next start", hint="hactl start {name}"),
    },
    S.FAILED: {
        Cause.START: _start,
        Cause.STOP: _cancel_start,
        Cause.DRAIN: _mark_drained,
        Cause.RESUME: _unmark_drained,
        Cause.KILL: Refusal(message="'{name}' is not running: it died too often", hint="hactl logs {name}"),
    },
}

_NEWS: dict[NodeState, dict[Cause, Cell]] = {
    S.STOPPED: {},
    S.STARTING: {
        Cause.SPAWNED: _spawned,
        Cause.SPAWN_FAILED: _spawn_failed,
        Cause.HEALTHY: _ready,
        Cause.EXITED: _exited,
        Cause.WOKE: _not_ready,
    },
    S.STANDBY: {
        Cause.HEALTHY: _well,
        Cause.UNHEALTHY: _unwell,
        Cause.HUNG: _hung,
        Cause.EXITED: _exited,
    },
    S.SERVING: {
        Cause.HEALTHY: _well,
        Cause.UNHEALTHY: _unwell,
        Cause.HUNG: _hung,
        Cause.EXITED: _exited,
    },
    S.DRAINING: {
        Cause.HEALTHY: _well,
        Cause.UNHEALTHY: _unwell,
        Cause.HUNG: _hung,
        Cause.EXITED: _exited,
        Cause.IDLE: _idle,
        Cause.WOKE: _idle,
    },
    S.STOPPING: {
        Cause.SPAWNED: _spawned_too_late,
        Cause.SPAWN_FAILED: _not_spawned,
        Cause.EXITED: _ended,
        Cause.WOKE: _stop_harder,
    },
    S.BACKOFF: {Cause.WOKE: _start_from_backoff},
    S.FAILED: {Cause.WOKE: _start_from_backoff},
}

TABLE: dict[NodeState, dict[Cause, Cell]] = {
    state: {cause: _ORDERS[state].get(cause) or _NEWS[state].get(cause) or LATE for cause in Cause}
    for state in NodeState
}
"""Every state x cause, every cell filled: an order has a rule or a refusal, news has a rule or is late."""
