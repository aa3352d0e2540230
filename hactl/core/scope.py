"""Whom each command names, in one place, and that this fleet has them. Pure; raises or returns.

Not whether the command is safe for those it names: that is `safety`.
"""

from collections.abc import Collection
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
from hactl.core.hop_commands import BreakHop, MendHop
from hactl.core.model import Fleet
from hactl.core.node import Role
from hactl.core.value import Value


class Scope(Value):
    """Whom a command names."""

    nodes: tuple[str, ...] = ()
    """Edges included."""
    regions: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    """To which the hops are meant."""
    alerts: tuple[str, ...] = ()
    somebody: bool = True
    """It makes no sense without a name."""


def scope_of(command: Command) -> Scope:
    """Whom `command` names."""
    match command:
        case Start() | Stop() | Restart() | Kill() | Freeze() | Thaw() | Drain() | Resume() | Impair() | Heal():
            return Scope(nodes=command.nodes)
        case SetWeight(nodes=nodes, regions=regions):
            return Scope(nodes=nodes, regions=regions)
        case BreakHop(nodes=nodes, services=services) | MendHop(nodes=nodes, services=services):
            return Scope(nodes=nodes, services=services)
        case BeginDrill(nodes=nodes, in_turn=in_turn, regions=regions, services=services):
            touched = tuple(dict.fromkeys((*nodes, *in_turn)))
            return Scope(nodes=touched, regions=regions, services=services, somebody=False)
        case Scale() | Failover() | Failback():
            return Scope(regions=(command.region,))
        case TryAlert(alert=alert):
            return Scope(alerts=(alert,))
        case Apply() | SetPolicy() | Pause() | Unpause() | Down():
            return Scope(somebody=False)
        case KeepDrill() | EndDrill() | AskDrill() | ContinueDrill() | LockDrills() | UnlockDrills():
            return Scope(somebody=False)
        case _:
            assert_never(command)


def check(fleet: Fleet, command: Command) -> None:
    """Raises CommandRejected when `command` names nobody, names a node twice, or names what this fleet has not."""
    scope = scope_of(command)
    if scope.somebody and not (scope.nodes or scope.regions or scope.services or scope.alerts):
        raise CommandRejected("no node given", "name nodes, or use --region NAME or --all")
    if len(set(scope.nodes)) != len(scope.nodes):
        raise CommandRejected("a node is named twice", "name each node once")
    for name in scope.nodes:
        if name not in fleet.nodes:
            raise _unknown(fleet, "node", name, fleet.nodes)
        if isinstance(command, Drain | Resume | SetWeight) and fleet.nodes[name].role is Role.EDGE:
            raise CommandRejected(f"'{name}' is an edge: it has no share to change", f"hactl restart {name}")
    for region in scope.regions:
        if region not in fleet.spec.region_names:
            raise _unknown(fleet, "region", region, fleet.spec.region_names)
    alerts = [alert.name for alert in fleet.spec.alerts]
    for alert in scope.alerts:
        if alert not in alerts:
            raise _unknown(fleet, "alert", alert, alerts, "add an [[alert]] to hactl.toml")


def _unknown(fleet: Fleet, what: str, name: str, known: Collection[str], instead: str = "") -> CommandRejected:
    hint = f"known: {', '.join(known)}" if known else instead
    return CommandRejected(f"no {what} '{name}' in fleet '{fleet.name}'", hint)
