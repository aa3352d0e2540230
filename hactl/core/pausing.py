"""The pause: when it begins and ends, and what follows from its end.

Not what it prevents: the rules of each process say that themselves (`news`, `restarts`).

What waits for the end of a pause can be read off the processes alone, so that it is released whichever way the pause
ended: by an order, by time, or under another daemon.
"""

from hactl.core.causes import Cause, Stimulus
from hactl.core.commands import Pause, Request, Unpause
from hactl.core.draft import Draft
from hactl.core.events import FleetPaused, FleetUnpaused
from hactl.core.model import Fleet, Now, Paused
from hactl.core.node import Health, Node, NodeState, ReasonCode
from hactl.core.value import replace

_DEAD = (NodeState.BACKOFF, NodeState.FAILED)
_IN_USE = (NodeState.STANDBY, NodeState.SERVING, NodeState.DRAINING)


def held(node: Node) -> bool:
    """True when something is due about this process that is left undone while the fleet is paused."""
    if node.state in _DEAD:
        return node.deadline is None
    if node.state is NodeState.STARTING:
        return node.hung and node.deadline is None
    return node.state in _IN_USE and node.hung and node.health is Health.UNHEALTHY


def kept_down(node: Node) -> bool:
    """True for a process that an operator has killed in a paused fleet: whatever it was to run with, it did not die of
    that, and it is not to be back before the pause is over."""
    return held(node) and node.launch is None and node.reason is not None and node.reason.code is ReasonCode.KILLED


def obey(draft: Draft, request: Request) -> None:
    """Pause the fleet, let a pause that is in force end at another time, for another reason, or end it."""
    match request.command:
        case Pause():
            _begin(draft, request.command, by=request.by, reason=request.reason)
        case Unpause():
            draft.emit(FleetUnpaused(why=f"unpaused by {request.by or 'an operator'}"))
        case _:
            raise AssertionError("checked before")


def _begin(draft: Draft, order: Pause, *, by: str, reason: str) -> None:
    before, now = draft.fleet.paused, draft.now
    paused = Paused(
        by=by,
        reason=reason,
        since=now.wall if before is None else before.since,
        until=None if order.seconds is None else now.wall + order.seconds,
        ends=None if order.seconds is None else now.mono + order.seconds,
    )
    draft.emit(FleetPaused(paused=paused))


def rearmed(paused: Paused, now: Now) -> Paused:
    """The same pause in another boot, whose monotonic clock knows nothing of the one before."""
    if paused.until is None:
        return paused
    return replace(paused, ends=now.mono + max(0.0, paused.until - now.wall))


def follow(draft: Draft) -> None:
    """End a pause whose time has come, and release whatever waits without one."""
    paused = draft.fleet.paused
    if paused is not None:
        if paused.ends is None or paused.ends > draft.now.mono:
            return
        draft.emit(FleetUnpaused(why="the pause has expired"))
    for name in waiting(draft.fleet):
        draft.stimulate(name, Stimulus(cause=Cause.RELEASED, why="hung while the fleet was paused"))


def waiting(fleet: Fleet) -> tuple[str, ...]:
    """Those about whom something is left undone."""
    return tuple(node.name for node in fleet.nodes.values() if held(node))
