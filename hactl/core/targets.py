"""When a fault that was ordered, or its end, is over for one process. Not the operation: that is `operations`.

True          it is done
a sentence    it cannot be done any more, and why
None          not yet
"""

from collections.abc import Iterable

from hactl.core.evacuation import EvacuationCause
from hactl.core.impairment import ImpairmentPhase
from hactl.core.model import Fleet
from hactl.core.node import Goal, Health, Node, NodeState, Role
from hactl.core.operation import Operation, Target, Verb
from hactl.core.pausing import held
from hactl.core.rolling import given_up, is_up, known_to_edges


def made_good(fleet: Fleet, operation: Operation, target: Target, node: Node) -> bool | str | None:
    """A fault is over when the capacity is back; in a paused fleet, when every edge does without it."""
    freezing = operation.verb is Verb.FREEZE
    if held(node) and (freezing or node.launch is None):
        return True if node.role is Role.EDGE or known_to_edges(fleet) else None
    if node.launch is None or node.launch.instance == target.instance:
        if freezing and node.launch is not None and not node.frozen and not node.excused:
            return f"'{node.name}' was thawed"
        return True if node.state is NodeState.STOPPED else given_up(node)
    return True if is_up(fleet, node) is True and node.name not in fleet.failovers else None


def thawed(fleet: Fleet, node: Node) -> bool | str | None:
    """Well again, wherever it stands; what was on its way down may also have arrived there."""
    if node.frozen:
        return f"'{node.name}' was frozen again"
    if node.goal is Goal.DOWN:
        return True if node.state is NodeState.STOPPED or node.health is Health.HEALTHY else None
    if node.state in (NodeState.DRAINING, NodeState.STANDBY) and node.health is not Health.HEALTHY:
        return None
    return is_up(fleet, node)


def impaired(target: Target, node: Node) -> bool | str | None:
    """Read back from the process that was meant, and from no other."""
    if node.launch is None or node.launch.instance != target.instance:
        return f"'{node.name}' has a new process, which starts unimpaired"
    if node.impaired is None or node.impaired.phase is ImpairmentPhase.LIFTING:
        return f"the impairment of '{node.name}' was lifted"
    return True if node.impaired.phase is ImpairmentPhase.EFFECTIVE else None


def healed(node: Node) -> bool | str | None:
    """Read back, or over with the process."""
    if node.impaired is None:
        return True
    return None if node.impaired.phase is ImpairmentPhase.LIFTING else f"'{node.name}' was impaired again"


def waiting_for_failback(fleet: Fleet, names: Iterable[str]) -> str:
    """That regions of these nodes are back without their traffic, and how they get it; "" when they have it."""
    regions = dict.fromkeys(fleet.nodes[name].region for name in names if name in fleet.nodes)
    lost = [name for name in regions if name in fleet.evacuations]
    held_back = [name for name in lost if fleet.evacuations[name].cause is EvacuationCause.LOST]
    return "; ".join(f"{name} takes no traffic until: hactl failback {name}" for name in held_back)
