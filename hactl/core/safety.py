"""Rules that every command must pass, whoever sends it: people, scripts and drills alike. Pure; raises or returns.

A rule speaks only about what a command makes *worse*: a fleet that is already below a limit can still be repaired.
Typing the fleet's name (`--confirm NAME`) lifts the capacity rules, never read-only.
"""

from collections.abc import Iterable
from typing import assert_never

from hactl.core import scope
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
from hactl.core.errors import CommandRejected
from hactl.core.headroom import bereft
from hactl.core.hop_commands import BreakHop, MendHop
from hactl.core.model import Fleet
from hactl.core.node import Node, Role
from hactl.core.operation import Verb
from hactl.core.plural import counted
from hactl.core.regions import kept
from hactl.core.spec import FleetSpec, Policy

MAX_WEIGHT = 1000
LONGEST_PAUSE = 30 * 86400.0
"""Seconds; a pause without an end has no limit, but a number beyond this is a mistake."""


def check(fleet: Fleet, request: Request) -> None:
    """Raises CommandRejected when `request` is malformed for this fleet or breaks a safety rule."""
    if fleet.spec.safety.read_only:
        raise CommandRejected(
            f"fleet '{fleet.name}' is read-only",
            "set `safety.read_only = false` in hactl.toml, then: hactl daemon restart",
            guard=True,
        )
    if fleet.closing:
        raise CommandRejected(f"fleet '{fleet.name}' is going down", "wait for it, then: hactl up")
    command = request.command
    scope.check(fleet, command)
    match command:
        case Stop() | Kill() | Freeze() | Drain():
            _not_busy(fleet, command)
            if request.confirm != fleet.name:
                _enough_left(fleet, set(command.nodes), command)
        case Restart():
            _not_busy(fleet, command)
            if request.confirm != fleet.name:
                _enough_while_rolling(fleet, command.nodes)
        case Start() | Resume():
            _not_busy(fleet, command)
        case SetWeight():
            _weights(fleet, command)
            if command.weight == 0:
                zeroed = {node.name for node in fleet.gateways if node.region in command.regions} | set(command.nodes)
                _somebody_left(fleet, zeroed)
                if request.confirm != fleet.name:
                    _enough_left(fleet, zeroed, command)
        case SetPolicy():
            for spec in _specs(fleet):
                usable(command.policy, spec)
            weighable(command.policy, fleet.gateways)
        case Apply() | Scale():
            _read(request)
        case Pause() | Unpause():
            _pause(fleet, command)
        case (
            Thaw()
            | Down()
            | TryAlert()
            | Failover()
            | Failback()
            | (BeginDrill() | KeepDrill() | EndDrill())
            | (AskDrill() | ContinueDrill() | LockDrills() | UnlockDrills())
            | (Impair() | Heal() | BreakHop() | MendHop())
        ):
            pass  # asked by `ramp` (may traffic move?), `drills` (may the fleet be lent?), `impairing`, `hops`
        case _:
            assert_never(command)


def serving(fleet: Fleet, without: Iterable[str] = ()) -> list[Node]:
    """The gateway nodes that carry traffic, leaving some out."""
    gone = set(without)
    return [
        node
        for node in fleet.gateways
        if node.serviceable and node.weight and fleet.region_weight(node.region) and node.name not in gone
    ]


def remaining(fleet: Fleet, without: Iterable[str]) -> list[Node]:
    """The gateway nodes that would carry traffic without some, with the spares that would take their places."""
    return serving(bereft(fleet, without))


def evacuated_only(fleet: Fleet, left: Iterable[Node]) -> str:
    """Which regions `left` leaves serving, when they are evacuated and take nothing as long as others serve, which they
    do now; "" when others are left, or nobody is."""
    regions = tuple(dict.fromkeys(node.region for node in left))
    if not regions or any(kept(fleet, region) for region in regions):
        return ""
    if not any(kept(fleet, node.region) for node in serving(fleet)):
        return ""
    who = " and ".join(fleet.evacuations[region].who for region in regions)
    return f"only {' and '.join(regions)} serving, evacuated {who}"


def _not_busy(fleet: Fleet, command: Start | Stop | Kill | Freeze | Drain | Resume | Restart) -> None:
    """What restarts one by one owns its targets until it ends; only faults may cut in, as those of the world could."""
    if isinstance(command, Kill | Freeze):
        return
    for operation in fleet.operations.values():
        if not operation.one_by_one:
            continue
        what = "a rolling restart" if operation.verb is Verb.RESTART else "a configuration change"
        for target in operation.targets:
            if target.node in command.nodes:
                raise CommandRejected(
                    f"'{target.node}' is part of {what} ({operation.id})",
                    f"hactl wait --operation {operation.id}",
                )


def _somebody_left(fleet: Fleet, gone: set[str]) -> None:
    """A plan that nobody could serve is never published: such weights could not be confirmed by anybody."""
    if serving(fleet) and not serving(fleet, gone):
        raise CommandRejected(
            "all weights would be 0, and no node would serve", "hactl down stops the fleet", guard=True
        )


def _enough_left(fleet: Fleet, gone: set[str], command: Command) -> None:
    verb = {Kill: "killing", Freeze: "freezing"}.get(type(command), "taking out")
    rules = fleet.spec.safety
    edges = [edge for edge in fleet.edges if edge.serviceable]
    if edges and all(edge.name in gone for edge in edges):
        raise _unsafe(fleet, f"{verb} {_list(gone)} would leave no edge serving")
    now, after = serving(fleet), remaining(fleet, gone)
    if len(after) < min(len(now), rules.min_serving_nodes):
        raise _unsafe(
            fleet,
            f"{verb} {_list(gone)} would leave {counted(len(after), 'node')} serving"
            f" (safety.min_serving_nodes = {rules.min_serving_nodes})",
        )
    if only := evacuated_only(fleet, after):
        raise _unsafe(fleet, f"{verb} {_list(gone)} would leave {only}")
    regions_now, regions_after = {node.region for node in now}, {node.region for node in after}
    if len(regions_after) < min(len(regions_now), rules.min_serving_regions):
        raise _unsafe(
            fleet,
            f"{verb} {_list(gone)} would leave {counted(len(regions_after), 'region')} serving"
            f" (safety.min_serving_regions = {rules.min_serving_regions})",
        )


def _enough_while_rolling(fleet: Fleet, names: tuple[str, ...]) -> None:
    now = serving(fleet)
    for name in names:
        node = fleet.nodes[name]
        if node.role is Role.EDGE:
            alone = not any(edge.serviceable for edge in fleet.edges if edge.name != name)
        else:
            alone = node in now and len(remaining(fleet, {name})) < fleet.spec.safety.min_serving_nodes
        if alone:
            raise _unsafe(fleet, f"nothing could carry the traffic while '{name}' restarts")
        if node in now and (only := evacuated_only(fleet, remaining(fleet, {name}))):
            raise _unsafe(fleet, f"restarting '{name}' would leave {only}")


def _weights(fleet: Fleet, command: SetWeight) -> None:
    if not 0 <= command.weight <= MAX_WEIGHT:
        raise CommandRejected(f"weight {command.weight} is outside 0..{MAX_WEIGHT}", "100 is the usual weight")
    policies = (
        fleet.policy,
        *(spec.edge.policy for spec in _specs(fleet) if spec.edge.policy != fleet.spec.edge.policy),
    )
    deaf = [policy for policy in policies if not policy.honours_node_weights]
    if command.nodes and command.weight and deaf:
        raise CommandRejected(
            f"policy '{deaf[0]}' ignores node weights", "hactl policy least-request, or set weights of regions"
        )


def _specs(fleet: Fleet) -> tuple[FleetSpec, ...]:
    """The configuration in force, and the one that is coming."""
    return (fleet.spec,) if fleet.proposal is None else (fleet.spec, fleet.proposal.spec)


def usable(policy: Policy, spec: FleetSpec) -> None:
    """Raises CommandRejected when `policy` lacks something in `spec`, or would ignore something that stands there."""
    if policy.hashes and not spec.edge.hash_on:
        raise CommandRejected(
            f"policy '{policy}' needs something to hash",
            'set edge.hash_on in hactl.toml, for example "source-ip"',
        )
    if spec.health.slow_weight < 100 and not policy.honours_node_weights:
        raise CommandRejected(
            f"policy '{policy}' ignores node weights, and health.slow_weight = {spec.health.slow_weight}",
            "hactl policy least-request, or set health.slow_weight = 100 in hactl.toml",
        )


def weighable(policy: Policy, nodes: Iterable[Node]) -> None:
    """Raises CommandRejected when weights of gateway nodes differ, and `policy` would ignore them."""
    weights = {node.weight for node in nodes if node.role is Role.GATEWAY and node.weight}
    if not policy.honours_node_weights and len(weights) > 1:
        raise CommandRejected(f"policy '{policy}' ignores node weights, and they differ", "hactl weight --all 100")


def _read(request: Request) -> None:
    if request.proposal is None:
        raise CommandRejected("this configuration was not validated", "hactl config apply")


def _pause(fleet: Fleet, command: Pause | Unpause) -> None:
    if isinstance(command, Unpause):
        if fleet.paused is None:
            raise CommandRejected(f"fleet '{fleet.name}' is not paused", "hactl status")
    elif command.seconds is not None and not 0 < command.seconds <= LONGEST_PAUSE:
        hint = "at most 30 days; without a duration it lasts until: hactl unpause"
        raise CommandRejected(f"a pause of {command.seconds:g} s is out of range", hint)


def _unsafe(fleet: Fleet, message: str) -> CommandRejected:
    return CommandRejected(message, f"if you mean it: --confirm {fleet.name}", guard=True)


def _list(names: set[str]) -> str:
    shown = sorted(names)
    return ", ".join(f"'{name}'" for name in shown[:3]) + (f" and {len(shown) - 3} more" if len(shown) > 3 else "")
