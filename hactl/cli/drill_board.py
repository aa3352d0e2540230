"""`hactl drill compare|board`: runs side by side, and how ready a fleet is by what its drills have shown."""

import time
from pathlib import Path

import click

from hactl.cli import output
from hactl.cli.choice import choose
from hactl.cli.exits import Exit
from hactl.cli.options import duration, fleet_option, json_option
from hactl.core.errors import ConfigError
from hactl.core.plain import one_line
from hactl.core.plural import counted
from hactl.core.reading import age
from hactl.drill import library
from hactl.drill.board import Entry, Standing, worst
from hactl.drill.board import board as judged
from hactl.drill.comparing import LAST, Compared, Trend, side, spoken
from hactl.drill.comparing import compare as compared
from hactl.drill.quantity import Unit, signed
from hactl.drill.report import DrillReport
from hactl.drill.runs import filed

_TOO_LITTLE = {Standing.FAILING, Standing.UNPROVEN, Standing.NEVER, Standing.OLD}


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--last",
    type=click.IntRange(1, 1000),
    default=LAST,
    show_default=True,
    metavar="N",
    help="How many of a drill's newest runs to use.",
)
@fleet_option
@json_option
def compare(a: str, b: str, last: int, as_json: bool) -> int:
    """Compare two runs, or the runs of two drills.

    A and B are each the name of a run, or of a drill: then the medians of its conclusive runs are compared. Works
    without a daemon.
    """
    reports = _reports(choose().paths.drills)
    runs = {one.identity.run for one in reports}
    one = side(a, reports, last, without=b if b in runs else "")
    other = side(b, reports, last, without=a if a in runs else "")
    result = compared(one, other)
    if as_json:
        output.emit_json({"comparison": result})
        return Exit.OK
    heads = [f"{name} ({counted(len(runs), 'run')})" for name, runs in ((a, result.runs_a), (b, result.runs_b))]
    rows = [("verdict", result.came_a, result.came_b, "", ""), *(_row(figure) for figure in result.figures)]
    for line in output.table(("FIGURE", *heads, "DIFFERENCE", ""), rows, right=frozenset({1, 2, 3})):
        click.echo(line)
    for note in result.notes:
        output.say(note)
    if result.caution:
        output.say(result.caution)
    return Exit.OK


@click.command()
@click.argument("drills", nargs=-1)
@click.option(
    "--max-age",
    "oldest",
    type=duration,
    metavar="DURATION",
    help="Also exit with 1 if a drill has no pass newer than this.",
)
@fleet_option
@json_option
def board(drills: tuple[str, ...], oldest: float | None, as_json: bool) -> int:
    """Show how ready the fleet is: when each drill last passed.

    Also shows how much room its objectives had left, and its RTO over the last runs. DRILLS limits it to these; exit
    code 1 if one of them fails. Works without a daemon.
    """
    reports = _reports(choose().paths.drills)
    entries = judged((library.load(name) for name in library.names()), reports, time.time(), oldest)
    unknown = set(drills) - {entry.drill for entry in entries}
    if unknown:
        raise ConfigError(f"no drill '{min(unknown)}', and no run of a drill with that name", "hactl drill list")
    entries = tuple(entry for entry in entries if not drills or entry.drill in drills)
    wrong = _TOO_LITTLE if oldest is not None else {Standing.FAILING}
    code = Exit.FAILED if worst(entries) in wrong else Exit.OK
    if as_json:
        output.emit_json({"ready": code is Exit.OK, "board": entries})
        return code
    head = ("DRILL", "STANDS", "LAST PASS", "LEAST MARGIN", "RTO", "TREND")
    for line in output.table(head, [_entry(entry) for entry in entries]):
        click.echo(line)
    for entry in entries:
        if entry.words != entry.standing and entry.words:
            output.say(one_line(f"{entry.drill}: {entry.words}"))
    return code


def _reports(root: Path) -> list[DrillReport]:
    reports, unreadable = filed(root)
    for told in unreadable:
        output.say(f"not counted: {told}")
    return reports


def _row(figure: Compared) -> tuple[str, ...]:
    difference = "" if figure.difference is None else signed(figure.difference, figure.unit)
    trend = "" if figure.trend is Trend.UNKNOWN else str(figure.trend)
    return figure.name, spoken(figure.a, figure.unit), spoken(figure.b, figure.unit), difference, trend


def _entry(entry: Entry) -> tuple[str, ...]:
    ago = "-" if entry.age is None else f"{age(entry.age)} ago"
    margin = "-" if entry.margin is None else f"{entry.margin * 100:.0f} % ({entry.tightest})"
    rto = "-" if entry.rto is None else f"{spoken(entry.rto, Unit.SECONDS)}, {counted(entry.rto.count, 'run')}"
    return entry.drill, str(entry.standing), ago, margin, rto, str(entry.trend) if entry.rto else "-"
