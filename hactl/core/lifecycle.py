"""One process: the table of states and causes. Every cell is filled; what a cell does stands in the rules' own modules.

Not fleet-wide rules: who may be taken out, what the edges are told and how operations proceed stand elsewhere.

    TABLE[state][cause] is one of
        a rule      a function that returns the Reaction (`orders`, `news`, `restarts`)
        LATE        an observation that no longer fits: dropped, no error
        a Refusal   a command that does not fit: CommandRejected, with a hint

`Kill` changes no state: it sends a signal, and the *exit* changes the state. Every deadline is named; a wake-up that
was set for another one, or that comes too early for the one in force, is late news. An exit that an operator ordered
is never charged to the restart budget. In a paused fleet orders are carried out as ever, and what the daemon would do
on its own (restart, kill what hangs or does not get ready) is left undone until RELEASED.
"""

from hactl.core import news, orders, restarts
from hactl.core.causes import LATE, Cause, Cell, Context, Late, Reaction, Refusal, Stimulus
from hactl.core.errors import CommandRejected
from hactl.core.node import Node, NodeState

S = NodeState


def react(node: Node, stimulus: Stimulus, context: Context) -> Reaction | None:
    """What `stimulus` does to `node`; None when it is late news. Raises CommandRejected when an order does not fit."""
    cell = TABLE[node.state][stimulus.cause]
    if isinstance(cell, Late):
        return None
    if isinstance(cell, Refusal):
        raise CommandRejected(cell.message.format(name=node.name), cell.hint.format(name=node.name))
    if stimulus.cause is Cause.WOKE and not _due(node, stimulus, context):
        return None
    return cell(node, stimulus, context)


def _due(node: Node, stimulus: Stimulus, context: Context) -> bool:
    """True when the deadline in force is the one this wake-up was set for."""
    deadline = node.deadline
    return deadline is not None and deadline.kind is stimulus.woke and deadline.at <= context.now.mono


_NOT_RUNNING = Refusal(message="'{name}' is not running", hint="hactl start {name}")
_WAITS = Refusal(message="'{name}' is not running: it is waiting to be restarted", hint="hactl start {name}")
_HAS_FAILED = Refusal(message="'{name}' is not running: it crashed too often", hint="hactl logs {name}")
_STOPPING = Refusal(message="'{name}' is being stopped", hint="hactl start {name}")
_NOT_DRAINED = Refusal(message="'{name}' is not drained", hint="hactl status")

_ORDERS: dict[NodeState, dict[Cause, Cell]] = {
    S.STOPPED: {
        Cause.START: orders.start,
        Cause.STOP: Refusal(message="'{name}' is already stopped", hint="hactl start {name}"),
        Cause.DRAIN: _NOT_RUNNING,
        Cause.RESUME: orders.unmark_drained,
        Cause.KILL: _NOT_RUNNING,
        Cause.FREEZE: _NOT_RUNNING,
        Cause.THAW: _NOT_RUNNING,
    },
    S.STARTING: {
        Cause.START: Refusal(message="'{name}' is already starting", hint="hactl wait {name}"),
        Cause.STOP: orders.stop_now,
        Cause.DRAIN: orders.mark_drained,
        Cause.RESUME: orders.unmark_drained,
        Cause.KILL: orders.kill,
        Cause.FREEZE: orders.freeze,
        Cause.THAW: orders.thaw,
    },
    S.STANDBY: {
        Cause.START: Refusal(message="'{name}' is already up, as a spare", hint="hactl status"),
        Cause.STOP: orders.stop_now,
        Cause.DRAIN: orders.mark_drained,
        Cause.RESUME: orders.unmark_drained,
        Cause.KILL: orders.kill,
        Cause.FREEZE: orders.freeze,
        Cause.THAW: orders.thaw,
    },
    S.SERVING: {
        Cause.START: Refusal(message="'{name}' is already serving", hint="hactl restart {name}"),
        Cause.STOP: orders.stop_by_draining,
        Cause.DRAIN: orders.drain,
        Cause.RESUME: _NOT_DRAINED,
        Cause.KILL: orders.kill,
        Cause.FREEZE: orders.freeze,
        Cause.THAW: orders.thaw,
    },
    S.DRAINING: {
        Cause.START: orders.start_while_draining,
        Cause.STOP: orders.stop_while_draining,
        Cause.DRAIN: orders.drain_while_draining,
        Cause.RESUME: orders.resume,
        Cause.KILL: orders.kill,
        Cause.FREEZE: orders.freeze,
        Cause.THAW: orders.thaw,
    },
    S.STOPPING: {
        Cause.START: orders.start_while_stopping,
        Cause.STOP: orders.stop_while_stopping,
        Cause.DRAIN: _STOPPING,
        Cause.RESUME: _STOPPING,
        Cause.KILL: orders.kill,
        Cause.FREEZE: orders.freeze,
        Cause.THAW: orders.thaw,
    },
    S.BACKOFF: {
        Cause.START: orders.start,
        Cause.STOP: orders.cancel_start,
        Cause.DRAIN: orders.mark_drained,
        Cause.RESUME: orders.unmark_drained,
        Cause.KILL: _WAITS,
        Cause.FREEZE: _WAITS,
        Cause.THAW: _WAITS,
    },
    S.FAILED: {
        Cause.START: orders.start,
        Cause.STOP: orders.cancel_start,
        Cause.DRAIN: orders.mark_drained,
        Cause.RESUME: orders.unmark_drained,
        Cause.KILL: _HAS_FAILED,
        Cause.FREEZE: _HAS_FAILED,
        Cause.THAW: _HAS_FAILED,
    },
}

_NEWS: dict[NodeState, dict[Cause, Cell]] = {
    S.STOPPED: {},
    S.STARTING: {
        Cause.SPAWNED: news.spawned,
        Cause.SPAWN_FAILED: restarts.spawn_failed,
        Cause.HEALTHY: news.ready,
        Cause.STALLED: news.stalled,
        Cause.EXITED: restarts.exited,
        Cause.WOKE: news.not_ready,
        Cause.RELEASED: news.released_start,
    },
    S.STANDBY: {
        Cause.HEALTHY: news.well,
        Cause.UNHEALTHY: news.unwell,
        Cause.HUNG: news.mute,
        Cause.EXITED: restarts.exited,
        Cause.RELEASED: news.released,
    },
    S.SERVING: {
        Cause.HEALTHY: news.well,
        Cause.UNHEALTHY: news.unwell,
        Cause.HUNG: news.mute,
        Cause.EXITED: restarts.exited,
        Cause.RELEASED: news.released,
    },
    S.DRAINING: {
        Cause.HEALTHY: news.well,
        Cause.UNHEALTHY: news.unwell,
        Cause.HUNG: news.mute,
        Cause.EXITED: restarts.exited,
        Cause.IDLE: news.idle,
        Cause.WOKE: news.idle,
        Cause.RELEASED: news.released,
        Cause.BUSY: news.still_busy,
    },
    S.STOPPING: {
        Cause.SPAWNED: news.spawned_too_late,
        Cause.SPAWN_FAILED: restarts.ended,
        Cause.EXITED: restarts.ended,
        Cause.WOKE: news.stop_harder,
    },
    S.BACKOFF: {Cause.WOKE: restarts.start_again, Cause.RELEASED: restarts.released},
    S.FAILED: {Cause.WOKE: restarts.try_slowly, Cause.RELEASED: restarts.released},
}

TABLE: dict[NodeState, dict[Cause, Cell]] = {
    state: {cause: _ORDERS[state].get(cause) or _NEWS[state].get(cause) or LATE for cause in Cause}
    for state in NodeState
}
"""Every state x cause, every cell filled: an order has a rule or a refusal, news has a rule or is late."""
