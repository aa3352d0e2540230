"""`hactl drill list|show`: which drills there are, and how their files are written."""

import contextlib

import click

from hactl.cli import output
from hactl.cli.choice import choose
from hactl.cli.drill_options import set_option
from hactl.cli.exits import Exit
from hactl.cli.options import fleet_option, json_option
from hactl.core.errors import HactlError
from hactl.core.plain import one_line
from hactl.drill import library
from hactl.drill import suite as suites
from hactl.drill.runs import runs
from hactl.drill.schema import schema as drill_schema


@click.command("list")
@fleet_option
@json_option
def list_(as_json: bool) -> int:
    """List the built-in drills and how each last went.

    Runs of your own files are listed separately, even if such a file has the name of a built-in drill.
    """
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
                "last": last.get((one.name, "")),
            }
            for one in drills
        ]
        own = [{"name": name, "file": file, "last": verdict} for (name, file), verdict in last.items() if file]
        output.emit_json({"drills": rows, "suites": within, "own": own})
        return Exit.OK
    cells = [
        (one.name, f"{one.length:.0f} s", last.get((one.name, ""), "never"), " ".join(member[one.name]), one.title)
        for one in drills
    ]
    cells += [(name, "", verdict, "", one_line(f"your own: {file}")) for (name, file), verdict in last.items() if file]
    for line in output.table(("NAME", "TAKES", "LAST", "SUITE", "WHAT IT SHOWS"), cells, right=frozenset({1})):
        click.echo(line)
    return Exit.OK


@click.command()
@click.argument("name", required=False, default="")
@set_option
@click.option("--schema", is_flag=True, help="Show the JSON schema of drill files, for editors.")
@json_option
def show(name: str, settings: tuple[str, ...], schema: bool, as_json: bool) -> int:
    """Show the definition of a drill.

    NAME is a built-in drill or the path of a file; the output is a good start for a drill of your own.
    """
    if bool(name) == schema:
        raise click.UsageError("Give either the name of a drill or --schema. See: hactl drill list")
    if schema:
        output.emit_schema(drill_schema())
        return Exit.OK
    definition = library.load(name, settings)
    if as_json:
        output.emit_json(definition)
    else:
        click.echo(library.changed(name, settings) if settings else library.text(name)[0], nl=False)
    return Exit.OK


def _last() -> dict[tuple[str, str], str]:
    """How each drill went last on the fleet that is meant, if there is one: by its name and by the file that it was
    read from, "" for one that comes with hactl."""
    try:
        chosen = choose()
    except HactlError:
        return {}
    last: dict[tuple[str, str], str] = {}
    for run in reversed(runs(chosen.paths.drills)):
        with contextlib.suppress(HactlError):  # one that cannot be read is told by `report`
            drill = run.read().definition
            which = (drill.name, drill.source)
            # where there is a newer one, only that is read
            if which not in last and (filed := run.report()) is not None:
                last[which] = str(filed.verdict)
    return last
