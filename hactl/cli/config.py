"""`hactl config`: check and show the configuration."""

from pathlib import Path

import click

from hactl import config as files
from hactl.cli import output, revisions
from hactl.cli.choice import choose, ensure_meant, nearest
from hactl.cli.exits import Exit
from hactl.cli.options import config_option, fleet_option, json_option
from hactl.core.errors import ConfigError
from hactl.core.plural import counted
from hactl.core.secrets import masked_spec
from hactl.core.spec import FleetSpec


@click.group()
def config() -> None:
    """Check, show and change the configuration."""


for verb in (revisions.diff, revisions.apply, revisions.history, revisions.rollback):
    config.add_command(verb)


@config.command()
@config_option
@json_option
def check(config: Path | None, as_json: bool) -> int:
    """Read the hactl.toml as `up` would, and report what is wrong with it. Starts nothing.

    With gateway.envoy_overlay, Envoy validates the result; the drills named by schedules are read as well.
    """
    from hactl.processes.judging import judge_overlay

    try:
        path, spec = _load(config)
        judge_overlay(spec, str(path))
        revisions.check_schedules(path, spec)
    except ConfigError as error:
        output.complain(error)
        return Exit.USAGE
    if as_json:
        output.emit_json({"path": str(path), "digest": files.digest(spec), "fleet": spec.name})
        return Exit.OK
    counts = {
        "region": len(spec.regions),
        "node": sum(region.nodes for region in spec.regions),
        "spare": sum(region.spares for region in spec.regions),
        "edge": spec.edge.count,
        "service": len(spec.services),
        "route": len(spec.routes),
    }
    parts = [counted(number, what) for what, number in counts.items() if number or what != "spare"]
    click.echo(f"{path}: fleet {spec.name}: {', '.join(parts)}")
    return Exit.OK


@config.command()
@config_option
@fleet_option
@click.option("--running", is_flag=True, help="Show what the running fleet has in force, not the file.")
@click.option("--revision", type=click.IntRange(min=1), help="Show a revision of the fleet, not the file.")
@click.option("--schema", is_flag=True, help="Show the JSON schema of the file, for editors.")
@json_option
def show(config: Path | None, running: bool, revision: int | None, schema: bool, as_json: bool) -> int:
    """Show the whole configuration with every default filled in. Literal values of gateway.env are masked."""
    if schema + running + (revision is not None) > 1:
        raise click.UsageError("Choose one of --running, --revision and --schema.")
    if schema:
        output.emit_schema(files.schema())
        return Exit.OK
    if revision is not None:
        spec = revisions.numbered(revisions.revisions(choose(config)), revision).spec
    else:
        spec = choose(config).client.fleet().fleet.spec if running else _load(config)[1]
    spec = masked_spec(spec)
    if as_json:
        output.emit_json(spec)
    else:
        click.echo(files.dump(spec), nl=False)
    return Exit.OK


def _load(given: Path | None) -> tuple[Path, FleetSpec]:
    path = given or nearest()
    if path is None:
        raise ConfigError("no hactl.toml in this directory or above", "hactl init writes one")
    spec = files.load(path)
    ensure_meant(spec.name, path)
    return path, spec
