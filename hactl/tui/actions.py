"""A change started by a key: its targets, its command for the daemon and for a shell. Pure; sends nothing.

Whom it hits is frozen when the key is pressed, names and processes all together, and the daemon is asked about all of
them again right before anything is sent: where one has become another process meanwhile, none is hit. In the same way
a weight or a size that somebody else has set meanwhile is not overwritten.
"""

from collections.abc import Iterable

from hactl.core.commands import VERBS, Command, Failback, Failover, Scale, SetWeight, Stop
from hactl.core.model import Fleet
from hactl.core.node import Node, NodeState, Role
from hactl.core.operation import Undo, Verb
from hactl.core.talk import Snapshot
from hactl.core.value import Value, replace

MILD = frozenset({Verb.RESUME, Verb.THAW, Verb.START, Verb.UNPAUSE, Verb.WEIGHT})
"""Done without asking, unless a safety rule would break: they give back, or can be taken back at once."""
_FAILING = (NodeState.STARTING, NodeState.BACKOFF, NodeState.FAILED)
"""What a process that never serves for long goes through."""
NAMED = 3
"""Names that a sentence bears."""


class Target(Value):
    """One process at the moment a key was pressed."""

    node: str
    instance: str
    """Of its process; "" when it had none."""
    pid: int = 0
    role: Role = Role.GATEWAY

    @classmethod
    def of(cls, node: Node) -> "Target":
        """That node as it is now."""
        launch = node.launch
        instance, pid = (launch.instance, launch.pid) if launch else ("", 0)
        return cls(node=node.name, instance=instance, pid=pid, role=node.role)


class Action(Value):
    """What is to be done to whom."""

    command: Command
    targets: tuple[Target, ...] = ()
    """The processes it hits; () when it is about weights, a region or the fleet."""
    found: Undo = Undo()
    """The weights that stood there when the key was pressed, of a change of weights."""
    count: int | None = None
    """How many nodes the region had then, of a change of that."""

    @property
    def verb(self) -> Verb:
        """By the name operators type."""
        return VERBS[type(self.command)]

    @property
    def mild(self) -> bool:
        """It need not be asked about."""
        return self.verb in MILD

    @property
    def whom(self) -> str:
        """Whom it is about, in few words; "the fleet" when about nobody in particular."""
        command = self.command
        if isinstance(command, SetWeight):
            return listed([*command.nodes, *command.regions], "nodes" if command.nodes else "regions")
        if isinstance(command, Scale | Failover | Failback):
            return command.region
        return listed([target.node for target in self.targets], kind(self.targets)) or "the fleet"

    @property
    def title(self) -> str:
        """What it does, as one would say it: kill seoul-1."""
        match self.command:
            case SetWeight(weight=weight):
                return f"weight {weight} for {self.whom}"
            case Scale(count=count):
                return f"scale {self.whom} to {count} nodes"
            case Failover() | Failback():
                return f"fail {self.verb.removeprefix('fail')} {self.whom}"
            case _:
                return f"{self.verb} {self.whom}"

    @property
    def number(self) -> int | None:
        """What can be turned up and down before it is done: a weight, a count of nodes."""
        match self.command:
            case SetWeight(weight=number) | Scale(count=number):
                return number
            case _:
                return None


def turned(action: Action, number: int) -> Action:
    """The same with another number."""
    field = "weight" if isinstance(action.command, SetWeight) else "count"
    return replace(action, command=replace(action.command, **{field: number}))


def kind(targets: Iterable[Target]) -> str:
    """What several processes are called together."""
    roles = {target.role for target in targets}
    return "processes" if len(roles) > 1 else "edges" if Role.EDGE in roles else "nodes"


def listed(names: list[str], what: str) -> str:
    """Names for a sentence: all of a few, of many how many there are of `what`, and who comes first."""
    if len(names) <= 1:
        return "".join(names)
    shown = ", ".join(names[:NAMED])
    return f"{len(names)} {what}: {shown}" + (", ..." if len(names) > NAMED else "")


def weights(fleet: Fleet, nodes: Iterable[str] = (), regions: Iterable[str] = ()) -> Undo:
    """What these weigh now."""
    return Undo(
        node_weights={name: fleet.nodes[name].weight for name in nodes if name in fleet.nodes},
        region_weights={name: fleet.region_weight(name) for name in regions},
    )


def still_there(snapshot: Snapshot, action: Action) -> str:
    """Why an action must not be carried out any more; "" when everything it hits is as it was."""
    fleet = snapshot.fleet
    gone = [target.node for target in action.targets if target.node not in fleet.nodes]
    what = kind(action.targets)
    if gone:
        return f"{listed(gone, what)} {'is' if len(gone) == 1 else 'are'} gone: nothing was done"
    others = [target.node for target in action.targets if _another(fleet.nodes[target.node], target, action.command)]
    if others:
        return f"{listed(others, what)}: a different process by now, nothing was done"
    now = weights(fleet, action.found.node_weights, action.found.region_weights)
    if now != action.found:
        return f"someone else has just changed the weight of {action.whom}: nothing was done"
    if isinstance(action.command, Scale):
        region = next((each for each in fleet.spec.regions if each.name == action.command.region), None)
        if region is None or region.nodes != action.count:
            return f"someone else has just changed the size of {action.whom}: nothing was done"
    return ""


def _another(node: Node, target: Target, command: Command) -> bool:
    """Whether it is not the process any more that was meant. To stop what fails and is started again and again means
    whichever process it has just then, as long as nobody is served by it."""
    return Target.of(node) != target and not (isinstance(command, Stop) and node.state in _FAILING)
