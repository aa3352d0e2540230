"""`hactl chaos`: faults chosen by a seed, within limits; written down as an ordinary drill, and then run as one."""

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hactl.cli import output
from hactl.cli.choice import Chosen, choose
from hactl.cli.drill_options import drawn, seed_option
from hactl.cli.drill_outcome import exit_of, tell
from hactl.cli.drill_sheets import Sheets, junit_option, one_drill, summary_option
from hactl.cli.exits import Exit
from hactl.cli.options import duration, fleet_option, json_option
from hactl.core.errors import HactlError, os_reason
from hactl.core.model import Fleet
from hactl.core.plural import counted
from hactl.core.value import replace

if TYPE_CHECKING:
    from hactl.drill.definition import Definition, FaultKind
    from hactl.drill.report import DrillReport

LONGEST = 3600.0
"""Seconds; a hold of a drill takes no longer."""


def kinds_of(_: click.Context, __: click.Parameter, names: tuple[str, ...]) -> "tuple[FaultKind, ...]":
    """What `--only` and `--without` name. Raises click.BadParameter."""
    from hactl.drill.candidates import kind_of

    try:
        return tuple(kind_of(name) for name in names)
    except HactlError as error:
        raise click.BadParameter(f"{error.message}; {error.hint}") from error


def beginning(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """The kinds of faults whose names begin with this, for shell completion."""
    from hactl.drill.definition import FaultKind

    return [kind for kind in FaultKind if kind.startswith(begun)]


_kinds = partial(click.option, multiple=True, callback=kinds_of, shell_complete=beginning, metavar="KIND")


@click.command()
@click.option("--monkey", is_flag=True, required=True, help="Choose faults at random (required).")
@click.option(
    "--for", "length", type=duration, metavar="DURATION", default="5m", show_default=True, help="How long to go on."
)
@click.option(
    "--mean-gap",
    type=duration,
    metavar="DURATION",
    default="30s",
    show_default=True,
    help="Average time between two faults.",
)
@_kinds("--only", help="Choose only from this kind of fault (repeatable).")
@_kinds("--without", help="Leave out this kind of fault (repeatable).")
@click.option(
    "--within",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file with limits, load and objectives as in a drill, and types of faults.",
)
@click.option(
    "-o",
    "--output",
    "path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to write the drill file (default: chaos-SEED.toml).",
)
@click.option("--dry-run", is_flag=True, help="Print what would be done and the drill file; write and run nothing.")
@junit_option
@summary_option
@seed_option
@fleet_option
@json_option
def chaos(
    monkey: bool,  # noqa: ARG001 - it has to be said
    length: float,
    mean_gap: float,
    only: "tuple[FaultKind, ...]",
    without: "tuple[FaultKind, ...]",
    within: Path | None,
    path: Path | None,
    dry_run: bool,
    junit: Path | None,
    summary: Path | None,
    seed: int | None,
    as_json: bool,
) -> int:
    """Inject random faults, within limits.

    The seed, configuration and options fully determine which faults strike what, and when. The faults are first written
    to a drill file, so that they can be read, and run again: hactl drill run FILE. Together they never touch more of
    the fleet than the safety rules of hactl.toml allow at once. Exit codes are those of: hactl drill run.

    By default it chooses from all faults of processes, nodes and hops to nodes that this fleet can suffer. Faults of
    services only if named, or if load.route in the file of --within is @service: only clients that use a service see
    its faults, and stop the run when there are too many. Only if named: load.surge, pressure.cpu, pressure.memory,
    disk.full, daemon.kill, daemon.freeze, config.apply. What each means here: hactl doctor.
    """
    from hactl.drill import library
    from hactl.drill.candidates import BREATH, chosen_from
    from hactl.drill.monkey import Chaos, Choice, drill_of, frame_of
    from hactl.drill.reading import parse

    if not BREATH <= length <= LONGEST:
        raise click.UsageError(f"--for must be a duration from {BREATH:g} s to {LONGEST / 60:g} m.")
    if not 1.0 <= mean_gap <= length:
        raise click.UsageError("--mean-gap must be a duration from 1 s to that of --for.")
    frame = frame_of(library.read(within, "hactl chaos --help"), str(within)) if within else frame_of("", "limits")
    try:
        chosen_from(only, without, frame.types, frame.usual)
    except HactlError as error:
        raise click.UsageError(f"{error.message}; {error.hint}") from error
    chosen = choose()
    seed = drawn(seed)
    snapshot = chosen.client.fleet()
    choice = Choice(only=only, without=without, missing=_missing(chosen, snapshot.pulse.pid, (*only, *frame.types)))
    wanted = Chaos(seed=seed, length=length, gap=mean_gap)
    text = drill_of(wanted, snapshot.fleet, frame, choice, asked=_typed(only, without, within))
    if dry_run:
        return _foretold(chosen, snapshot.fleet, text, seed, as_json=as_json)
    path = Path(f"chaos-{seed}.toml") if path is None else path
    _keep(path, text.encode())
    drill = replace(parse(text, str(path)), source=str(path.absolute()))
    sheets = Sheets(f"Drill {drill.name} on fleet {chosen.name}, seed {seed}", junit, summary)
    result = one_drill(sheets, drill.name, partial(_run, chosen, drill, seed, path))
    if as_json:
        output.emit_json(result)
    else:
        tell(result)
    return exit_of(result)


def _run(chosen: Chosen, drill: "Definition", seed: int, path: Path) -> "DrillReport":
    """Run what was written to `path`; raises as `execute`."""
    from hactl.cli.drill_running import execute

    output.say(f"chaos: {counted(len(drill.faults), 'fault')}, written to {path}; again: {again(path)}")
    return execute(chosen, drill, seed, attended=sys.stdin.isatty())


def _missing(chosen: Chosen, daemon: int, named: "tuple[FaultKind, ...]") -> "dict[FaultKind, str]":
    """What cannot be done on this machine, and why; the daemon is examined only if it may be struck."""
    from hactl.drill.availability import missing
    from hactl.drill.definition import OF_THE_DAEMON
    from hactl.supervisor.origin import started_with

    found = missing(chosen.paths.state)
    if not set(named).isdisjoint(OF_THE_DAEMON):
        try:
            started_with(daemon)
        except HactlError as error:
            found |= dict.fromkeys(OF_THE_DAEMON, f"{error.message} ({error.hint})")
    return found


def _foretold(chosen: Chosen, fleet: Fleet, text: str, seed: int, *, as_json: bool) -> int:
    """The drill file as data on stdout; when each fault strikes, and what would refuse it now, on stderr."""
    from hactl.cli.drill_asking import ask
    from hactl.drill.availability import reality
    from hactl.drill.reading import parse

    definition = parse(text, "chaos")
    asked = ask(chosen.client, definition, fleet, seed, chosen.paths.state)
    if as_json:
        plan = {"plan": asked.plan, "may": asked.may, "refused": asked.why_not}
        output.emit_json({"seed": seed, "file": text, **plan})
    else:
        output.say(f"chaos with seed {seed}: {counted(len(asked.plan.strikes), 'fault')}; nothing was changed")
        for strike in asked.plan.strikes:
            output.say(f"  {strike.at:6.1f} s  {strike}, {reality(strike.kind)}")
        click.echo(text, nl=False)
        if not asked.may:
            output.say(f"hactl: it would be refused now: {asked.why_not}")
    return Exit.OK if asked.may else Exit.REFUSED


def _typed(only: "tuple[FaultKind, ...]", without: "tuple[FaultKind, ...]", within: Path | None) -> str:
    """The options that narrow the choice, as they would be typed again."""
    words = [f"--only {kind}" for kind in only] + [f"--without {kind}" for kind in without]
    words += [f"--within {shlex.quote(str(within))}"] if within else []
    return "".join(f" {word}" for word in words)


def again(path: Path) -> str:
    """What runs that file once more; a bare name would be one of the drills that come with hactl."""
    return shlex.join(("hactl", "drill", "run", str(path) if path.is_absolute() else f"./{path}"))


def _keep(path: Path, data: bytes) -> None:
    """Write the file, but never over a different one."""
    try:
        if path.exists() and path.read_bytes() != data:
            raise HactlError(
                f"{path} already exists with different content", "remove it, or choose another name: -o FILE"
            )
        path.write_bytes(data)
    except OSError as error:
        raise HactlError(f"cannot write {path}: {os_reason(error)}", "-o FILE") from error
