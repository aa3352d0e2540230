"""How a drill that was run, or several, ended: for a script by the exit code, for people in words."""

from collections.abc import Iterable

import click

from hactl.cli import output
from hactl.cli.exits import Exit
from hactl.core.plain import one_line
from hactl.drill.report import DrillReport
from hactl.drill.verdict import Verdict

_EXITS = {
    Verdict.PASS: Exit.OK,
    Verdict.FAIL: Exit.FAILED,
    Verdict.INCONCLUSIVE: Exit.INCONCLUSIVE,
    Verdict.ABORTED: Exit.ABORTED,
    Verdict.ERROR: Exit.FAILED,
}
_WORST_FIRST = (Exit.NOT_CLEAN, Exit.FAILED, Exit.INCONCLUSIVE, Exit.ABORTED, Exit.INTERRUPTED)


def exit_of(result: DrillReport) -> Exit:
    """The exit code for a report."""
    if not result.clean:
        return Exit.NOT_CLEAN
    return Exit.INTERRUPTED if result.interrupted else _EXITS[result.verdict]


def worst(exits: Iterable[Exit]) -> Exit:
    """The exit code for several drills: what was left behind wins, then what was missed, then what shows nothing."""
    had = set(exits)
    return next((one for one in _WORST_FIRST if one in had), Exit.OK)


def tell(result: DrillReport) -> None:
    """Tell people how it ended: the outcome on stdout, where to read more on stderr."""
    rows = [(item.name, one_line(item.value), item.limit, str(item.status)) for item in result.objectives]
    if rows:
        for line in output.table(("OBJECTIVE", "MEASURED", "WANTED", ""), rows):
            click.echo(line)
    click.echo(one_line(f"{result.definition.name} {str(result.verdict).upper()}: {result.why}"))
    if not result.clean:
        click.echo(one_line(f"NOT CLEAN: {'; '.join(result.evidence.leftovers)}"))
    output.say(f"hactl drill report {result.identity.run}")
