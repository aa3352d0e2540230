"""The load that a command would leave to the remaining nodes, and the rule that it must not be too much. Pure.

Only a declared capacity can be exceeded (see `headroom`): what is merely unproved is reported, not rejected. As with
all rules (`safety`), what makes nothing worse is allowed, and typing the fleet's name lifts it. A command that brings
capacity back is never rejected, nor is undoing a move of traffic that is in progress.
"""

from collections.abc import Iterable, Iterator
from typing import assert_never

from hactl.core.commands import (
    Apply,
    AskDrill,
    BeginDrill,
    Command,
    ContinueDrill,
    Down,
    Drain,
    EndDrill,
    Failback,
    Failover,
    Freeze,
    Heal,
    Impair,
    KeepDrill,
    Kill,
    LockDrills,
    Pause,
    Request,
    Restart,
    Resume,
    Scale,
    SetPolicy,
    SetWeight,
    Start,
    Stop,
    Thaw,
    TryAlert,
    UnlockDrills,
    Unpause,
)
from hactl.core.config_events import RevisionApplied
from hactl.core.configured import configured
from hactl.core.draft import evolve
from hactl.core.errors import CommandRejected
from hactl.core.events import PolicyChanged, WeightsChanged
from hactl.core.founding import wanted
from hactl.core.headroom import CapacityVerdict, Carrying, bereft, burden, carrying, manned, worst
from hactl.core.hop_commands import BreakHop, MendHop
from hactl.core.load import Load
from hactl.core.model import Fleet, Proposal
from hactl.core.node import Health, Node, NodeState, Role
from hactl.core.proposals import restarting
from hactl.core.ramp import arrived, turns_round
from hactl.core.value import replace

_GIVES = (Start, Resume, Thaw, SetPolicy)


def check(fleet: Fleet, request: Request) -> Carrying | None:
    """What would be carried at the worst moment of `request`; None when it is about nobody's share.

    Raises CommandRejected when it takes capacity away and those left could not carry the load.
    """
    left = worst(_moments(fleet, request))
    command = request.command
    if left is None or isinstance(command, _GIVES) or request.confirm == fleet.name:
        return left
    if isinstance(command, Failover | Failback) and turns_round(fleet, command):
        return left
    # That somebody must be left is a rule of its own, with a number of its own.
    if left.verdict is CapacityVerdict.SHORT and left.more and left.nodes:
        raise CommandRejected(
            f"too little capacity would be left: {left.sentence}",
            f"if you mean it: --confirm {fleet.name}",
            guard=True,
        )
    return left


def once_done(fleet: Fleet, command: Command) -> Fleet:
    """The fleet that receipts give the shares of: of a fault, without those it hits; of a ramp, at its end."""
    if isinstance(command, Failover | Failback):
        return arrived(fleet, command)
    return bereft(fleet, command.nodes) if isinstance(command, Kill | Freeze) else fleet


def _moments(fleet: Fleet, request: Request) -> Iterator[Carrying]:
    """What would be carried at each moment that may be the worst."""
    command, load = request.command, request.load
    match command:
        case Kill(nodes=names) | Freeze(nodes=names):
            yield _reached(fleet, names, carrying(fleet, load, names))
        case Stop(nodes=names):
            yield _out(fleet, names, NodeState.STOPPED, load)
        case Drain(nodes=names):
            yield _out(fleet, names, NodeState.DRAINING, load)
        case Restart(nodes=names):
            yield from _one_by_one(fleet, names, load)
        case Start(nodes=names) | Resume(nodes=names) | Thaw(nodes=names):
            asked = [fleet.nodes[name] for name in names]
            resumed = [replace(node, drained=False) if isinstance(command, Resume) else node for node in asked]
            back = {node.name: _ready(node) for node in resumed}
            yield burden(fleet, manned(replace(fleet, nodes=fleet.nodes | back)), load)
        case SetWeight(nodes=nodes, regions=regions, weight=weight):
            changed = WeightsChanged(nodes=dict.fromkeys(nodes, weight), regions=dict.fromkeys(regions, weight))
            yield burden(fleet, evolve(fleet, changed), load)
        case SetPolicy(policy=policy):
            yield burden(fleet, evolve(fleet, PolicyChanged(policy=policy)), load)
        case Failover() | Failback():
            yield burden(fleet, arrived(fleet, command), load)
        case Apply() | Scale():
            if request.proposal is not None:
                yield from _one_by_one(fleet, restarting(fleet, request.proposal), load)
                yield burden(fleet, _in_force(fleet, request.proposal), load)
        case Pause() | Unpause() | Down() | TryAlert() | BeginDrill() | KeepDrill() | EndDrill():
            return
        case AskDrill() | ContinueDrill() | LockDrills() | UnlockDrills():
            return
        case Impair() | Heal() | BreakHop() | MendHop():
            return  # it takes no capacity away that anybody has declared
        case _:
            assert_never(command)


def _out(fleet: Fleet, names: Iterable[str], state: NodeState, load: Load | None) -> Carrying:
    lost = tuple(name for name in names if fleet.nodes[name].role is Role.GATEWAY)
    return _reached(fleet, names, burden(fleet, bereft(fleet, lost, state), load, lost))


def _reached(fleet: Fleet, names: Iterable[str], left: Carrying) -> Carrying:
    """The same; nobody carries anything when all edges that serve are among `names`, whoever else is up."""
    edges = {edge.name for edge in fleet.edges if edge.serviceable}
    if not edges or not edges <= set(names):
        return left
    sentence = "no edge would be left, and no traffic could be carried"
    return Carrying(verdict=CapacityVerdict.SHORT, sentence=sentence, without=left.without, more=True)


def _one_by_one(fleet: Fleet, names: Iterable[str], load: Load | None) -> Iterator[Carrying]:
    for name in names:
        left = _out(fleet, (name,), NodeState.STOPPED, load)
        yield replace(left, sentence=f"while {name} restarts, {left.sentence}") if left.without else left


def _in_force(fleet: Fleet, proposal: Proposal) -> Fleet:
    """The fleet as it will be: who is new has come up, who goes has gone, all others are as they are."""
    after = configured(replace(fleet, proposal=proposal), RevisionApplied(revision=0))
    ours = wanted(fleet)
    nodes = {node.name: after.nodes[node.name] if node.name in ours else _ready(node) for node in proposal.nodes}
    return manned(replace(after, nodes=nodes))


def _ready(node: Node) -> Node:
    """Up, and in rotation as soon as it is needed there."""
    return node if node.serviceable else replace(node, state=NodeState.STANDBY, health=Health.HEALTHY)
