"""`hactl purge`: remove all state of a stopped fleet, once its name has been typed."""

import sys
from typing import TYPE_CHECKING

import click

from hactl.cli import output
from hactl.cli.choice import choose
from hactl.cli.exits import Exit
from hactl.cli.options import fleet_option, json_option
from hactl.core.errors import CommandRejected
from hactl.paths import FleetPaths

if TYPE_CHECKING:
    from hactl.processes.purging import Remains


@click.command()
@fleet_option
@click.option("--confirm", default="", metavar="FLEET", help="The fleet's name: what is removed cannot be restored.")
@click.option("--dry-run", is_flag=True, help="Show what would be removed; remove nothing.")
@json_option
def purge(confirm: str, dry_run: bool, as_json: bool) -> int:
    """Remove the journal, the logs and all other state of a stopped fleet. Keeps its hactl.toml.

    Refused while its daemon or any of its processes runs. On a terminal it asks for the fleet's name; elsewhere pass it
    with --confirm.
    """
    from hactl.processes import purging

    chosen = choose()
    paths = FleetPaths(chosen.state.resolve())
    remains = purging.survey(chosen.name, paths)
    purging.ensure_stopped(chosen.name, paths)
    if dry_run:
        return _would_remove(remains, as_json=as_json)
    _ensure_meant(remains, confirm)
    removed = []
    for piece in purging.purge(chosen.name, paths):
        removed.append(piece)
        output.say(f"removed {piece.path}{_weight(piece.bytes)}")
    if as_json:
        output.emit_json({"fleet": chosen.name, "removed": removed, "left": remains.others, "drills": remains.drills})
    _say_what_stays(remains)
    return Exit.OK


def _ensure_meant(remains: "Remains", confirm: str) -> None:
    """Raises CommandRejected unless the fleet's name was typed."""
    if not confirm and sys.stdin.isatty():
        output.say("\n".join([f"this removes, for ever{_weight(remains.bytes)}:", *_listed(remains)]))
        confirm = click.prompt(f"type the fleet's name ({remains.fleet}) to go on", default="", err=True)
    if confirm != remains.fleet:
        what = "not confirmed" if not confirm else f"'{confirm}' is not the fleet's name"
        raise CommandRejected(
            f"nothing was removed: {what}", f"hactl --fleet {remains.fleet} purge --confirm {remains.fleet}", guard=True
        )


def _would_remove(remains: "Remains", *, as_json: bool) -> int:
    if as_json:
        left = {"leaves": remains.others, "drills": remains.drills}
        output.emit_json({"fleet": remains.fleet, "removes": remains.pieces, **left})
        return Exit.OK
    for line in _listed(remains):
        click.echo(line)
    _say_what_stays(remains)
    return Exit.OK


def _listed(remains: "Remains") -> list[str]:
    return [f"  {piece.path}{_weight(piece.bytes)}" for piece in remains.pieces]


def _weight(count: int) -> str:
    """Bytes for people; "" for none."""
    if not count:
        return ""
    return f" ({count >> 20} MiB)" if count >> 20 else f" ({max(1, count >> 10)} KiB)"


def _say_what_stays(remains: "Remains") -> None:
    if remains.others:
        output.say(f"not the fleet's, left in {remains.state}: {', '.join(remains.others)}")
    if remains.drills:
        output.say(f"reports of drills stay: {remains.drills}")
