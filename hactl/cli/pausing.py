"""The verbs that tell the daemon to keep its hands off the fleet, and to go on."""

from typing import Any

import click

from hactl.cli.choice import choose
from hactl.cli.nodes import submit
from hactl.cli.options import changing, duration
from hactl.core.commands import Pause, Unpause


@click.command()
@click.option(
    "--for", "seconds", type=duration, metavar="DURATION", help="End by itself after this (default: when unpaused)."
)
@changing
def pause(seconds: float | None, **options: Any) -> int:
    """Repair nothing until told to: what dies stays down, what hangs is not killed.

    Serving goes on, the edges are still told who is well, and your own orders are still carried out. A pause outlives
    the daemon and a reboot. Pausing again sets another end.
    """
    return submit(choose(), Pause(seconds=seconds), **options)


@click.command()
@changing
def unpause(**options: Any) -> int:
    """Repair again: what died meanwhile is started, what hangs is killed, both at once."""
    return submit(choose(), Unpause(), **options)
