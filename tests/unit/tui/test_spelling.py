"""A command as it is typed: the real command line reads it back as the same."""

import shlex
from typing import Any

import click
import pytest

from hactl.cli.main import hactl
from hactl.core.commands import (
    Apply,
    BeginDrill,
    Command,
    ContinueDrill,
    Down,
    Drain,
    EndDrill,
    Failback,
    Failover,
    Freeze,
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
from hactl.core.spec import Policy
from hactl.tui.spelling import spelt

TWO = ("seoul-1", "seoul-2")


def read(text: str) -> tuple[str, dict[str, Any]]:
    """The verb and its parameters, as the command line understands `text`."""
    program, *words = shlex.split(text)
    assert program == "hactl"
    group: click.Command = hactl
    context = click.Context(group)
    path = []
    while isinstance(group, click.Group):
        name, *words = words
        found = group.get_command(context, name)
        assert found is not None, name
        path.append(name)
        group = found
    return " ".join(path), group.make_context(path[-1], words).params


@pytest.mark.parametrize("command", [Start, Stop, Restart, Kill, Freeze, Thaw, Drain, Resume])
def test_orders_to_processes(command):
    verb, options = read(spelt(command(nodes=TWO)))
    assert verb == command.__name__.lower()
    assert options["names"] == TWO


@pytest.mark.parametrize(
    ("command", "verb", "expected"),
    [
        (SetWeight(weight=7, nodes=TWO), "weight", {"names": TWO, "weight": 7, "regions": ()}),
        (SetWeight(weight=7, regions=("a", "b")), "weight", {"names": (), "weight": 7, "regions": ("a", "b")}),
        (SetPolicy(policy=Policy.MAGLEV), "policy", {"policy": "maglev"}),
        (Scale(region="seoul", count=3), "scale", {"region": "seoul", "count": 3}),
        (Failover(region="seoul"), "failover", {"region": "seoul", "steps": 4, "pause": 2.0}),
        (Failback(region="seoul"), "failback", {"region": "seoul", "steps": 4, "pause": 2.0}),
        (Pause(), "pause", {"seconds": None}),
        (Pause(seconds=90.0), "pause", {"seconds": 90.0}),
        (Unpause(), "unpause", {}),
        (Down(), "down", {}),
        (Apply(text=""), "config apply", {}),
        (TryAlert(alert="ops"), "alert test", {}),
        (Kill(nodes=TWO, hold=True), "kill", {"names": TWO, "hold": True}),
        (BeginDrill(name="node-kill", nodes=TWO), "drill run", {"name": "node-kill"}),
        (EndDrill(id="op-1"), "drill stop", {"lock": False}),
        (LockDrills(), "drill stop", {"lock": True}),
        (UnlockDrills(), "drill unlock", {}),
        (ContinueDrill(id="op-1"), "drill continue", {}),
    ],
)
def test_all_others(command: Command, verb: str, expected: dict[str, Any]):
    found, options = read(spelt(command))
    assert found == verb
    assert options.items() >= expected.items()


def test_whoever_means_it_says_so():
    _, options = read(spelt(Kill(nodes=TWO), "my fleet"))
    assert options["confirm"] == "my fleet"
    assert options["names"] == TWO


def test_elsewhere_the_fleet_is_named():
    """Pasted where another fleet is the nearest one, it must not mean that one."""
    text = spelt(Kill(nodes=TWO), "prod", ("hactl", "--fleet", "prod"))
    assert text == "hactl --fleet prod kill seoul-1 seoul-2 --confirm prod"
    with hactl.make_context("hactl", shlex.split(text)[1:]) as context:
        assert context.obj == "prod"
