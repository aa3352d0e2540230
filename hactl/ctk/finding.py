"""Which fleet an experiment is about: found as every command finds it, where no command line was typed."""

from pathlib import Path

import click

from hactl.cli.choice import Chosen, choose


def found(fleet: str = "", config: str = "") -> Chosen:
    """The fleet called `fleet`, that of the hactl.toml at `config`, or the one that a command here would mean. Raises
    HactlError when there is no telling."""
    with click.Context(click.Command("chaos"), obj=fleet or None):
        return choose(Path(config) if config else None)
