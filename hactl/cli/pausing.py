"""The verbs that stop the daemon from repairing the fleet on its own, and let it resume."""

from typing import Any

import click

from hactl.cli.choice import choose
from hactl.cli.nodes import submit
from hactl.cli.options import changing, duration
from hactl.core.commands import Pause, Unpause


@click.command()
@click.option(
    "--for", "seconds", type=duration, metavar="DURATION", help="Unpause automatically after this (default: never)."
)
@changing
def pause(seconds: float | None, **options: Any) -> int:
    """Pause automatic repairs: dead processes stay down, hung ones are not killed.

    Traffic continues, edges still learn which nodes are healthy, and your own commands are still carried out. A pause
    survives daemon restarts and reboots. Pausing again replaces its end.
    """
    return submit(choose(), Pause(seconds=seconds), **options)


@click.command()
@changing
def unpause(**options: Any) -> int:
    """Resume automatic repairs: whatever died meanwhile is started and hung processes are killed, at once."""
    return submit(choose(), Unpause(), **options)
