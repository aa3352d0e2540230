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
    help="For which tool.",
)
@seed_option
@set_option
@file_option
@fleet_option
def export(name: str, seed: int | None, settings: tuple[str, ...], target: Path | None) -> int:
    """Write a drill as an experiment of the Chaos Toolkit.

    Its faults, under a lease and undone, with its load and its stop conditions; its hypothesis; and the whole drill
    beside them. The Chaos Toolkit asks whether the hypothesis holds before its rollbacks: what lasts to the failback
    lasts then as well. Objectives such as the RTO are judged by hactl drill run only. Whoever runs it needs
    hactl[chaostoolkit]. Every kind of fault can be exported; a drill that waits for a person cannot.
    """
    fleet: str = click.get_current_context().find_root().obj or ""
    made = experiment(library.load(name, settings), drawn(seed), fleet)
    data = msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"
    if target is None:
        click.echo(data, nl=False)
    else:
        output.put(target, data)
    return Exit.OK
