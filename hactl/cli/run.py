"""Verbs that begin and end a fleet: init, up, down, fleets."""

import contextlib
import os
import re
import select
from pathlib import Path

import click

from hactl.cli import drill_notices, output
from hactl.cli.choice import Chosen, checked, choose, ensure_found, of_config, register, running
from hactl.cli.choice import fleets as known_fleets
from hactl.cli.exits import Exit
from hactl.cli.following import talk, until_ended, until_true
from hactl.cli.options import config_option, fleet_option, json_option, label, timeout_option
from hactl.cli.records import ensure_not_hidden
from hactl.control.client import Client
from hactl.core.commands import Down
from hactl.core.errors import ConfigError, HactlError, TimedOut, Unreachable, os_reason
from hactl.core.events import OperationEnded, Record
from hactl.core.model import Fleet
from hactl.core.node import NodeState
from hactl.core.operation import Outcome
from hactl.core.plural import counted
from hactl.core.reading import explain, is_serving, read, url
from hactl.core.secrets import masked_spec
from hactl.core.spec import FleetSpec, GatewayKind

STOPS_WITHIN = 60.0
"""Seconds in which everything should have stopped, unless somebody says otherwise."""
LEAVES_WITHIN = 10.0
"""Seconds a daemon has to leave once everything has stopped."""


@click.command()
@click.argument("directory", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", metavar="NAME", help="The fleet's name (default: the directory's).")
@click.option("--force", is_flag=True, help="Replace an existing hactl.toml.")
@click.option("--systemd", is_flag=True, help="Print a systemd unit for the fleet of the hactl.toml in DIRECTORY.")
@click.option("--user", is_flag=True, help="With --systemd: for your own service manager (systemctl --user).")
def init(directory: Path, name: str | None, force: bool, systemd: bool, user: bool) -> int:
    """Write a commented hactl.toml into DIRECTORY: every key, its default and its meaning.

    With --systemd, print the unit that keeps its fleet running across crashes and reboots.
    """
    from hactl import config

    if systemd:
        if name or force:
            raise click.UsageError("--systemd only prints: it cannot be combined with --name or --force.")
        return _print_unit(directory / config.FILE_NAME, user=user)
    if user:
        raise click.UsageError("--user requires --systemd.")
    target = directory / config.FILE_NAME
    if target.exists() and not force:
        raise HactlError(f"{target} already exists", "hactl init --force replaces it")
    guess = re.sub("[^a-z0-9]+", "-", directory.resolve().name.lower())[:32].strip("-")
    text = config.template(checked(name or guess or "default", "'--name'"))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise HactlError(f"cannot write {target}: {os_reason(error)}") from error
    output.say(f"wrote {target}; next: hactl up")
    return Exit.OK


def _print_unit(file: Path, *, user: bool) -> int:
    import getpass

    from hactl import config
    from hactl.cli import systemd

    fleet = config.load(file).name
    state = of_config(file).state
    click.echo(systemd.unit(fleet, file.resolve(), state, user=user, owner=getpass.getuser()), nl=False)
    output.say(systemd.advice(fleet, user=user))
    return Exit.OK


@click.command()
@fleet_option
@config_option
@click.option("--foreground", is_flag=True, help="Run the daemon here, until SIGTERM or `hactl down`.")
@click.option("--detach", is_flag=True, help="Return when the fleet serves (this is the default).")
@click.option("--last-good", is_flag=True, help="If the hactl.toml cannot be used, start as last configured.")
@timeout_option("60s", "How long to wait until it serves; then exit code 4.")
@click.option("--dry-run", is_flag=True, help="Check the configuration and show what would be started.")
@json_option
def up(
    config: Path | None,
    foreground: bool,
    detach: bool,
    last_good: bool,
    timeout: float,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Start the fleet of the nearest hactl.toml and return once it serves.

    With --foreground the daemon runs until it is terminated (SIGTERM); the nodes keep running without it until `hactl
    down`. So that a reboot does not leave the machine without its gateway, a hactl.toml that cannot be used does not
    prevent the start then: the last good configuration is used, and reported.
    """
    from hactl.cli.starting import what_to_start

    if foreground and detach:
        raise click.UsageError("Choose one of --foreground and --detach.")
    chosen, spec = what_to_start(config, last_good=last_good or foreground)
    _look_at_schedules(chosen, spec)
    _look_at_name(chosen, foreground=foreground)
    if dry_run:
        return _describe(chosen, spec, as_json=as_json)
    if running(chosen):
        if foreground:
            raise _in_the_way(chosen)
        _up_already(chosen, spec)
    elif foreground:
        from hactl.processes.daemon import main

        _prepare(chosen, spec)
        given = ["--config", str(chosen.config)] if chosen.config else []
        return main([*given, "--last-good", "--state", str(chosen.state)])
    else:
        from hactl.processes.launching import launch

        _prepare(chosen, spec)
        for note in launch(chosen.paths, chosen.config, last_good=last_good):
            output.say(f"note: {note}")
    fleet = _await_serving(chosen.client, timeout)
    listen = f"{fleet.spec.edge.host}:{fleet.spec.edge.port}"
    if as_json:
        output.emit_json({"fleet": fleet.name, "seq": fleet.seq, "listen": listen})
    else:
        output.say(f"fleet {fleet.name} serves on {url(fleet.spec.edge)}")
    return Exit.OK


def _look_at_schedules(chosen: Chosen, spec: FleetSpec) -> None:
    """Report what is wrong with them: no reason to be without a gateway."""
    from hactl.cli.revisions import check_schedules

    try:
        check_schedules(chosen.config or chosen.state, spec)
    except ConfigError as error:
        output.complain(error)


def _look_at_name(chosen: Chosen, *, foreground: bool) -> None:
    """Raises ConfigError when another fleet has the name. Where a gateway would go without its daemon, only reports."""
    try:
        ensure_found(chosen)
    except ConfigError as error:
        if not foreground and not running(chosen) and not _left_over(chosen):
            raise
        output.complain(error)


def _in_the_way(chosen: Chosen) -> HactlError:
    pid = chosen.client.hello().pid
    return HactlError(
        f"a daemon already runs for fleet '{chosen.name}' (pid {pid})",
        f"kill {pid} stops that daemon but none of its nodes; then run this again",
    )


def _up_already(chosen: Chosen, spec: FleetSpec) -> None:
    from hactl.config import digest

    output.say(f"fleet {chosen.name} is already up")
    fleet = chosen.client.fleet().fleet
    drill_notices.tell(fleet, drill_notices.UNTOUCHED)
    if digest(fleet.spec) != digest(masked_spec(spec)):
        output.say(f"note: {chosen.config} has changed since; hactl config apply puts it into force")


def _prepare(chosen: Chosen, spec: FleetSpec) -> None:
    """Make its directory. A fleet that could not run, or with an overlay that Envoy rejects, is not even started.

    Unless there are running processes to adopt: they keep the configuration they have.
    """
    from hactl.engines import command
    from hactl.engines.envoy import binary
    from hactl.processes.judging import judge_overlay

    if not _left_over(chosen):
        binary.find()
        if spec.gateway.kind is GatewayKind.COMMAND:
            command.check(spec.gateway)
        judge_overlay(spec, str(chosen.config))
    register(chosen)


def _await_serving(client: Client, timeout: float) -> Fleet:
    def reached(fleet: Fleet) -> bool:
        stuck = [node for node in fleet.nodes.values() if node.state is NodeState.FAILED]
        if stuck:
            why = stuck[0].reason.text if stuck[0].reason else "unknown"
            raise HactlError(f"'{stuck[0].name}' cannot be started: {why}", f"hactl logs {stuck[0].name}")
        return is_serving(fleet)

    try:
        return until_true(client, reached, timeout, "the whole fleet to serve")
    except TimedOut as late:
        out = [node for node in client.fleet().fleet.nodes.values() if explain(node)]
        if not out:
            raise
        raise TimedOut(f"{late.message}; '{out[0].name}': {explain(out[0])}", f"hactl logs {out[0].name}") from late


def _describe(chosen: Chosen, spec: FleetSpec, *, as_json: bool) -> int:
    nodes, edges, runs = sum(region.nodes for region in spec.regions), spec.edge.count, running(chosen)
    if as_json:
        counts = {"nodes": nodes, "edges": edges, "running": runs}
        output.emit_json({"fleet": chosen.name, "state": str(chosen.state), **counts})
        return Exit.OK
    happens = "is already running" if runs else "would be started"
    processes = f"{counted(edges, 'edge')}, {counted(nodes, 'node')}"
    click.echo(f"fleet {chosen.name} {happens}: {processes}, state in {chosen.state}")
    return Exit.OK


@click.command()
@fleet_option
@config_option
@click.option("--reason", default="", metavar="TEXT", help="Why; kept in the journal.")
@timeout_option(f"{STOPS_WITHIN:.0f}s", "How long to wait until everything has stopped; then exit code 4.")
@click.option("--dry-run", is_flag=True, help="Show what would be stopped; change nothing.")
@json_option
def down(config: Path | None, reason: str, timeout: float, dry_run: bool, as_json: bool) -> int:
    """Stop the fleet: edges first, so that clients never meet a gateway without nodes, then nodes, then the daemon.

    Also works after the daemon has died: whatever it left running is stopped.
    """
    return take_down(choose(config), reason=reason, timeout=timeout, dry_run=dry_run, as_json=as_json)


def take_down(
    chosen: Chosen,
    *,
    reason: str = "",
    timeout: float = STOPS_WITHIN,
    dry_run: bool = False,
    as_json: bool = False,
) -> int:
    """What `down` does, for a fleet that is known already; `timeout` in seconds. The exit code. Raises HactlError."""
    client = chosen.client  # raises for a name that nobody knows
    here = running(chosen)
    if not here:
        ensure_not_hidden(chosen)
    left = () if here else _left_over(chosen)
    fleet = client.fleet().fleet if here else None
    if fleet is not None:
        drill_notices.tell(fleet, drill_notices.ENDS)
    if dry_run:
        return _would_stop(chosen, left if fleet is None else _alive(fleet), as_json=as_json)
    ended = None
    if here or left:
        if not here:
            _take_charge(chosen)
        ended = _bring_down(chosen, reason, timeout, quiet=as_json)
    else:
        output.say(f"fleet {chosen.name} is already down")
    if as_json:
        output.emit_json({"fleet": chosen.name, "ended": ended})
    return Exit.FAILED if ended is not None and ended.outcome is not Outcome.DONE else Exit.OK


def _bring_down(chosen: Chosen, reason: str, timeout: float, *, quiet: bool) -> OperationEnded | None:
    """Stop everything and wait until the daemon has gone; None when it left before it could say how it ended."""

    def progress(record: Record) -> None:
        if not quiet:
            talk(record)

    ended = None
    daemon = os.pidfd_open(chosen.client.hello().pid)
    try:
        receipt = chosen.client.submit(Down(), by=label(), reason=reason)
        with contextlib.suppress(Unreachable):  # it left before we could ask: that is what we asked for
            ended = until_ended(chosen.client, receipt.operation, timeout, progress)
        if not select.select([daemon], [], [], LEAVES_WITHIN)[0]:
            raise HactlError(
                f"the daemon of fleet '{chosen.name}' has not exited yet", f"see {chosen.paths.daemon_log}"
            )
    finally:
        os.close(daemon)
    return ended


def _alive(fleet: Fleet) -> tuple[str, ...]:
    return tuple(node.name for node in fleet.nodes.values() if node.state.alive)


def _left_over(chosen: Chosen) -> tuple[str, ...]:
    """The names of the processes that run without a daemon."""
    from hactl.processes.launching import workers

    if not chosen.paths.has_journal:
        return ()
    return tuple(sorted(launch.instance.split("/")[1] for launch in workers(chosen.paths)))


def _take_charge(chosen: Chosen) -> None:
    from hactl.processes.launching import launch

    output.say("no daemon is running, but workers are: adopting them first")
    launch(chosen.paths, None)


def _would_stop(chosen: Chosen, names: tuple[str, ...], *, as_json: bool) -> int:
    if as_json:
        output.emit_json({"fleet": chosen.name, "stops": names})
    else:
        click.echo(f"would stop: {', '.join(names) or 'nothing, it is already down'}")
    return Exit.OK


@click.command()
@json_option
def fleets(as_json: bool) -> int:
    """List the fleets of this user: what is running, and what has state on this machine."""
    rows = []
    for chosen in known_fleets():
        try:
            reading = read(chosen.client.fleet().fleet)
        except HactlError:
            rows.append((chosen.name, "down", "not running", str(chosen.state)))
        else:
            rows.append((chosen.name, reading.verdict.value, reading.sentence, str(chosen.state)))
    if as_json:
        keys = ("name", "verdict", "sentence", "state")
        output.emit_json({"fleets": [dict(zip(keys, row, strict=True)) for row in rows]})
    elif rows:
        shown = [(name, output.tint(verdict), sentence, state) for name, verdict, sentence, state in rows]
        for line in output.table(("NAME", "IS", "WHY", "STATE DIRECTORY"), shown):
            click.echo(line)
    else:
        output.say("no fleets yet; try: hactl init && hactl up, or hactl demo")
    return Exit.OK
