"""`hactl drill report`: what was found in a run, in every format, and whether its files are still what was written."""

from pathlib import Path

import click

from hactl.cli import output
from hactl.cli.choice import choose
from hactl.cli.drill_options import file_option
from hactl.cli.exits import Exit
from hactl.cli.options import fleet_option, json_option
from hactl.core.errors import HactlError
from hactl.core.plain import one_line
from hactl.drill.filing import FILES, Format, verified, written
from hactl.drill.report import DrillReport
from hactl.drill.runs import Run, named, runs


@click.command()
@click.argument("run", required=False, default="")
@click.option("--all", "every", is_flag=True, help="List all runs instead.")
@click.option(
    "--format",
    "form",
    type=click.Choice([str(form) for form in Format]),
    default=str(Format.MARKDOWN),
    show_default=True,
    help="Output format: md and html for people, junit for build servers.",
)
@file_option
@click.option("--verify", is_flag=True, help="Check that its files are unchanged instead; exit code 1 if not.")
@fleet_option
@json_option
def report(run: str, every: bool, form: str, target: Path | None, verify: bool, as_json: bool) -> int:
    """Show the report of a run.

    RUN defaults to the newest one. The files of a run are kept beside the fleet's state, in every format. Works without
    a daemon.
    """
    root = choose().paths.drills
    if every:
        return _list(runs(root), as_json=as_json)
    chosen = named(root, run)
    filed = _filed(chosen)
    if verify:
        return _verify(chosen, filed, as_json=as_json)
    wanted = Format.JSON if as_json else Format(form)
    data = written(wanted, filed, chosen.earlier(filed.definition))
    if target is not None:
        output.put(target, data)
        return Exit.OK
    click.echo(data, nl=wanted is Format.JSON)
    if wanted in FILES:
        output.say(str(chosen.directory))
    return Exit.OK


def _filed(run: Run) -> DrillReport:
    filed = run.report()
    if filed is not None:
        return filed
    open_run = run.read()
    how = "is still in progress" if open_run.alive else "was abandoned by its runner"
    hint = "hactl drill stop" if open_run.alive else "hactl drill recover"
    raise HactlError(f"run '{run.name}' has no report yet: it {how} (phase {open_run.phase})", hint)


def _verify(run: Run, filed: DrillReport, *, as_json: bool) -> int:
    checks = verified(run.directory, filed)
    fine = all(check.ok for check in checks)
    if as_json:
        output.emit_json({"run": run.name, "unchanged": fine, "checks": checks})
    else:
        rows = [(check.name, check.value, check.limit, "ok" if check.ok else "NO") for check in checks]
        for line in output.table(("FILE", "IS", "WAS", ""), rows):
            click.echo(line)
    return Exit.OK if fine else Exit.FAILED


def _list(found: list[Run], *, as_json: bool) -> int:
    rows = [_row(run) for run in found]
    if as_json:
        output.emit_json({"runs": [dict(zip(("run", "verdict", "clean", "why"), row, strict=True)) for row in rows]})
    else:
        told = [
            (name, one_line(verdict), "NOT CLEAN" if clean is False else "", one_line(why))
            for name, verdict, clean, why in rows
        ]
        for line in output.table(("RUN", "VERDICT", "", "WHY"), told):
            click.echo(line)
    return Exit.OK


def _row(run: Run) -> tuple[str, str, bool | None, str]:
    """Its name, how it ended, whether it left nothing behind (None: not known), and why."""
    try:
        if (filed := run.report()) is not None:
            return run.name, str(filed.verdict), filed.clean, filed.why
        open_run = run.read()
    except HactlError as error:
        return run.name, "unreadable", None, error.message
    if open_run.alive:
        return run.name, f"in progress ({open_run.phase})", None, ""
    return run.name, "abandoned", None, "hactl drill recover"
