"""The options that verbs about drills share."""

import secrets

import click

seed_option = click.option("--seed", type=int, help="Makes what is drawn by chance repeatable (default: a new one).")
set_option = click.option(
    "--set", "settings", multiple=True, metavar="PATH=VALUE", help="Change the drill, such as objectives.rto=2s."
)


def drawn(seed: int | None) -> int:
    """The seed that was given, or a new one."""
    return secrets.randbelow(1_000_000) if seed is None else seed
