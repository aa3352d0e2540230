"""`hactl drill stop|unlock|continue`: what an operator does to the drill in progress, or to drills in general."""

import click

from hactl.cli import output
from hactl.cli.choice import choose
from hactl.cli.exits import Exit
from hactl.cli.following import until_ended
from hactl.cli.options import fleet_option, json_option, label, timeout_option
from hactl.core.commands import ContinueDrill, EndDrill, LockDrills, UnlockDrills
from hactl.core.drills import in_progress
from hactl.core.errors import CommandRejected
from hactl.core.operation import Outcome
from hactl.core.plain import one_line

_reason = click.option("--reason", default="", metavar="TEXT", help="Why; kept in the journal.")


@click.command()
@click.option("--lock", is_flag=True, help="Allow no further drill until: hactl drill unlock.")
@fleet_option
@timeout_option("120s", "How long to wait until everything is restored; then exit code 4.")
@_reason
@json_option
def stop(lock: bool, timeout: float, reason: str, as_json: bool) -> int:
    """Stop the drill in progress.

    Returns once everything has been restored, whoever started the drill. With --lock, no drill can start, manually or
    on schedule, until unlocked; the lock survives daemon restarts and reboots, and works even if no drill is running.
    """
    client = choose().client
    if lock:
        before = client.fleet().fleet.drills.lock
        client.submit(LockDrills(), by=label(), reason=reason)
        already = "" if before is None else f" ({before.who} already)"
        output.say(f"no drill may begin until: hactl drill unlock{already}")
    fleet = client.fleet().fleet
    running, ended = in_progress(fleet), None
    if running is not None:
        client.submit(EndDrill(id=running.id), by=label(), reason=reason)
        ended = until_ended(client, running.id, timeout)
        if not as_json:
            output.say(f"{running.sentence}: {ended.sentence}")
    elif not lock:
        raise CommandRejected("no drill is in progress", "hactl drill list")
    if as_json:
        output.emit_json({"locked": fleet.drills.lock is not None, "ended": ended})
    return Exit.NOT_CLEAN if ended is not None and ended.outcome is Outcome.FAILED else Exit.OK


@click.command()
@fleet_option
@_reason
def unlock(reason: str) -> int:
    """Allow drills again after: hactl drill stop --lock."""
    choose().client.submit(UnlockDrills(), by=label(), reason=reason)
    output.say("drills may begin again")
    return Exit.OK


@click.command("continue")
@fleet_option
@_reason
def continue_(reason: str) -> int:
    """Confirm that the manual step a drill waits for is done.

    hactl status shows which step it is. Who confirmed it, and how long it took, is in the report.
    """
    client = choose().client
    running = in_progress(client.fleet().fleet)
    if running is None:
        raise CommandRejected("no drill is in progress", "hactl drill list")
    client.submit(ContinueDrill(id=running.id), by=label(), reason=reason)
    output.say(f"{running.sentence} continues: {one_line(running.question)}")
    return Exit.OK
