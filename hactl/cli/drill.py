"""`hactl drill`: break the fleet on purpose, measure what clients saw, and see that everything was put back."""

import contextlib
import sys
from functools import partial

import click

from hactl.cli import output
from hactl.cli.choice import Chosen, choose
from hactl.cli.drill_board import board, compare
from hactl.cli.drill_export import export
from hactl.cli.drill_hands import continue_, stop, unlock
from hactl.cli.drill_options import drawn, seed_option, set_option
from hactl.cli.drill_outcome import exit_of, summary
from hactl.cli.drill_report import report
from hactl.cli.drill_runs import recover
from hactl.cli.drill_schedule import schedule
from hactl.cli.exits import Exit
from hactl.cli.options import fleet_option, json_option
from hactl.core.errors import HactlError
from hactl.core.plain import one_line
from hactl.drill import library
from hactl.drill import suite as suites
from hactl.drill.runs import runs
from hactl.drill.schema import schema as drill_schema


@click.group()
def drill() -> None:
    """Break the fleet on purpose, measure what clients saw, put everything back.

    A drill is a file: faults, phases, limits and objectives. Exit codes of `run`: 0 passed, 1 an objective was missed
    or the drill broke, 5 it may not be begun, 10 inconclusive, 11 aborted, 12 not clean, 130 interrupted and put back.
    """


for verb in (stop, continue_, unlock, schedule, recover, report, compare, board, export):
    drill.add_command(verb)


@drill.command("list")
@fleet_option
@json_option
def list_(as_json: bool) -> int:
    """List the drills that come with hactl, and how each went last."""
    last = _last()
    drills = [library.load(name) for name in library.names()]
    within = {name: [one.name for one in suites.load(name).drills] for name in suites.names()}
    member = {one.name: [suite for suite, has in within.items() if one.name in has] for one in drills}
    if as_json:
        rows = [
            {
                "name": one.name,
                "title": one.title,
                "tags": one.tags,
                "suites": member[one.name],
                "last": last.get(one.name),
            }
            for one in drills
        ]
        output.emit_json({"version": 1, "drills": rows, "suites": within})
        return Exit.OK
    cells = [
        (one.name, f"{one.length:.0f} s", last.get(one.name, "never"), " ".join(member[one.name]), one.title)
        for one in drills
    ]
    for line in output.table(("NAME", "TAKES", "LAST", "SUITE", "WHAT IT SHOWS"), cells, right=frozenset({1})):
        click.echo(line)
    return Exit.OK


@drill.command()
@click.argument("name", required=False, default="")
@set_option
@click.option("--schema", is_flag=True, help="The JSON schema of drill files instead, for editors.")
@json_option
def show(name: str, settings: tuple[str, ...], schema: bool, as_json: bool) -> int:
    """Show a drill.

    NAME is one that comes with hactl, or the path of a file; what is shown is the beginning of one of your own.
    """
    if bool(name) == schema:
        raise click.UsageError("Name a drill, or ask for the --schema: one of the two. See: hactl drill list")
    if schema:
        output.emit_json(drill_schema())
        return Exit.OK
    definition = library.load(name, settings)
    if as_json:
        output.emit_json(definition)
    else:
        click.echo(library.changed(name, settings) if settings else library.text(name)[0], nl=False)
    return Exit.OK


@drill.command()
@click.argument("name")
@seed_option
@set_option
@fleet_option
@json_option
def plan(name: str, seed: int | None, settings: tuple[str, ...], as_json: bool) -> int:
    """Say what a drill would do; change nothing.

    To whom, and whether it may: exit code 5 when not. NAME is one that comes with hactl, or the path of a file.
    """
    from hactl.cli.drill_asking import ask
    from hactl.drill.availability import reality
    from hactl.drill.gate import foreseen

    definition = library.load(name, settings)
    chosen = choose()
    client = chosen.client
    fleet = client.fleet().fleet
    asked = ask(client, definition, fleet, drawn(seed), chosen.paths.state)
    made, checks, refusal, may = asked.plan, asked.gate, asked.refusal, asked.may
    notes = tuple(foreseen(definition, attended=sys.stdin.isatty()))
    if as_json:
        output.emit_json(
            {"version": 1, "plan": made, "gate": checks, "refused": str(refusal or ""), "may": may, "notes": notes}
        )
        return Exit.OK if may else Exit.REFUSED
    click.echo(f"drill {definition.name} on fleet {fleet.name}, seed {made.seed}; nothing was changed")
    for strike in made.strikes:
        kept = ", kept down until the failback" if strike.keep_down else ""
        click.echo(f"  {strike.at:4.1f} s  {strike} ({strike.why}), {reality(strike.kind)}{kept}")
    for step in made.steps:
        click.echo(f"  {step.at:4.1f} s  wait for a person, at most {step.within:g} s: {one_line(step.manual)}")
    click.echo(f"  load    {made.load.rate:g} requests/s to {made.load.url}, timeout {made.load.timeout:g} s")
    phases = definition.phases
    click.echo(f"  phases  baseline {phases.baseline:g} s, hold {phases.hold:g} s, settle {phases.settle:g} s")
    rows = [(check.name, check.value, check.limit, "ok" if check.ok else "NO") for check in checks]
    for line in output.table(("GATE", "IS", "WANTED", ""), rows):
        click.echo(f"  {line}")
    for check in checks:
        if not check.ok:
            output.complain(HactlError(check.unmet, check.hint))
    for note in notes:
        output.say(f"it would be inconclusive: {one_line(note)}")
    if refusal is not None:
        output.complain(refusal)
    return Exit.OK if may else Exit.REFUSED


@drill.command()
@click.argument("name", required=False, default="")
@click.option("--suite", metavar="NAME", default="", help="Run every drill of a suite: ci, or the path of a file.")
@click.option("--skip", multiple=True, metavar="DRILL", help="Leave one of the suite out (repeatable).")
@click.option(
    "--again",
    type=click.IntRange(0, 5),
    default=0,
    metavar="N",
    help="Run one of the suite that shows nothing up to N times more.",
)
@click.option(
    "--input/--no-input",
    "attended",
    default=None,
    help="Whether a person is there for manual steps (default: when stdin is a terminal).",
)
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
    seed: int | None,
    settings: tuple[str, ...],
    as_json: bool,
) -> int:
    """Run a drill, and report.

    NAME is one that comes with hactl, or the path of a file. Whatever becomes of this command, the daemon puts
    everything back: Ctrl-C ends it in good order, and a runner that dies loses the fleet within seconds. Reports are
    kept beside the fleet's state: hactl drill report.

    A drill with manual steps waits for: hactl drill continue; where nobody is there it is inconclusive.

    With --suite, several one after the other, if the gate lets all of them; a line for each, and the exit code of the
    worst: 12, 1, 10, 11, 130.
    """
    from hactl.cli.drill_running import execute
    from hactl.cli.drill_suite import run_suite

    if bool(name) == bool(suite):
        raise click.UsageError("Name a drill, or give --suite: one of the two. See: hactl drill list")
    if (skip or again) and not suite:
        raise click.UsageError("--skip and --again are about the drills of a --suite.")
    run_one = partial(execute, attended=sys.stdin.isatty() if attended is None else attended)
    if suite:
        wanted = suites.load(suite)
        drills = wanted.load(settings, skip)
        if not drills:
            raise click.UsageError(f"--skip leaves nothing of suite '{suite}'.")
        return run_suite(choose(), wanted, drills, drawn(seed), run_one, again=again, as_json=as_json)
    result = run_one(choose(), library.load(name, settings), drawn(seed))
    if as_json:
        output.emit_json(result)
    else:
        summary(result)
    return exit_of(result)


def _last() -> dict[str, str]:
    """How each drill went last on the fleet that is meant, if there is one."""
    try:
        chosen: Chosen = choose()
    except HactlError:
        return {}
    last: dict[str, str] = {}
    for run in reversed(runs(chosen.paths.drills)):
        if run.drill in last:
            continue  # there is a newer one: only that is read
        with contextlib.suppress(HactlError):  # one that cannot be read is told by `report`
            if (filed := run.report()) is not None:
                last[run.drill] = str(filed.verdict)
    return last
