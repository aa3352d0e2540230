"""`hactl drill plan`: whom a drill would strike, and whether it may. What it asks for that is `drill_asking`."""

import sys

import click

from hactl.cli import output
from hactl.cli.choice import choose
from hactl.cli.drill_asking import ask
from hactl.cli.drill_options import drawn, seed_option, set_option
from hactl.cli.exits import Exit
from hactl.cli.options import fleet_option, json_option
from hactl.core.errors import HactlError
from hactl.core.plain import one_line
from hactl.drill import library
from hactl.drill.availability import reality
from hactl.drill.gate import foreseen


@click.command()
@click.argument("name")
@seed_option
@set_option
@fleet_option
@json_option
def plan(name: str, seed: int | None, settings: tuple[str, ...], as_json: bool) -> int:
    """Show what a drill would do; change nothing.

    Shows what it would strike, and whether it would be allowed: exit code 5 if not. NAME is a built-in drill or the
    path of a file.
    """
    definition = library.load(name, settings)
    chosen = choose()
    client = chosen.client
    fleet = client.fleet().fleet
    asked = ask(client, definition, fleet, drawn(seed), chosen.paths.state)
    made, checks, refusal, may = asked.plan, asked.gate, asked.refusal, asked.may
    notes = tuple(foreseen(definition, attended=sys.stdin.isatty()))
    if as_json:
        output.emit_json({"plan": made, "gate": checks, "refused": str(refusal or ""), "may": may, "notes": notes})
        return Exit.OK if may else Exit.REFUSED
    click.echo(f"drill {definition.name} on fleet {fleet.name}, seed {made.seed}; nothing was changed")
    for strike in made.strikes:
        kept = ", held down until the failback" if strike.keep_down else ""
        click.echo(f"  {strike.at:4.1f} s  {strike} ({strike.why}), {reality(strike.kind)}{kept}")
    for step in made.steps:
        click.echo(f"  {step.at:4.1f} s  manual step, at most {step.within:g} s: {one_line(step.manual)}")
    click.echo(f"  load    {made.load.told}, timeout {made.load.timeout:g} s")
    if (beside := made.load.beside) is not None:
        click.echo(f"  others  {beside.told}")
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
