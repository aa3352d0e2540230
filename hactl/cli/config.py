"""`hactl config`: check and show the configuration."""

from pathlib import Path

import click

from hactl import config as files
from hactl.cli import output
from hactl.cli.choice import choose
from hactl.cli.exits import Exit
from hactl.cli.options import config_option, json_option
from hactl.core.errors import ConfigError, HactlError
from hactl.core.spec import FleetSpec


@click.group()
def config() -> None:
    """Check and show the configuration."""


@config.command()
@config_option
@json_option
def check(config: Path | None, as_json: bool) -> int:
    """Read the hactl.toml as `up` would, and say what is wrong with it. Starts nothing."""
    path, spec = _load(config)
    if as_json:
        output.emit_json({"path": str(path), "digest": files.digest(spec), "fleet": spec.name})
        return Exit.OK
    nodes = sum(region.nodes for region in spec.regions)
    counts = f"{len(spec.regions)} regions, {nodes} nodes, {spec.edge.count} edges"
    click.echo(f"{path}: fleet {spec.name}, {counts}, {len(spec.services)} services, {len(spec.routes)} routes: fine")
    return Exit.OK


@config.command()
@config_option
@click.option("--running", is_flag=True, help="What the running fleet has in force, instead of the file.")
@click.option("--schema", is_flag=True, help="The JSON schema of the file, for editors.")
@json_option
def show(config: Path | None, running: bool, schema: bool, as_json: bool) -> int:
    """Show the whole configuration, every default filled in."""
    if schema:
        output.emit_json(files.schema())
        return Exit.OK
    spec = choose().client.fleet().fleet.spec if running else _load(config)[1]
    if as_json:
        output.emit_json(spec)
    else:
        click.echo(files.dump(spec), nl=False)
    return Exit.OK


def _load(given: Path | None) -> tuple[Path, FleetSpec]:
    path = given or files.find(Path.cwd())
    if path is None:
        raise ConfigError("no hactl.toml here or above", "hactl init writes one")
    try:
        return path, files.load(path)
    except ConfigError:
        raise
    except OSError as error:
        raise HactlError(f"cannot read {path}: {error.strerror}") from error
