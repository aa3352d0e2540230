"""Verbs that begin and end a fleet: init, up, down, fleets."""

import time
from pathlib import Path

import click

from hactl.cli import output
from hactl.cli.choice import Chosen, checked, choose, of_config, register, running
from hactl.cli.choice import fleets as known_fleets
from hactl.cli.exits import Exit
from hactl.cli.following import until_ended, until_true
from hactl.cli.options import config_option, json_option, label
from hactl.core.commands import Down
from hactl.core.errors import HactlError, Unreachable
from hactl.core.events import Record
from hactl.core.model import Fleet, NodeState, Outcome
from hactl.core.reading import is_serving, read
from hactl.core.telling import tell

GONE_POLL = 0.02
GONE_WITHIN = 10.0


@click.command()
@click.argument("directory", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", help="The fleet's name (default: the directory's).")
@click.option("--force", is_flag=True, help="Replace a hactl.toml that is there.")
def init(directory: Path, name: str | None, force: bool) -> int:
    """Write a commented hactl.toml into DIRECTORY: every key, its default and its meaning."""
    from hactl import config

    target = directory / config.FILE_NAME
    if target.exists() and not force:
        raise HactlError(f"{target} is there already", "hactl init --force replaces it")
    guess = "".join(char if char.isalnum() else "-" for char in directory.resolve().name.lower()).strip("-")[:32]
    text = config.template(checked(name or guess or "default"))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise HactlError(f"cannot write {target}: {error.strerror}") from error
    output.say(f"wrote {target}; next: hactl up")
    return Exit.OK


@click.command()
@config_option
@click.option("--foreground", is_flag=True, help="Run the daemon here, until it is told to leave.")
@click.option("--detach", is_flag=True, help="Return when the fleet serves (this is what happens anyway).")
@click.option("--timeout", default="60s", show_default=True, help="How long to wait until it serves.")
@click.option("--dry-run", is_flag=True, help="Check the configuration and say what would be started.")
@json_option
def up(config: Path | None, foreground: bool, detach: bool, timeout: str, dry_run: bool, as_json: bool) -> int:  # noqa: ARG001
    """Start the fleet of the nearest hactl.toml and return when it serves."""
    from hactl.config import load

    chosen = of_config(config) if config else choose()
    if chosen.config is None:
        raise HactlError(f"no hactl.toml describes fleet '{chosen.name}' here", "hactl up --config PATH")
    spec = load(chosen.config)
    if dry_run:
        _describe(chosen, sum(region.nodes for region in spec.regions), spec.edge.count)
        return Exit.OK
    if running(chosen):
        output.say(f"fleet {chosen.name} is up already")
    elif foreground:
        from hactl.processes.daemon import main

        register(chosen)
        return main(["--config", str(chosen.config), "--state", str(chosen.state)])
    else:
        from hactl.processes.launching import launch

        register(chosen)
        for note in launch(chosen.paths, chosen.config):
            output.say(f"note: {note}")
    fleet = _await_serving(chosen, output.parse_duration(timeout))
    if as_json:
        output.emit_json({"fleet": fleet.name, "seq": fleet.seq, "listen": f"{spec.edge.host}:{spec.edge.port}"})
    else:
        output.say(f"fleet {fleet.name} serves on http://{fleet.spec.edge.host}:{fleet.spec.edge.port}")
    return Exit.OK


def _await_serving(chosen: Chosen, timeout: float) -> Fleet:
    def reached(fleet: Fleet) -> bool:
        stuck = [node for node in fleet.nodes.values() if node.state is NodeState.FAILED]
        if stuck:
            why = stuck[0].reason.text if stuck[0].reason else "unknown"
            raise HactlError(f"'{stuck[0].name}' cannot be started: {why}", f"hactl logs {stuck[0].name}")
        return is_serving(fleet)

    return until_true(chosen.client, reached, timeout)


def _describe(chosen: Chosen, nodes: int, edges: int) -> None:
    state = "runs already" if running(chosen) else "would be started"
    click.echo(f"fleet {chosen.name} {state}: {edges} edges, {nodes} nodes, state in {chosen.state}")


@click.command()
@config_option
@click.option("--reason", default="", help="Why; kept in the journal.")
@click.option("--timeout", default="60s", show_default=True, help="How long to wait until all has stopped.")
@click.option("--dry-run", is_flag=True, help="Say what would be stopped.")
@json_option
def down(config: Path | None, reason: str, timeout: str, dry_run: bool, as_json: bool) -> int:
    """Stop the fleet: edges first, so that no client meets a gateway without nodes, then nodes, then the daemon."""
    chosen = of_config(config) if config else choose()
    if not running(chosen):
        if not chosen.paths.journal.exists():
            raise Unreachable(f"fleet '{chosen.name}' is not running", "hactl fleets lists those that are")
        if _left_over(chosen) == 0:
            output.say(f"fleet {chosen.name} is down already")
            return Exit.OK
        output.say("no daemon answers, but workers run: taking charge of them first")
        from hactl.processes.launching import launch

        launch(chosen.paths, None)
    client = chosen.client
    if dry_run:
        alive = [node.name for node in client.fleet().fleet.nodes.values() if node.state.alive]
        click.echo(f"would stop {len(alive)} processes: {', '.join(alive)}")
        return Exit.OK

    def progress(record: Record) -> None:
        if not as_json:
            output.say(f"  {tell(record.event)}")

    receipt = client.submit(Down(), by=label(), reason=reason)
    try:
        ended = until_ended(client, receipt.operation, output.parse_duration(timeout), progress)
    except Unreachable:
        ended = None  # it left before we could ask: that is what we asked for
    _await_gone(chosen)
    if as_json:
        output.emit_json({"fleet": chosen.name, "ended": ended})
    failed = ended is not None and ended.outcome is not Outcome.DONE
    return Exit.FAILED if failed else Exit.OK


def _left_over(chosen: Chosen) -> int:
    from hactl.processes.launching import workers

    return len(workers(chosen.paths))


def _await_gone(chosen: Chosen) -> None:
    from hactl.store.lock import FleetLock

    until = time.monotonic() + GONE_WITHIN
    while time.monotonic() < until:
        try:
            with FleetLock(chosen.paths.lock):
                return
        except HactlError:
            time.sleep(GONE_POLL)
    raise HactlError(f"the daemon of fleet '{chosen.name}' has not left yet", f"see {chosen.paths.daemon_log}")


@click.command()
@json_option
def fleets(as_json: bool) -> int:
    """List the fleets of this user: what runs, and what has state on this machine."""
    rows = []
    for chosen in known_fleets():
        try:
            fleet = chosen.client.fleet().fleet
        except HactlError:
            rows.append((chosen.name, "down", "", str(chosen.state)))
        else:
            reading = read(fleet)
            rows.append((chosen.name, reading.verdict.value, reading.sentence, str(chosen.state)))
    if as_json:
        keys = ("name", "verdict", "sentence", "state")
        output.emit_json([dict(zip(keys, row, strict=True)) for row in rows])
        return Exit.OK
    if not rows:
        output.say("no fleets yet; try: hactl init && hactl up, or hactl demo")
        return Exit.OK
    shown = [(name, output.tint(verdict), sentence, state) for name, verdict, sentence, state in rows]
    for line in output.table(("NAME", "IS", "", "STATE DIRECTORY"), shown):
        click.echo(line)
    return Exit.OK
