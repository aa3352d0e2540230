"""`hactl alert`: who receives alerts, how their last deliveries went, and test alerts on request."""

import time
from typing import Any
from urllib.parse import urlsplit

import click

from hactl.cli import output
from hactl.cli.choice import Chosen, choose
from hactl.cli.exits import Exit
from hactl.cli.following import until_ended
from hactl.cli.options import fleet_option, json_option, label, timeout_option
from hactl.core.alert import AlertKind, AlertSpec
from hactl.core.alert_events import AlertDelivered, AlertExpired, AlertFailed
from hactl.core.alert_queue import trial
from hactl.core.commands import TryAlert
from hactl.core.errors import CommandRejected, TimedOut
from hactl.core.events import (
    OperationEnded,
    Record,
)
from hactl.core.model import Fleet
from hactl.core.operation import Outcome
from hactl.core.reading import age
from hactl.core.talk import Query, Receipt
from hactl.core.telling import tell
from hactl.core.value import Value

RECENT = 1000
"""Newest deliveries among which the last one of each receiver is looked for."""
_OUTCOMES = tuple(kind.__name__ for kind in (AlertDelivered, AlertFailed, AlertExpired))


@click.group()
def alert() -> None:
    """List the alert receivers and send them test alerts."""


class Row(Value):
    """What `alert list --json` says of one receiver; no secret is in it."""

    name: str
    to: str
    """Host of a webhook, or the program."""
    on: tuple[AlertKind, ...]
    """Empty for every kind."""
    throttle: float
    """Seconds."""
    waiting: int
    """Alerts that are owed to it."""
    last: Record | None
    """How its last delivery went."""


@alert.command("list")
@fleet_option
@json_option
def list_(as_json: bool) -> int:
    """List the alert receivers, what each one gets, and how its last delivery went."""
    chosen = choose()
    rows = _rows(chosen)
    if as_json:
        output.emit_json({"alerts": rows})
        return Exit.OK
    if not rows:
        output.say("no alerts are configured: add an [[alert]] to hactl.toml")
        return Exit.OK
    head = ("NAME", "TO", "WAITING", "LAST", "ON")
    for line in output.table(head, [_cells(row) for row in rows], right=frozenset({2})):
        click.echo(line)
    return Exit.OK


@alert.command("test")
@click.argument("names", metavar="[NAMES]...", nargs=-1)
@fleet_option
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and its JSON schema; send nothing.")
@timeout_option("120s", "How long to wait for each delivery; then exit code 4.")
@click.option("--reason", default="", metavar="TEXT", help="Why; kept in the journal.")
@json_option
def try_it(names: tuple[str, ...], dry_run: bool, timeout: float, reason: str, as_json: bool) -> int:
    """Send a test alert to NAMES, or to every receiver.

    It is marked as a test and delivered like a real alert, retries included; exit code 1 if any delivery fails.
    """
    chosen = choose()
    fleet = chosen.client.fleet().fleet
    every = tuple(spec.name for spec in fleet.spec.alerts)
    wanted = tuple(_spec(fleet, name).name for name in dict.fromkeys(names)) or every
    if dry_run:
        return _show(fleet, wanted, as_json=as_json)
    if not wanted:
        raise CommandRejected(f"fleet '{fleet.name}' has no alerts", "add an [[alert]] to hactl.toml")
    # All are sent before the first is waited for: one that hangs delays nobody else.
    receipts = {name: chosen.client.submit(TryAlert(alert=name), by=label(), reason=reason) for name in wanted}
    results = {name: _result(chosen, receipt, timeout) for name, receipt in receipts.items()}
    if as_json:
        tests = [
            {"alert": name, "operation": receipts[name].operation, "ended": result} for name, result in results.items()
        ]
        output.emit_json({"tests": tests})
    else:
        for name, result in results.items():
            _say(name, receipts[name], result)
    if any(result is not None and result.outcome is not Outcome.DONE for result in results.values()):
        return Exit.FAILED
    return Exit.TIMEOUT if None in results.values() else Exit.OK


def _result(chosen: Chosen, receipt: Receipt, timeout: float) -> OperationEnded | None:
    try:
        return until_ended(chosen.client, receipt.operation, timeout)
    except TimedOut:
        return None


def _say(name: str, receipt: Receipt, result: OperationEnded | None) -> None:
    if result is None:
        output.say(f"'{name}': not delivered yet; hactl wait --operation {receipt.operation}")
    else:
        output.say(f"{result.outcome}: {result.sentence}")
        if result.hint and result.outcome is not Outcome.DONE:
            output.say(f"  try: {result.hint}")


def _rows(chosen: Chosen) -> list[Row]:
    fleet = chosen.client.fleet().fleet
    last: dict[str, Record] = {}
    for record in chosen.client.history(Query(kinds=_OUTCOMES, limit=RECENT)):
        if isinstance(record.event, AlertDelivered | AlertFailed | AlertExpired):
            last[record.event.to] = record
    return [
        Row(
            name=spec.name,
            to=_place(spec),
            on=spec.on,
            throttle=spec.throttle,
            waiting=len(fleet.alerts.waiting(spec.name)),
            last=last.get(spec.name),
        )
        for spec in fleet.spec.alerts
    ]


def _place(spec: AlertSpec) -> str:
    """Where it goes, without what may be a secret: the rest of a URL."""
    if spec.exec:
        return spec.exec[0]
    host = urlsplit(spec.webhook).netloc
    return host or spec.webhook


def _cells(row: Row) -> tuple[str, ...]:
    last = "never"
    if row.last is not None:
        ago = f"{age(time.time() - row.last.wall)} ago"
        said = tell(row.last.event).removeprefix(f"alert {row.name}: ")
        well = isinstance(row.last.event, AlertDelivered)
        last = output.tint("ok" if well else "down", f"{ago}: {said}")
    return row.name, row.to, str(row.waiting), last, ", ".join(row.on) or "everything"


def _show(fleet: Fleet, names: tuple[str, ...], *, as_json: bool) -> int:
    """What a test would look like, for each of `names`, and what every payload looks like."""
    import socket

    from hactl.supervisor.alerts.payload import body, schema

    samples: dict[str, Any] = {}
    for name in names:
        told = trial(fleet, name, label(), time.time())
        samples[name] = body(told, socket.gethostname(), _spec(fleet, name).format).decode()
    if as_json:
        output.emit_json({"samples": samples, "schema": schema()})
        return Exit.OK
    for name, sample in samples.items():
        output.say(f"would send '{name}'; nothing was sent:")
        click.echo(sample)
    output.say("the JSON schema of every alert:")
    output.emit_schema(schema())
    return Exit.OK


def _spec(fleet: Fleet, name: str) -> AlertSpec:
    spec = fleet.spec.alert(name)
    if spec is None:
        known = ", ".join(each.name for each in fleet.spec.alerts)
        hint = f"known: {known}" if known else "add an [[alert]] to hactl.toml"
        raise CommandRejected(f"no alert '{name}' in fleet '{fleet.name}'", hint)
    return spec
