"""What the upper-case keys do to the row under the cursor: a command, its shell line, and what to ask before. Pure.

The target is frozen when the key is pressed, name and process both, and the daemon is asked about it again right before
anything is sent: a row that has become another process meanwhile is not hit.
"""

from enum import StrEnum

from hactl.core.commands import Command, Drain, Freeze, Kill, Restart, Resume, Start, Stop, Thaw
from hactl.core.model import Sample
from hactl.core.node import Node, NodeState, Role
from hactl.core.talk import Receipt, Snapshot
from hactl.core.traffic import shares
from hactl.core.value import Value
from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Meaning


class Act(StrEnum):
    """A change to one process."""

    KILL = "kill"
    STOP = "stop"
    RESTART = "restart"
    DRAIN = "drain"
    RESUME = "resume"
    FREEZE = "freeze"
    THAW = "thaw"
    START = "start"


_COMMANDS: dict[Act, type[Kill | Stop | Restart | Drain | Resume | Freeze | Thaw | Start]] = {
    Act.KILL: Kill,
    Act.STOP: Stop,
    Act.RESTART: Restart,
    Act.DRAIN: Drain,
    Act.RESUME: Resume,
    Act.FREEZE: Freeze,
    Act.THAW: Thaw,
    Act.START: Start,
}
MILD = frozenset({Act.RESUME, Act.THAW, Act.START})
"""Done without asking: they only give back."""


class Target(Value):
    """One process at the moment a key was pressed."""

    node: str
    instance: str
    """Of its process; "" when it had none."""
    pid: int = 0

    @classmethod
    def of(cls, node: Node) -> "Target":
        """That node as it is now."""
        launch = node.launch
        return cls(node=node.name, instance=launch.instance if launch else "", pid=launch.pid if launch else 0)


class Action(Value):
    """What is to be done to whom."""

    act: Act
    target: Target

    @property
    def command(self) -> Command:
        """The same for the daemon."""
        return _COMMANDS[self.act](nodes=(self.target.node,))

    @property
    def shell(self) -> str:
        """The same for a shell."""
        return f"hactl {self.act} {self.target.node}"


def choose(key: str, node: Node) -> Act | None:
    """What an upper-case key means for a process as it is; None when it means nothing."""
    match key:
        case "K":
            return Act.KILL if node.state.alive else None
        case "T":
            return Act.STOP if node.state.alive else Act.START
        case "R":
            return Act.RESTART if node.state.alive else Act.START
        case "D" if node.role is Role.GATEWAY:
            return Act.RESUME if node.drained else Act.DRAIN
        case "Z" if node.state.alive:
            return Act.THAW if node.frozen else Act.FREEZE
        case _:
            return None


def still_there(snapshot: Snapshot, target: Target) -> str:
    """Why a frozen target must not be touched any more; "" when it is the same process."""
    node = snapshot.fleet.nodes.get(target.node)
    if node is None:
        return f"{target.node} is gone"
    if Target.of(node) != target:
        return f"{target.node} is another process now: nothing was done"
    return ""


def consequences(snapshot: Snapshot, action: Action, receipt: Receipt | None) -> tuple[Line, ...]:
    """What it carries now, and who would carry it then, as far as the daemon could tell (`receipt`, of a dry run)."""
    node = snapshot.fleet.nodes[action.target.node]
    sample = next((sample for sample in snapshot.samples if sample.node == node.name), None)
    lines = [_identity(snapshot, node), _load(node, sample)]
    if receipt is not None:
        now = {share.node: share.part for share in shares(snapshot.fleet)}
        after = [share for share in receipt.shares if share.part and share.part > now.get(share.node, 0.0) + 0.005]
        if after and action.act not in MILD:
            moves = ", ".join(f"{share.node} {now.get(share.node, 0.0):.0%} → {share.part:.0%}" for share in after[:4])
            lines.append(line(Span(text="then    ", meaning=Meaning.MUTED), moves))
        lines += [line(Span(text="        ", meaning=Meaning.MUTED), step) for step in receipt.steps[:4]]
    return tuple(lines)


def _identity(snapshot: Snapshot, node: Node) -> Line:
    pid = f"pid {node.launch.pid}" if node.launch is not None else "no process"
    up = f", up {snapshot.mono - node.launch.at:.0f} s" if node.launch is not None else ""
    return line(Span(text="who     ", meaning=Meaning.MUTED), f"{node.name}: {node.state}, {pid}{up}")


def _load(node: Node, sample: Sample | None) -> Line:
    label = Span(text="carries ", meaning=Meaning.MUTED)
    if sample is None or sample.requests is None or node.state is NodeState.STANDBY:
        return line(label, "nothing that was measured")
    share = f"{sample.share:.0%} of the traffic, " if sample.share is not None else ""
    return line(label, f"{share}{sample.requests:,.0f} requests/s, {sample.active or 0} in flight")
