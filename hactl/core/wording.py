"""A command in plain words: the name of the operation that it becomes. Pure."""

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
from hactl.core.hop_commands import BreakHop, MendHop
from hactl.core.plural import counted

_OF_NOBODY: dict[type[Command], str] = {
    Unpause: "resume repairs",
    Down: "stop everything",
    LockDrills: "lock drills",
    UnlockDrills: "unlock drills",
}


def in_words(command: Command) -> str:  # noqa: C901 - one line for each command
    """What the command asks for."""
    match command:
        case Start(nodes=nodes):
            return f"start {', '.join(nodes)}"
        case Stop(nodes=nodes):
            return f"stop {', '.join(nodes)}"
        case Restart(nodes=nodes):
            return f"restart {', '.join(nodes)}, one at a time"
        case Kill(nodes=nodes, hold=hold):
            return f"kill {', '.join(nodes)} with SIGKILL" + (
                f", and keep {'it' if len(nodes) == 1 else 'them'} down" if hold else ""
            )
        case Freeze(nodes=nodes):
            return f"freeze {', '.join(nodes)} with SIGSTOP"
        case Thaw(nodes=nodes):
            return f"thaw {', '.join(nodes)} with SIGCONT"
        case Drain(nodes=nodes):
            return f"drain {', '.join(nodes)}"
        case Resume(nodes=nodes):
            return f"resume {', '.join(nodes)}"
        case SetWeight(nodes=nodes, regions=regions, weight=weight):
            return f"weight of {', '.join((*nodes, *regions))} = {weight}"
        case SetPolicy(policy=policy):
            return f"policy = {policy}"
        case Pause(seconds=seconds):
            return "pause" if seconds is None else f"pause for {seconds:g} s"
        case Apply():
            return "apply a configuration"
        case Scale(region=region, count=count):
            return f"scale {region} to {counted(count, 'node')}"
        case Failover(region=region):
            return f"move the traffic of {region} away"
        case Failback(region=region):
            return f"give {region} its traffic back"
        case TryAlert(alert=name):
            return f"send a test to '{name}'"
        case BeginDrill(name=name, nodes=nodes, in_turn=in_turn, services=services):
            touched = ", ".join(dict.fromkeys((*nodes, *in_turn, *services)))
            return f"drill {name} on {touched}" if touched else f"drill {name}"
        case Impair(nodes=nodes, fault=fault):
            return f"impair {', '.join(nodes)}: {fault}"
        case Heal(nodes=nodes):
            return f"heal {', '.join(nodes)}"
        case BreakHop(nodes=nodes, services=services, fault=fault):
            return f"disturb the hops to {', '.join((*nodes, *services))}: {fault}"
        case MendHop(nodes=nodes, services=services):
            return f"restore the hops to {', '.join((*nodes, *services))}"
        case Unpause() | Down() | LockDrills() | UnlockDrills():
            return _OF_NOBODY[type(command)]
        case KeepDrill() | EndDrill() | AskDrill() | ContinueDrill():
            raise AssertionError("is no operation of its own")
        case _:
            assert_never(command)
