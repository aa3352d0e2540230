"""A command as one would type it in a shell. Pure; a test checks that the shell parses it back to the same."""

import shlex
from collections.abc import Sequence
from typing import assert_never

from hactl.core.commands import (
    VERBS,
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

PROGRAM: Sequence[str] = ("hactl",)
"""What a command line begins with in a shell where hactl chooses the fleet by itself; elsewhere it is named."""
_OF_DRILLS: dict[type[Command], tuple[str, ...]] = {
    EndDrill: ("stop",),
    ContinueDrill: ("continue",),
    LockDrills: ("stop", "--lock"),
    UnlockDrills: ("unlock",),
}


def spelt(command: Command, confirm: str = "", program: Sequence[str] = PROGRAM) -> str:
    """The command line; with `confirm`, the fleet's name, for somebody who means it. It begins with `program`."""
    words = [*program, *_words(command)]
    return shlex.join([*words, "--confirm", confirm] if confirm else words)


def _words(command: Command) -> list[str]:
    verb = VERBS[type(command)].value
    match command:
        case Kill(nodes=nodes, hold=hold):
            return [verb, *nodes, "--hold"] if hold else [verb, *nodes]
        case Start() | Stop() | Restart() | Freeze() | Thaw() | Drain() | Resume():
            return [verb, *command.nodes]
        case SetWeight(weight=weight, nodes=nodes, regions=regions):
            return [verb, *nodes, *(word for region in regions for word in ("--region", region)), str(weight)]
        case SetPolicy(policy=policy):
            return [verb, policy.value]
        case Scale(region=region, count=count):
            return [verb, region, str(count)]
        case Failover(region=region) | Failback(region=region):
            return [verb, region]
        case Pause(seconds=seconds):
            return [verb] if seconds is None else [verb, "--for", f"{seconds:g}s"]
        case Apply():
            return ["config", verb]
        case TryAlert(alert=alert):
            return ["alert", "test", alert]
        case BeginDrill(name=name):
            return ["drill", "run", name]
        case EndDrill() | ContinueDrill() | LockDrills() | UnlockDrills():
            return ["drill", *_OF_DRILLS[type(command)]]
        case KeepDrill() | AskDrill() | Impair() | Heal() | BreakHop() | MendHop():
            raise AssertionError("only the runner of a drill can do this")
        case Unpause() | Down():
            return [verb]
        case _:
            assert_never(command)
