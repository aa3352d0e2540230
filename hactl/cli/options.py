"""The options that many verbs share, so that they are spelt and explained the same everywhere."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
config_option = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The hactl.toml to use (default: the nearest one upward).",
)


def changing(function: F) -> F:
    """The options of every verb that changes something."""
    options = [
        click.option("--dry-run", is_flag=True, help="Say what would happen; change nothing."),
        click.option("--wait", "wait_for_it", is_flag=True, help="Wait until the operation has ended."),
        click.option("--timeout", default="120s", show_default=True, help="How long --wait waits."),
        click.option("--reason", default="", help="Why; kept in the journal."),
        click.option("--confirm", default="", metavar="FLEET", help="The fleet's name: lifts the last-node rules."),
        json_option,
    ]
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), function)


def selecting(function: F) -> F:
    """The options that name nodes."""
    options = [
        click.option("--region", "regions", multiple=True, metavar="NAME", help="Every node of a region."),
        click.option("--all", "everything", is_flag=True, help="Every node (not the edges)."),
        click.option("--random", "at_random", is_flag=True, help="One of the nodes meant, by chance."),
        click.option("--seed", type=int, help="Makes --random repeatable."),
    ]
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), function)


def label() -> str:
    """What the caller adds to their name in the journal: the terminal they sit at."""
    try:
        return os.ttyname(0).removeprefix("/dev/")
    except OSError:
        return f"pid-{os.getppid()}"
