"""`hactl drill run`: one drill, or those of a suite. How they are run stands in `drill_running` and `drill_suite`."""

import sys
from functools import partial
from pathlib import Path

import click

from hactl.cli import output
from hactl.cli.choice import choose
from hactl.cli.drill_options import drawn, seed_option, set_option
from hactl.cli.drill_outcome import exit_of, tell
from hactl.cli.drill_sheets import Sheets, junit_option, one_drill, summary_option
from hactl.cli.options import fleet_option, json_option
from hactl.drill import library
from hactl.drill import suite as suites


@click.command()
@click.argument("name", required=False, default="")
@click.option("--suite", metavar="NAME", default="", help="Run every drill of a suite: ci, or the path of a file.")
@click.option("--skip", multiple=True, metavar="DRILL", help="Leave out this drill of the suite (repeatable).")
@click.option(
    "--again",
    type=click.IntRange(0, 5),
    default=0,
    metavar="N",
    help="Repeat an inconclusive drill of the suite up to N times.",
)
@click.option(
    "--input/--no-input",
    "attended",
    default=None,
    help="Whether someone is present for manual steps (default: if stdin is a terminal).",
)
@junit_option
@summary_option
@seed_option
@set_option
@fleet_option
@json_option
def run(
    name: str,
    suite: str,
    skip: tuple[str, ...],
    again: int,
    attended: bool | None,
    junit: Path | None,
    summary: Path | None,
    seed: int | None,
    settings: tuple[str, ...],
    as_json: bool,
) -> int:
    """Run a drill and report.

    NAME is a built-in drill or the path of a file. Whatever happens to this command, the daemon restores everything:
    Ctrl-C stops the drill in an orderly way, and if the runner dies, its lease on the fleet expires within seconds.
    Reports are kept beside the fleet's state: hactl drill report.

    A drill with manual steps waits for: hactl drill continue; without anyone present it is inconclusive.

    With --suite, runs several drills in sequence, provided every one passes its gate; prints one line per drill and
    exits with the worst code: 12, 1, 10, 11, 130, in this order.
    """
    from hactl.cli.drill_running import execute
    from hactl.cli.drill_suite import run_suite

    if bool(name) == bool(suite):
        raise click.UsageError("Give either the name of a drill or --suite. See: hactl drill list")
    if (skip or again) and not suite:
        raise click.UsageError("--skip and --again require --suite.")
    run_one = partial(execute, attended=sys.stdin.isatty() if attended is None else attended)
    if suite:
        wanted = suites.load(suite)
        drills = wanted.load(settings, skip)
        if not drills:
            raise click.UsageError(f"--skip leaves no drill of suite '{suite}'.")
        number, chosen = drawn(seed), choose()
        sheets = Sheets(f"Drills of suite {wanted.name} on fleet {chosen.name}, seed {number}", junit, summary)
        return run_suite(chosen, wanted, drills, number, run_one, again=again, as_json=as_json, sheets=sheets)
    drill, number, chosen = library.load(name, settings), drawn(seed), choose()
    sheets = Sheets(f"Drill {drill.name} on fleet {chosen.name}, seed {number}", junit, summary)
    result = one_drill(sheets, drill.name, lambda: run_one(chosen, drill, number))
    if as_json:
        output.emit_json(result)
    else:
        tell(result)
    return exit_of(result)
