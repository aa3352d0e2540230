"""`hactl chaos`: faults that a seed chooses, within limits; written down as an ordinary drill, and then run as one."""

import sys
from pathlib import Path

import click

from hactl.cli import output
from hactl.cli.choice import choose
from hactl.cli.drill_options import drawn, seed_option
from hactl.cli.drill_outcome import exit_of, tell
from hactl.cli.exits import Exit
from hactl.cli.options import duration, fleet_option, json_option
from hactl.core.errors import HactlError

LONGEST = 3600.0
"""Seconds; a hold of a drill takes no longer."""


@click.command()
@click.option("--monkey", is_flag=True, required=True, help="Let a monkey choose; there is no other chaos.")
@click.option(
    "--for", "length", type=duration, metavar="DURATION", default="5m", show_default=True, help="For how long."
)
@click.option(
    "--mean-gap", type=duration, metavar="DURATION", default="30s", show_default=True, help="Between two faults."
)
@click.option(
    "--within",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Limits, load and objectives as in a drill file, and types of faults.",
)
@click.option(
    "-o", "--output", "path", type=click.Path(path_type=Path), metavar="FILE", help="The drill file (chaos-SEED.toml)."
)
@click.option("--dry-run", is_flag=True, help="Print the drill file; write and run nothing.")
@seed_option
@fleet_option
@json_option
def chaos(
    monkey: bool,  # noqa: ARG001 - it has to be said
    length: float,
    mean_gap: float,
    within: Path | None,
    path: Path | None,
    dry_run: bool,
    seed: int | None,
    as_json: bool,
) -> int:
    """Break things by chance, within limits.

    Which, whose and when follows from the seed and the configuration alone. The faults are written down as a drill
    file first, so that they can be read, and run again: hactl drill run FILE. All of them together touch no more of
    the fleet than the safety rules of hactl.toml allow at once. Exit codes as for: hactl drill run.
    """
    from hactl.drill import library
    from hactl.drill.monkey import BREATH, Chaos, drill_of, frame_of
    from hactl.drill.reading import parse

    if not BREATH <= length <= LONGEST:
        raise click.UsageError(f"--for wants a duration from {BREATH:g} s to {LONGEST / 60:g} m.")
    if not 1.0 <= mean_gap <= length:
        raise click.UsageError("--mean-gap wants a duration from 1 s to that of --for.")
    frame = frame_of(library.read(within, "hactl chaos --help"), str(within)) if within else frame_of("", "limits")
    chosen = choose()
    seed = drawn(seed)
    text = drill_of(Chaos(seed=seed, length=length, gap=mean_gap), chosen.client.fleet().fleet, frame)
    if dry_run:
        click.echo(text, nl=False)
        return Exit.OK
    path = Path(f"chaos-{seed}.toml") if path is None else path
    _keep(path, text.encode())
    output.say(f"chaos: {text.count('[[fault]]')} faults, written to {path}; again: {again(path)}")
    from hactl.cli.drill_running import execute

    result = execute(chosen, parse(text, str(path)), seed, attended=sys.stdin.isatty())
    if as_json:
        output.emit_json(result)
    else:
        tell(result)
    return exit_of(result)


def again(path: Path) -> str:
    """What runs that file once more; a bare name would be one of the drills that come with hactl."""
    return f"hactl drill run {path if path.is_absolute() else f'./{path}'}"


def _keep(path: Path, data: bytes) -> None:
    """Write the file, but over no other."""
    try:
        if path.exists() and path.read_bytes() != data:
            raise HactlError(f"{path} is there already, and says something else", "remove it, or: -o FILE")
        path.write_bytes(data)
    except OSError as error:
        raise HactlError(f"cannot write {path}: {(error.strerror or str(error)).lower()}", "-o FILE") from error
