"""What is shown before a change: its targets, the load they carry, who would take it over, what would be left. Pure.

What the daemon said of a dry run comes first; what follows from the picture alone is worked out by the same functions.
"""

from collections.abc import Iterable

from hactl.core.commands import Drain, Failback, Failover, Freeze, Kill, Pause, Restart, Stop
from hactl.core.headroom import CapacityVerdict, Carrying, bereft, headroom, told
from hactl.core.load import measured
from hactl.core.model import Fleet, Sample
from hactl.core.node import Node, NodeState, Role
from hactl.core.plan import Share
from hactl.core.ramp import arrived
from hactl.core.reading import age
from hactl.core.talk import Receipt, Snapshot
from hactl.core.traffic import shares
from hactl.tui.actions import Action
from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Meaning

MOST = 4
"""Lines of a kind; what is more is counted."""
CHANGED = 0.005
"""A share that changes by less is the same for people."""
LABEL = 8
"""Cells of what a line is about."""


def consequences(snapshot: Snapshot, action: Action, receipt: Receipt) -> tuple[Line, ...]:
    """What `action` would come to, as `receipt` of a dry run and the picture say."""
    fleet = snapshot.fleet
    nodes = [fleet.nodes[target.node] for target in action.targets if target.node in fleet.nodes]
    lines = [_who(snapshot, node) for node in nodes[:MOST]]
    if len(nodes) > MOST:
        lines.append(_more(len(nodes) - MOST, "process", "es"))
    hit = list(fleet.in_region(action.command.region)) if isinstance(action.command, Failover | Failback) else nodes
    if hit:
        lines.append(_carries(snapshot, hit))
    if not action.mild:
        lines += _takers(shares(fleet), receipt.shares)
        lines += _left(receipt.carrying)
        lines += _after(snapshot, action, nodes)
    lines += _grace(fleet, action)
    steps = receipt.steps
    lines += [fact("steps" if at == 0 else "", step) for at, step in enumerate(steps[:MOST])]
    if len(steps) > MOST:
        lines.append(_more(len(steps) - MOST, "step", "s"))
    return tuple(lines)


def fact(label: str, *said: str | Span) -> Line:
    """A line that begins with what it is about."""
    return line(Span(text=f"{label:<{LABEL}}", meaning=Meaning.MUTED), *said)


def shifted(before: Iterable[Share], after: Iterable[Share]) -> list[tuple[str, float, float]]:
    """Whose share changes, from what to what; who changes most comes first."""
    now = {share.node: share.part for share in before}
    changed = [(share.node, now.get(share.node, 0.0), share.part) for share in after]
    return sorted(
        (each for each in changed if abs(each[2] - each[1]) > CHANGED), key=lambda each: -abs(each[2] - each[1])
    )


def _who(snapshot: Snapshot, node: Node) -> Line:
    pid = f"pid {node.launch.pid}" if node.launch is not None else "no process"
    up = f", up {age(snapshot.mono - node.launch.at)}" if node.launch is not None else ""
    return fact("who", f"{node.name}: {node.state}, {pid}{up}")


def _carries(snapshot: Snapshot, nodes: list[Node]) -> Line:
    names = {node.name for node in nodes if node.state is not NodeState.STANDBY}
    known = [sample for sample in snapshot.samples if sample.node in names and sample.requests is not None]
    if not known:
        return fact("carries", "nothing measured")
    return fact("carries", _part(known), f"{_requests(known):,.0f} requests/s, {_active(known)} in flight")


def _part(samples: list[Sample]) -> str:
    known = [sample.share for sample in samples if sample.share is not None]
    return f"{sum(known):.0%} of the traffic, " if known else ""


def _requests(samples: list[Sample]) -> float:
    return sum(sample.requests or 0.0 for sample in samples)


def _active(samples: list[Sample]) -> int:
    return sum(sample.active or 0 for sample in samples)


def _takers(before: tuple[Share, ...], after: tuple[Share, ...]) -> list[Line]:
    taking = [(name, was, part) for name, was, part in shifted(before, after) if part > was]
    if not taking:
        return []
    moves = ", ".join(f"{name} {was:.0%} → {part:.0%}" for name, was, part in taking[:MOST])
    more = f" and {len(taking) - MOST} more" if len(taking) > MOST else ""
    return [fact("then", f"{moves}{more}")]


def _left(left: Carrying | None) -> list[Line]:
    if left is None:
        return []
    tight = left.more and left.verdict is not CapacityVerdict.ROOM
    meaning = Meaning.DOWN if tight and left.verdict is CapacityVerdict.SHORT else Meaning.DEGRADED
    said = f"{left.verdict}: {left.sentence}" if tight else left.sentence
    room = f", {left.room:.0%} room left" if left.room is not None and left.room > 0 and not tight else ""
    return [fact("rest", Span(text=said + room, meaning=meaning if tight else Meaning.TEXT))]


def _after(snapshot: Snapshot, action: Action, nodes: list[Node]) -> list[Line]:
    """How much more could be lost while they are out, or once the traffic has moved."""
    lost = [node.name for node in nodes if node.role is Role.GATEWAY]
    if isinstance(action.command, Failover | Failback):
        without = arrived(snapshot.fleet, action.command)
    elif lost and isinstance(action.command, Kill | Freeze | Stop | Drain):
        without = bereft(snapshot.fleet, lost, NodeState.STOPPED)
    else:
        return []
    return [fact("after", told(headroom(without, measured(snapshot.fleet, snapshot.samples, snapshot.at))))]


def _grace(fleet: Fleet, action: Action) -> list[Line]:
    """How long what is open may take, and how long it lasts."""
    seconds = f"{fleet.spec.gateway.stop_timeout:g} s"
    match action.command:
        case Kill():
            then = "restarted automatically" if fleet.paused is None else "stays down: the fleet is paused"
            return [fact("grace", f"none: SIGKILL, like a crash; {then}")]
        case Freeze():
            then = "replaced automatically" if fleet.paused is None else "hangs until thawed: the fleet is paused"
            return [fact("grace", f"none: SIGSTOP, like a hang; {then}")]
        case Stop():
            return [fact("grace", f"{seconds} to finish open requests, then cut off; stays down until started")]
        case Restart():
            return [fact("grace", f"one at a time, each with {seconds} to finish open requests")]
        case Drain():
            return [fact("grace", "open requests may finish; stays up, out of rotation until resumed")]
        case Pause():
            return [fact("until", "M again; no repairs meanwhile. To end automatically: `:pause --for 10m`")]
        case _:
            return []


def _more(count: int, what: str, several: str) -> Line:
    return fact("", Span(text=f"and {count} more {what}{several if count > 1 else ''}", meaning=Meaning.MUTED))
