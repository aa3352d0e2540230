"""`hactl drill export`: a drill for other tools. What it means to them is `hactl.drill.chaostoolkit`."""

from pathlib import Path

import click
import msgspec

from hactl.cli import output
from hactl.cli.drill_options import drawn, file_option, seed_option, set_option
from hactl.cli.exits import Exit
from hactl.cli.options import fleet_option
from hactl.drill import library
from hactl.drill.chaostoolkit import experiment


@click.command()
@click.argument("name")
@click.option(
    "--format",
    type=click.Choice(["chaostoolkit"]),
    default="chaostoolkit",
    show_default=True,
    expose_value=False,
    help="The tool to export for.",
)
@seed_option
@set_option
@file_option
@fleet_option
def export(name: str, seed: int | None, settings: tuple[str, ...], target: Path | None) -> int:
    """Export a drill as a Chaos Toolkit experiment.

    The experiment has the drill's faults (injected under a lease, and undone), its load, its stop conditions and its
    hypothesis, with the whole drill embedded. The Chaos Toolkit checks the hypothesis before its rollbacks, while
    faults that last until the failback are still in effect. Objectives such as the RTO are judged only by hactl drill
    run. Running it requires hactl[chaostoolkit]. Every kind of fault can be exported; a drill with manual steps cannot.
    """
    fleet: str = click.get_current_context().find_root().obj or ""
    made = experiment(library.load(name, settings), drawn(seed), fleet)
    data = msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"
    if target is None:
        click.echo(data, nl=False)
    else:
        output.put(target, data)
    return Exit.OK
