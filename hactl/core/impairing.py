"""Impaired nodes: which may be, when that takes effect, and that it ends with its drill. Pure; a rule that settles.

An impairment exists only as part of a drill in progress that the node is lent to. Once there is none, whatever became
of the drill, its runner or a daemon in between, it is lifted, and counts as over when the process has confirmed that,
or has ended. A drill ends no sooner than that, so nothing can be left behind.
"""

from hactl.core.commands import Heal, Impair, Request
from hactl.core.draft import Draft
from hactl.core.drills import lending
from hactl.core.effects import ApplyImpairment
from hactl.core.errors import CommandRejected
from hactl.core.impairment import (
    ALL,
    HIGHEST_STATUS,
    LONGEST_DELAY,
    LOWEST_STATUS,
    Impaired,
    Impairment,
    ImpairmentPhase,
)
from hactl.core.model import Fleet
from hactl.core.node import Node, NodeState, Role
from hactl.core.observations import ImpairmentRead, ImpairmentRefused
from hactl.core.operation import Outcome, Verb
from hactl.core.operations import end
from hactl.core.spec import GatewayKind
from hactl.core.value import replace

PATIENCE = 10.0
"""Seconds until an order to impair or to heal has failed: a process that does not hear it for so long hangs."""
_IMPAIRABLE = (NodeState.STANDBY, NodeState.SERVING, NodeState.DRAINING)


def check(fleet: Fleet, request: Request) -> None:
    """Raises CommandRejected when nodes cannot be impaired as asked, or have nothing to be healed of."""
    command = request.command
    if isinstance(command, Heal):
        for name in command.nodes:
            if fleet.nodes[name].impaired is None:
                raise CommandRejected(f"'{name}' is not impaired", "hactl status")
    elif isinstance(command, Impair):
        _makes_sense(command.fault)
        for name in command.nodes:
            _possible(fleet, fleet.nodes[name])


def impairable(fleet: Fleet, node: Node) -> None:
    """Raises CommandRejected when `node` is of a kind that has no fault filter, whatever its state."""
    if node.role is Role.EDGE:
        raise CommandRejected(f"'{node.name}' is an edge, and only gateway nodes can be impaired", "impair its nodes")
    if fleet.spec_for(node).gateway.kind is not GatewayKind.ENVOY:
        raise CommandRejected(
            f"'{node.name}' runs a program of your own, which hactl cannot slow down or make fail",
            "freeze or kill it instead; only nodes of kind envoy have a fault filter",
        )


def begin(draft: Draft, command: Impair | Heal) -> None:
    """Note what is wanted, and have the processes told."""
    nodes = [draft.fleet.nodes[name] for name in command.nodes]
    if isinstance(command, Heal):
        for node in nodes:
            _lift(draft, node, "healed before its drill ended")
        return
    lease = lending(draft.fleet)
    if lease is None:
        raise AssertionError("checked before")
    impaired = Impaired(fault=command.fault, by=f"drill {lease.name}")
    for node in nodes:
        _tell(draft, replace(node, impaired=impaired), str(impaired))


def observe(draft: Draft, saw: ImpairmentRead | ImpairmentRefused) -> None:
    """Take what a process has been found to do; what is about an order before the newest is late news."""
    node = draft.fleet.nodes[saw.node]
    known = node.impaired
    if known is None:
        return
    if isinstance(saw, ImpairmentRefused):
        if known.phase is ImpairmentPhase.ORDERED:
            _refuse(draft, node, saw)
    elif saw.fault is None:
        if known.phase is ImpairmentPhase.LIFTING:
            draft.take_note(replace(node, impaired=None), "confirmed to be no longer impaired")
    elif known.phase is ImpairmentPhase.ORDERED and saw.fault == known.fault:
        effective = replace(known, phase=ImpairmentPhase.EFFECTIVE)
        draft.take_note(replace(node, impaired=effective), str(effective))


def follow(draft: Draft) -> None:
    """Lift every impairment whose drill has ended, or that did not take effect in time."""
    for node in tuple(draft.fleet.nodes.values()):
        if node.impaired is None or node.impaired.phase is ImpairmentPhase.LIFTING:
            continue
        if not _lent(draft.fleet, node):
            _lift(draft, node, "its drill has ended")
        elif node.impaired.phase is ImpairmentPhase.ORDERED and not _being_ordered(draft.fleet, node):
            _lift(draft, node, "it did not take effect")


def take_up(draft: Draft) -> None:
    """Another daemon: nobody knows how far the one before had come with what it had journaled."""
    for node in draft.fleet.nodes.values():
        if node.impaired is not None and node.impaired.phase is not ImpairmentPhase.EFFECTIVE:
            draft.perform(ApplyImpairment(node=node.name))


def _lift(draft: Draft, node: Node, why: str) -> None:
    if node.impaired is not None and node.impaired.phase is not ImpairmentPhase.LIFTING:
        lifting = replace(node.impaired, phase=ImpairmentPhase.LIFTING)
        _tell(draft, replace(node, impaired=lifting), f"impairment is being lifted: {why}")


def _tell(draft: Draft, node: Node, why: str) -> None:
    draft.take_note(node, why)
    draft.perform(ApplyImpairment(node=node.name))


def _refuse(draft: Draft, node: Node, saw: ImpairmentRefused) -> None:
    for operation in tuple(draft.fleet.operations.values()):
        if operation.verb is Verb.IMPAIR and any(target.node == node.name for target in operation.targets):
            end(draft, operation, Outcome.FAILED, f"'{node.name}' cannot be impaired: {saw.why}", saw.hint)
    _lift(draft, node, saw.why)


def _lent(fleet: Fleet, node: Node) -> bool:
    lease = lending(fleet)
    return lease is not None and node.name in lease.baseline.nodes


def _being_ordered(fleet: Fleet, node: Node) -> bool:
    orders = (operation for operation in fleet.operations.values() if operation.verb is Verb.IMPAIR)
    return any(target.node == node.name for operation in orders for target in operation.targets)


def _makes_sense(fault: Impairment) -> None:
    if not (fault.delayed or fault.failed):
        raise CommandRejected("this impairment affects no requests", "give a delay, or a share that fails")
    for per_cent, what in ((fault.delayed, "delayed"), (fault.failed, "failed")):
        if not 0 <= per_cent <= ALL:
            raise CommandRejected(f"{per_cent} % of the requests cannot be {what}", f"0 to {ALL}")
    if fault.delayed and not 0.001 <= fault.delay <= LONGEST_DELAY:
        raise CommandRejected(f"a delay of {fault.delay:g} s is outside 1 ms to {LONGEST_DELAY:g} s", "300 ms is usual")
    if fault.failed and not LOWEST_STATUS <= fault.status <= HIGHEST_STATUS:
        raise CommandRejected(
            f"{fault.status} is not a valid HTTP response status", f"{LOWEST_STATUS} to {HIGHEST_STATUS}"
        )


def _possible(fleet: Fleet, node: Node) -> None:
    impairable(fleet, node)
    if not _lent(fleet, node):
        raise CommandRejected(
            f"no drill in progress covers '{node.name}', and only a drill may impair a node",
            "write a drill with this fault, then: hactl drill run",
            guard=True,
        )
    if node.launch is None or node.state not in _IMPAIRABLE:
        raise CommandRejected(f"'{node.name}' is {node.state}: it has no traffic to impair", f"hactl wait {node.name}")
