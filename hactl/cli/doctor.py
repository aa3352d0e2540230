"""`hactl doctor`: look at the machine for what will bite, and say what mends it. Changes nothing."""

import asyncio
import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from hactl.cli import output
from hactl.cli.choice import Chosen, choose, running
from hactl.cli.exits import Exit
from hactl.cli.options import fleet_option, json_option
from hactl.core.certificate import bearers, expires_soon, lifetime
from hactl.core.errors import HactlError
from hactl.core.founding import edge_names, node_names
from hactl.core.spec import FleetSpec, GatewayKind
from hactl.core.value import Value
from hactl.paths import SOCKET_PATH_LIMIT

MIGRATE = Path("/proc/sys/net/ipv4/tcp_migrate_req")
ENVOY_MEMORY = 70 << 20
"""Bytes resident of a fresh Envoy, as measured; most of it is shared between Envoys."""
FILES_PER_PROCESS = 4096
DISK_LOW = 256 << 20


class Finding(Value):
    """One thing that was looked at."""

    check: str
    ok: bool
    found: str
    mend: str = ""
    """What to do about it; with `ok`, what would be better still; "" when there is nothing."""


@click.command()
@fleet_option
@json_option
def doctor(as_json: bool) -> int:
    """Check the machine and the configuration for what will bite. Exit code 3 when something should be mended."""
    chosen, spec, about_file = _subject()
    findings = [*about_file, *(finding for check in CHECKS for finding in check(chosen, spec))]
    if as_json:
        output.emit_json(findings)
    else:
        for finding in findings:
            mark = output.tint("ok") if finding.ok else output.tint("down", "!!")
            click.echo(f"{mark}  {finding.check}: {finding.found}")
            if finding.mend:
                click.echo(f"    {'better' if finding.ok else 'mend'}: {finding.mend}")
    return Exit.OK if all(finding.ok for finding in findings) else Exit.UNHEALTHY


def _subject() -> tuple[Chosen | None, FleetSpec, tuple[Finding, ...]]:
    """The fleet that is meant, if any; its configuration, else the one in force; and what is to say about its file."""
    from hactl.config import load

    try:
        chosen = choose()
    except HactlError:
        return None, FleetSpec(), ()
    if chosen.config is None:
        return chosen, _in_force(chosen), ()
    try:
        return chosen, load(chosen.config), (Finding(check="hactl.toml", ok=True, found=str(chosen.config)),)
    except HactlError as error:
        finding = Finding(check="hactl.toml", ok=False, found=error.message, mend=error.hint)
        return chosen, _in_force(chosen), (finding,)


def _in_force(chosen: Chosen) -> FleetSpec:
    """What the fleet runs with, else the defaults."""
    try:
        return chosen.client.fleet().fleet.spec
    except HactlError:
        return FleetSpec()


def _envoy(_: Chosen | None, spec: FleetSpec) -> Iterator[Finding]:
    from hactl.engines.envoy import binary

    try:
        found = binary.find(None)
        version = asyncio.run(binary.version(found))
        yield Finding(check="envoy", ok=True, found=f"{version} at {found}")
    except HactlError as error:
        yield Finding(check="envoy", ok=False, found=error.message, mend=error.hint)
    if spec.gateway.kind is GatewayKind.COMMAND:
        yield _gateway_command(spec)


def _gateway_command(spec: FleetSpec) -> Finding:
    from hactl.engines import command

    try:
        command.check_program(spec.gateway)
    except HactlError as error:
        return Finding(check="gateway command", ok=False, found=error.message, mend=error.hint)
    return Finding(check="gateway command", ok=True, found=f"'{spec.gateway.command[0]}'")


def _edge_port(chosen: Chosen | None, spec: FleetSpec) -> Iterator[Finding]:
    from hactl.supervisor.listening import ensure_free

    if chosen is not None and running(chosen):
        yield Finding(check="edge port", ok=True, found=f"{spec.edge.port}, held by this fleet")
        return
    try:
        ensure_free(((spec.edge.host, spec.edge.port),))
        yield Finding(check="edge port", ok=True, found=f"{spec.edge.port} is free")
    except HactlError as error:
        yield Finding(check="edge port", ok=False, found=error.message, mend=error.hint)


def _certificate(_: Chosen | None, spec: FleetSpec) -> Iterator[Finding]:
    """Of the files as they are: a fleet that runs may have an older one in use."""
    if not spec.edge.tls.cert:
        return
    from hactl.engines.certificate import read

    try:
        certificate = read(spec.edge.tls).certificate
    except HactlError as error:
        yield Finding(check="certificate", ok=False, found=error.message, mend=error.hint)
        return
    now = time.time()
    soon = expires_soon(certificate, now)
    found = f"for {bearers(certificate)}, {lifetime(certificate, now)}"
    mend = "renew it; edges take the new files up by themselves" if soon else ""
    yield Finding(check="certificate", ok=not soon, found=found, mend=mend)
    mode = Path(spec.edge.tls.key).stat().st_mode
    if mode & 0o007:
        mend = f"chmod o= {spec.edge.tls.key}"
        yield Finding(check="private key", ok=False, found=f"everybody may use {spec.edge.tls.key}", mend=mend)


def _node_ports(_: Chosen | None, spec: FleetSpec) -> Iterator[Finding]:
    low, high = spec.ports
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    clash = high >= first
    mend = f"set fleet.ports below {first}" if clash else ""
    yield Finding(check="node ports", ok=not clash, found=f"{low}-{high}, ephemeral from {first}", mend=mend)


def _limits(_: Chosen | None, spec: FleetSpec) -> Iterator[Finding]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = hard == resource.RLIM_INFINITY or hard >= FILES_PER_PROCESS
    mend = "" if enough else f"ulimit -Hn {FILES_PER_PROCESS}"
    yield Finding(check="open files", ok=enough, found=f"soft {soft}, hard {hard}", mend=mend)
    wanted = (len(node_names(spec)) + len(edge_names(spec))) * ENVOY_MEMORY
    free = _available_memory()
    roomy = free > wanted
    found = f"{free >> 20} MiB free, this fleet takes up to {wanted >> 20} MiB"
    yield Finding(check="memory", ok=roomy, found=found, mend="" if roomy else "fewer nodes, or more memory")


def _available_memory(meminfo: Path = Path("/proc/meminfo")) -> int:
    """Bytes that could be had without swapping. Memory in no use at all says nothing: caches take all they can get."""
    lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    return int(lines["MemAvailable"].split()[0]) << 10


def _disk(chosen: Chosen | None, _: FleetSpec) -> Iterator[Finding]:
    if chosen is None:
        return
    place = next(path for path in (chosen.state, *chosen.state.parents) if path.exists())
    free = shutil.disk_usage(place).free
    roomy = free > DISK_LOW
    mend = "" if roomy else "free some space, or set fleet.state_dir"
    yield Finding(check="disk", ok=roomy, found=f"{free >> 20} MiB free for {chosen.state}", mend=mend)


def _sockets(chosen: Chosen | None, spec: FleetSpec) -> Iterator[Finding]:
    if chosen is None:
        return
    longest = max((*node_names(spec), *edge_names(spec)), key=len)
    path = chosen.paths.node_sockets(longest) / "admin.sock"
    fits = len(os.fsencode(path)) <= SOCKET_PATH_LIMIT
    mend = "" if fits else "set fleet.state_dir to a shorter path"
    yield Finding(check="socket paths", ok=fits, found=str(chosen.paths.sockets), mend=mend)


def _alerts(_: Chosen | None, spec: FleetSpec) -> Iterator[Finding]:
    """Programs and secrets that are not there when they are needed; whether a receiver answers says a test."""
    from hactl.supervisor.alerts.program import find
    from hactl.supervisor.alerts.secrets import look_up

    for alert in spec.alerts:
        check = f"alert {alert.name}"
        try:
            if alert.exec:
                find(alert.exec[0], os.environ.get("PATH", os.defpath))
            for value in (alert.webhook, *alert.headers.values()):
                if value.startswith("file:"):  # what is in the environment only the daemon knows
                    look_up(value)
        except HactlError as error:
            yield Finding(check=check, ok=False, found=error.message, mend=error.hint)
        else:
            yield Finding(check=check, ok=True, found="ready", mend=f"hactl alert test {alert.name}")


def _migration(_: Chosen | None, __: FleetSpec) -> Iterator[Finding]:
    if not MIGRATE.exists():
        return
    on = MIGRATE.read_text().strip() == "1"
    found = "on" if on else "off: connections that a killed edge had not accepted yet are reset"
    # Advice, not a fault: an edge's own accepted connections are lost either way.
    mend = "" if on else "sysctl net.ipv4.tcp_migrate_req=1"
    yield Finding(check="tcp_migrate_req", ok=True, found=found, mend=mend)


CHECKS: tuple[Callable[[Chosen | None, FleetSpec], Iterator[Finding]], ...] = (
    _envoy,
    _edge_port,
    _certificate,
    _node_ports,
    _limits,
    _disk,
    _sockets,
    _alerts,
    _migration,
)
