"""`hactl doctor`: what on this machine or in this configuration will cause trouble, and how to fix it.

Runs every check and prints the findings; the checks themselves are in `checks`.
"""

from collections.abc import Callable, Iterator

import click

from hactl.cli import output
from hactl.cli.checks import addresses, alerts, certificate, faults, machine, running, schedules, service, state
from hactl.cli.checks.finding import Finding, Subject, subject
from hactl.cli.choice import choose
from hactl.cli.exits import Exit
from hactl.cli.options import fleet_option, json_option
from hactl.core.errors import HactlError

CHECKS: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    machine.envoy,
    addresses.edge_port,
    addresses.node_ports,
    machine.limits,
    machine.memory,
    machine.clock,
    machine.migration,
    state.disk,
    state.filesystem,
    state.sockets,
    state.rights,
    state.in_force,
    certificate.files,
    alerts.receivers,
    schedules.schedules,
    running.daemon,
    running.strangers,
    running.versions,
    running.old_clients,
    service.unit,
    faults.faults,
)


@click.command()
@fleet_option
@json_option
def doctor(as_json: bool) -> int:
    """Check the machine and the configuration for problems. Exit code 3 if something needs fixing."""
    findings = examine()
    if as_json:
        output.emit_json({"findings": findings})
    else:
        for line in lines(findings):
            click.echo(line)
    return Exit.OK if all(finding.ok for finding in findings) else Exit.UNHEALTHY


def examine() -> list[Finding]:
    """All findings; a check that fails is reported as one, and the others still run."""
    who, findings = _subject()
    for check in CHECKS:
        try:
            findings += check(who)
        except (HactlError, OSError, ValueError) as error:
            findings.append(
                Finding(check=check.__name__.replace("_", " "), ok=False, found=f"could not be checked: {error}")
            )
    return findings


def lines(findings: list[Finding]) -> list[str]:
    """The findings as text: a mark, what was found, and how to fix it."""
    told = []
    for finding in findings:
        known = "--" if finding.absent else output.tint("ok")
        mark = known if finding.ok else output.tint("down", "!!")
        told.append(f"{mark}  {finding.check}: {finding.found}")
        if finding.mend:
            told.append(f"    {'tip' if finding.ok else 'fix'}: {finding.mend}")
    return told


def _subject() -> tuple[Subject, list[Finding]]:
    """The fleet that is meant, if any, and what is to say about its file."""
    from hactl.config import load

    try:
        chosen = choose()
    except HactlError:
        return subject(None, None), []
    if chosen.config is None:
        return subject(chosen, None), []
    try:
        spec = load(chosen.config)
    except HactlError as error:
        return subject(chosen, None), [Finding(check="hactl.toml", ok=False, found=error.message, mend=error.hint)]
    return subject(chosen, spec), [Finding(check="hactl.toml", ok=True, found=str(chosen.config))]
