"""`--json` is a contract: whatever a verb prints then is an object that names its version."""

import json
from collections.abc import Iterator

import click
from support.command import Home

from hactl.cli.main import hactl

ELSEWHERE = {"demo", "drill run", "logs"}
"""Verbs that take long, or may have nothing to say: tests of their own read what they print."""
ABOUT = {
    **dict.fromkeys(("kill", "stop", "start", "restart", "freeze", "thaw", "drain", "resume"), ("a-1",)),
    "weight": ("a-1", "50"),
    "policy": ("random",),
    "scale": ("a", "3"),
    "failover": ("a",),
    "chaos": ("--monkey",),
    **dict.fromkeys(("drill plan", "drill show", "drill board"), ("node-kill",)),
    "drill compare": ("1", "2"),
    "drill stop": ("--lock",),
}
"""What a verb is told."""
REFUSE = {
    *("start", "thaw", "resume", "failback", "unpause", "purge"),
    *("config apply", "config rollback", "drill report", "drill compare"),
}
"""Verbs that have nothing to do in a fleet that serves and to which nothing has happened."""


def verbs(group: click.Group, context: click.Context, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every verb there is, by the words that call it."""
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        if isinstance(command, click.Group):
            yield from verbs(command, click.Context(command, parent=context), f"{name}{word} ")
        else:
            yield name + word, command


def said(home: Home, name: str, command: click.Command) -> str:
    """What that verb prints for machines; of one that changes something, what it would do."""
    rehearsed = ["--dry-run"] if any(each.name == "dry_run" for each in command.params) else []
    return home.run(*name.split(), *ABOUT.get(name, ()), *rehearsed, "--json").stdout


def test_every_verb_names_the_version_of_what_it_prints(home: Home) -> None:
    home.configure(regions={"a": 2, "b": 2})
    home.ok("up")
    silent = set()
    for name, command in verbs(hactl, click.Context(hactl)):
        if name in ELSEWHERE or all(each.name != "as_json" for each in command.params):
            continue
        lines = said(home, name, command).splitlines()
        assert all(json.loads(line)["version"] == 1 for line in lines), name
        if not lines:
            silent.add(name)
    home.ok("down")
    assert silent == REFUSE
