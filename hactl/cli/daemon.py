"""`hactl daemon`: replace the daemon under a running fleet, possibly with a newer hactl."""

import os
from contextlib import suppress
from pathlib import Path

import click

from hactl.cli import drill_notices, output
from hactl.cli.choice import Chosen, choose
from hactl.cli.exits import Exit
from hactl.cli.following import until_true
from hactl.cli.options import config_option, fleet_option, json_option, timeout_option
from hactl.control.client import Client, listener
from hactl.core.errors import HactlError, Unreachable
from hactl.core.events import AdoptionRefused, DaemonStarted, NodeAdopted
from hactl.core.reading import is_serving
from hactl.core.talk import Query
from hactl.core.value import Value

_ASKED = 1.0
"""Seconds that the daemon has to say whether a drill is in progress."""


class Restarted(Value):
    """What `daemon restart --json` prints; a contract."""

    fleet: str
    was: int
    """Pid of the daemon before."""
    pid: int
    hactl: str
    """Version of the daemon that is in charge now."""
    gap_s: float | None
    """Seconds during which nobody supervised the fleet."""
    adopted: tuple[str, ...]
    refused: tuple[str, ...]
    """Whose process was not the one on record; it is started again."""
    notes: tuple[str, ...]


@click.group()
def daemon() -> None:
    """Replace the daemon under a running fleet."""


@daemon.command()
@fleet_option
@config_option
@click.option("--wait", "wait_for_it", is_flag=True, help="Also wait until the whole fleet serves.")
@timeout_option("60s", "How long --wait waits; then exit code 4.")
@click.option("--dry-run", is_flag=True, help="Try what can be tried in advance; change nothing.")
@json_option
def restart(config: Path | None, wait_for_it: bool, timeout: float, dry_run: bool, as_json: bool) -> int:
    """Replace the daemon: no worker is restarted, no request is lost, operations continue.

    This is how a running fleet is upgraded to the hactl you run this with, and how changed [safety], [restart], [logs],
    [journal] and fleet.group take effect while everything runs.
    """
    from hactl import config as files

    chosen = choose(config)
    was = _in_charge(chosen)
    if chosen.config is not None:
        files.load(chosen.config)  # what is wrong with it is said before anybody is asked to leave
    with suppress(HactlError):  # one that hangs is replaced all the same, and cannot be asked
        drill_notices.tell(Client(chosen.paths.control, timeout=_ASKED).fleet().fleet, drill_notices.GOES_ON)
    if dry_run:
        return _rehearse(chosen, was, as_json=as_json)
    if not as_json:
        output.say(f"  the current daemon has pid {was}; starting a new one")
    notes = _replace(chosen, was)
    done = _restarted(chosen, was, notes)
    if as_json and not wait_for_it:
        output.emit_json(done)
        return Exit.OK
    _tell(done)
    if wait_for_it:
        until_true(chosen.client, is_serving, timeout, "the whole fleet to serve")
        if as_json:
            output.emit_json(done)
    return Exit.OK


def _in_charge(chosen: Chosen) -> int:
    """The pid of the daemon, as the kernel names it. Raises HactlError when it is not one to be replaced from here."""
    from hactl.supervisor.origin import in_background

    _ = chosen.client  # raises for a name that nobody knows
    try:
        pid, uid = listener(chosen.paths.control)
    except Unreachable as error:
        raise Unreachable(error.message, "hactl up starts a daemon, which adopts the running processes") from error
    if uid != os.geteuid():
        raise HactlError(f"the daemon (pid {pid}) belongs to user {uid}, and only that user may replace it")
    if not in_background(pid):
        raise HactlError(
            f"the daemon (pid {pid}) runs in the foreground: restart it where it was started",
            f"kill -TERM {pid}; hactl up --foreground (workers keep running meanwhile)",
        )
    return pid


def _replace(chosen: Chosen, was: int) -> tuple[str, ...]:
    from hactl.processes.launching import launch

    try:
        return launch(chosen.paths, chosen.config, relieving=was)
    except HactlError as error:
        error.message, error.hint = _what_now(chosen, was, error)  # its kind tells scripts, whatever it is made of
        raise


def _what_now(chosen: Chosen, was: int, error: HactlError) -> tuple[str, str]:
    """What failed, and who supervises the fleet then."""
    try:
        now, _ = listener(chosen.paths.control)
    except Unreachable:
        return (
            f"fleet '{chosen.name}' is UNSUPERVISED, its processes run on: the new daemon failed: {error.message}",
            error.hint or "hactl up",
        )
    which = "the old one stays in charge" if now == was else f"a different one is in charge (pid {now})"
    return f"the new daemon failed, {which}: {error.message}", error.hint


def _restarted(chosen: Chosen, was: int, notes: tuple[str, ...]) -> Restarted:
    client = chosen.client
    (started,) = client.history(Query(kinds=("DaemonStarted",), limit=1))
    assert isinstance(started.event, DaemonStarted)
    taken = client.history(Query(after=started.seq, kinds=("NodeAdopted", "AdoptionRefused"), limit=1000))
    events = [record.event for record in taken]
    return Restarted(
        fleet=chosen.name,
        was=was,
        pid=started.event.pid,
        hactl=started.event.version,
        gap_s=started.event.gap,
        adopted=tuple(event.node for event in events if isinstance(event, NodeAdopted)),
        refused=tuple(event.node for event in events if isinstance(event, AdoptionRefused)),
        notes=notes,
    )


def _tell(done: Restarted) -> None:
    gap = "" if done.gap_s is None else f", unsupervised for {done.gap_s * 1000:.0f} ms"
    output.say(f"daemon {done.hactl} in charge (pid {done.pid}, was {done.was}){gap}")
    output.say(f"  adopted: {', '.join(done.adopted) or 'none'}")
    if done.refused:
        output.say(f"  not adopted, started again: {', '.join(done.refused)}")
    for note in done.notes:
        output.say(f"note: {note}")


def _rehearse(chosen: Chosen, was: int, *, as_json: bool) -> int:
    """What a new daemon would read, read now."""
    from hactl import __version__
    from hactl.processes.succession import rehearse

    fleet = rehearse(chosen.paths)
    names = tuple(node.name for node in fleet.nodes.values() if node.launch is not None)
    if as_json:
        output.emit_json({"fleet": chosen.name, "was": was, "hactl": __version__, "adopts": names})
    else:
        click.echo(f"would replace the daemon (pid {was}) with hactl {__version__}, adopting: {', '.join(names)}")
    return Exit.OK
