"""The options that verbs about drills share."""

import secrets
from pathlib import Path

import click

seed_option = click.option("--seed", type=int, help="Seed for random choices, to repeat a run (default: a new one).")
set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="PATH=VALUE",
    help="Override a setting of the drill, such as objectives.rto=2s.",
)
file_option = click.option(
    "-o", "--output", "target", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE instead of stdout."
)


def drawn(seed: int | None) -> int:
    """The seed that was given, or a new one."""
    return secrets.randbelow(1_000_000) if seed is None else seed
