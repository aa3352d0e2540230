"""The options that many verbs share, so that they are spelt and explained the same everywhere."""

import contextlib
import functools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from hactl.core.signature import LABEL

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def duration(text: str) -> float:
    """The type of options like `--timeout`: seconds in "250ms", "5s", "2m", "1h", "3d". Raises click.BadParameter."""
    for unit, seconds in _UNITS.items():
        number = text.removesuffix(unit)
        if number != text and number.isascii() and number.replace(".", "", 1).isdigit():
            return float(number) * seconds
    raise click.BadParameter(f"'{text}' is not a valid duration; write 250ms, 5s, 2m, 1h or 3d")


def moment(text: str) -> float:
    """The type of options like `--since` that mean a time: Unix time, from an age as in `duration`, "14:05",
    "14:05:30" (the last time it was that late), "2026-11-25" or "2026-11-25 14:05:30". Raises click.BadParameter.
    """
    import datetime

    now = time.time()
    with contextlib.suppress(click.BadParameter):
        return now - duration(text)
    for clock in ("%H:%M", "%H:%M:%S"):
        with contextlib.suppress(ValueError):
            today = time.strftime("%Y-%m-%d", time.localtime(now))
            at = time.mktime(time.strptime(f"{today} {text}", f"%Y-%m-%d {clock}"))
            return at if at <= now else at - 86400.0
    with contextlib.suppress(ValueError):
        return datetime.datetime.fromisoformat(text).timestamp()
    raise click.BadParameter(
        f"'{text}' is not a valid time; write 2h, 14:05, 14:05:30, 2026-11-25 or 2026-11-25T14:05:30"
    )


def remember_fleet(ctx: click.Context, param: click.Parameter, name: str | None) -> None:  # noqa: ARG001
    """Keep the name of the fleet where `choice` finds it; the innermost --fleet counts."""
    if name is not None:
        ctx.find_root().obj = name


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
fleet_option = click.option(
    "--fleet",
    metavar="NAME",
    expose_value=False,
    callback=remember_fleet,
    help="The fleet to work on; see hactl --help.",
)
config_option = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The hactl.toml to use (default: the nearest one upward).",
)


def timeout_option(default: str, text: str) -> Callable[[F], F]:
    """`--timeout`, spelt alike everywhere."""
    return click.option("--timeout", type=duration, metavar="DURATION", default=default, show_default=True, help=text)


def changing(function: F) -> F:
    """The options of every verb that changes something."""
    options = [
        fleet_option,
        click.option("--dry-run", is_flag=True, help="Show what would happen; change nothing."),
        click.option("--wait", "wait_for_it", is_flag=True, help="Wait until the operation has ended."),
        timeout_option("120s", "How long --wait waits; then exit code 4."),
        click.option("--reason", default="", metavar="TEXT", help="Why; kept in the journal."),
        click.option("--confirm", default="", metavar="FLEET", help="The fleet's name: overrides the capacity rules."),
        json_option,
    ]
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), function)


def selecting(function: F) -> F:
    """The options that name nodes."""
    options = [
        click.option("--region", "regions", multiple=True, metavar="NAME", help="Every node of a region (repeatable)."),
        click.option("--all", "everything", is_flag=True, help="Every node (not the edges)."),
        click.option("--random", "at_random", is_flag=True, help="One of the selected nodes, at random."),
        click.option("--seed", type=int, help="Makes --random repeatable."),
    ]
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), function)


def label() -> str:
    """What the caller adds to their name in the journal: the terminal they sit at, be it through a console."""
    if given := os.environ.get(LABEL):
        return given
    try:
        return os.ttyname(0).removeprefix("/dev/")
    except OSError:
        return f"pid-{os.getppid()}"
