"""`hactl status`: what runs, what serves and what does not, and why. Must start fast: no asyncio, no rich, no httpx."""

import sys
import time
from collections.abc import Iterator
from typing import assert_never

import click

from hactl.cli import output
from hactl.cli.choice import choose
from hactl.cli.exits import Exit
from hactl.cli.options import fleet_option, json_option
from hactl.control.client import Client
from hactl.core.certificate import bearers, expires_soon, lifetime
from hactl.core.drill import DrillLock
from hactl.core.headroom import Headroom, headroom, told
from hactl.core.load import measured
from hactl.core.model import EdgeLoss, Fleet, Paused, Sample
from hactl.core.node import Node, Role
from hactl.core.operation import Operation
from hactl.core.plain import one_line
from hactl.core.plural import counted
from hactl.core.reading import Reading, Verdict, age, explain, read, url, word
from hactl.core.talk import Measured, News, Snapshot, renewed
from hactl.core.traffic import shares
from hactl.core.value import Value

_HEAD = ("NAME", "STATE", "FOR", "WEIGHT", "SHARE", "SEEN", "REQ/S", "ERR/S", "P50", "P99", "CPU", "MEM", "RST", "WHY")
_LEFT = ("NAME", "STATE", "WHY")
_SPARE = ("MEM", "CPU", "P50", "ERR/S", "RST", "SEEN")
"""What is left out on a narrow screen, first to last."""
_WHY = 20
"""Columns the reason gets at least, on a narrow screen."""


class StatusReport(Value):
    """What `status --json` prints; a contract."""

    fleet: str
    reading: Reading
    snapshot: Snapshot
    shares: dict[str, float]
    """Node → intended part of the traffic (0..1)."""
    headroom: Headroom


@click.command()
@fleet_option
@click.option("--watch", is_flag=True, help="Repeat about every second until interrupted.")
@json_option
def status(watch: bool = False, as_json: bool = False) -> int:
    """Show what runs, what serves and what does not, and why. Exit code 3 unless everything is healthy."""
    chosen = choose()
    first = snapshot = chosen.client.fleet()
    _show(first, as_json=as_json)
    if watch:
        for snapshot in _measured(chosen.client, first):
            if sys.stdout.isatty() and not as_json:
                sys.stdout.write("\x1b[H\x1b[2J")  # not echo: it would take this for a color
            _show(snapshot, as_json=as_json)
    return Exit.OK if read(snapshot.fleet).verdict is Verdict.OK else Exit.UNHEALTHY


def _measured(client: Client, snapshot: Snapshot) -> Iterator[Snapshot]:
    """A snapshot for each new measurement behind `snapshot`, without end: through restarts of the daemon."""
    from hactl.cli.following import attended, through_restarts
    from hactl.core.draft import caught_up
    from hactl.core.value import replace

    for update in attended(through_restarts(client, snapshot.fleet.seq, lambda _: [])):
        match update:
            case Snapshot():
                snapshot = update
            case News(records=records):
                snapshot = replace(snapshot, fleet=caught_up(snapshot.fleet, records))
            case Measured():
                snapshot = renewed(snapshot, update)
                yield snapshot
            case _:
                assert_never(update)


def _show(snapshot: Snapshot, *, as_json: bool) -> None:
    if as_json:
        parts = {share.node: share.part for share in shares(snapshot.fleet)}
        report = StatusReport(
            fleet=snapshot.fleet.name,
            reading=read(snapshot.fleet),
            snapshot=snapshot,
            shares=parts,
            headroom=_headroom(snapshot),
        )
        output.emit_json(report)
        return
    for line in lines(snapshot, output.screen_width()):
        click.echo(line)


def lines(snapshot: Snapshot, width: int = 0) -> list[str]:
    """The whole status as text; within `width` columns, when given, by leaving out what matters least."""
    return [*_summary(snapshot, width), "", *_table(snapshot, width), *operations(snapshot)]


def _summary(snapshot: Snapshot, width: int) -> list[str]:
    fleet, pulse = snapshot.fleet, snapshot.pulse
    reading = read(fleet)
    failover = "none yet" if fleet.last_failover_ms is None else f"traffic moved in {fleet.last_failover_ms:.0f} ms"
    summary = [
        f"fleet {fleet.name}: {output.tint(reading.verdict.value)}, {reading.sentence}",
        f"survives any one loss: {'yes' if reading.n_minus_1 else 'NO'}; last failover: {failover}",
        *output.folded(told(_headroom(snapshot)), width),
        f"edges on {url(fleet.spec.edge)}, policy {fleet.policy}, revision {fleet.revision}, seq {fleet.seq}",
        f"daemon {pulse.version} (pid {pulse.pid}), up {age(snapshot.at - pulse.started)},"
        f" cpu {pulse.cpu * 100:.1f} %, loop lag {pulse.lag_ms:.0f} ms",
    ]
    if fleet.last_edge_loss is not None:
        summary.append(_edge_loss(fleet.last_edge_loss, snapshot.at))
    summary += warnings(snapshot)
    stale = time.time() - snapshot.at
    if stale > 5:
        summary.append(f"WARNING: this picture is {age(stale)} old")
    return summary


def warnings(snapshot: Snapshot) -> list[str]:
    """What else is wrong, or unusual on purpose: a sentence each."""
    fleet, pulse, said = snapshot.fleet, snapshot.pulse, []
    if fleet.config_trouble:
        said.append(
            f"WARNING: the last good configuration (revision {fleet.revision}) is in force, because hactl.toml cannot"
            f" be used: {fleet.config_trouble}"
        )
    if fleet.paused is not None:
        said.append(_paused(fleet.paused, snapshot.at))
    if fleet.drills.lock is not None:
        said.append(_locked(fleet.drills.lock, snapshot.at))
    said += _regions(snapshot)
    if pulse.read_only:
        said.append("READ-ONLY: every command is refused (safety.read_only in hactl.toml)")
    said += _certificate(fleet, snapshot.at)
    if pulse.unwritten:
        said.append(f"WARNING: {counted(pulse.unwritten, 'record')} could not be written yet: the disk is full")
    return said


def _edge_loss(loss: EdgeLoss, now: float) -> str:
    back = "not back yet" if loss.back_ms is None else f"back in {loss.back_ms:.0f} ms"
    use = loss.use
    price = (
        f"{counted(use.connections, 'connection')}, {counted(use.requests, 'request')}"
        if use is not None
        else "clients unknown"
    )
    return f"last edge lost: {loss.edge} {age(now - loss.wall)} ago ({price}), {back}"


def _headroom(snapshot: Snapshot) -> Headroom:
    return headroom(snapshot.fleet, measured(snapshot.fleet, snapshot.samples, snapshot.at))


def _regions(snapshot: Snapshot) -> list[str]:
    fleet = snapshot.fleet
    if not (fleet.region_losses or fleet.evacuations or fleet.brownouts):
        return []
    # what decides about regions is as much to load as all else here together
    from hactl.cli.region_lines import troubles

    return [f"REGION {line}" for line in troubles(fleet, snapshot.at, snapshot.mono)]


def _paused(paused: Paused, now: float) -> str:
    why = f" ({paused.reason})" if paused.reason else ""
    ends = "to end it: hactl unpause"
    if paused.until is not None:
        ends = f"ends automatically in {age(paused.until - now)}"
    by = f" by {paused.by}" if paused.by else ""
    return f"PAUSED{by} for {age(now - paused.since)}{why}: no repairs; {ends}"


def _locked(lock: DrillLock, now: float) -> str:
    by = f" by {lock.by}" if lock.by else ""
    why = f" ({lock.reason})" if lock.reason else ""
    return f"DRILLS LOCKED{by} {age(now - lock.since)} ago{why}; unlock with: hactl drill unlock"


def _certificate(fleet: Fleet, now: float) -> list[str]:
    said = []
    if fleet.certificate is not None:
        warning = "WARNING: " if expires_soon(fleet.certificate, now) else ""
        said.append(f"{warning}certificate for {bearers(fleet.certificate)}: {lifetime(fleet.certificate, now)}")
    if fleet.certificate_refused:
        said.append(f"WARNING: the new certificate files are not used: {fleet.certificate_refused}")
    return said


def _table(snapshot: Snapshot, width: int) -> list[str]:
    fleet = snapshot.fleet
    samples = {sample.node: sample for sample in snapshot.samples}
    parts = {share.node: share.part for share in shares(fleet)}
    rows = [_row(node, samples.get(node.name), parts.get(node.name), snapshot.at) for node in fleet.nodes.values()]
    shown = list(_HEAD)
    for spare in ("", *_SPARE):
        shown = [name for name in shown if name != spare]
        kept = [_HEAD.index(name) for name in shown]
        right = frozenset(at for at, name in enumerate(shown) if name not in _LEFT)
        made = output.table(shown, [[row[index] for index in kept] for row in rows], right=right)
        why = max(len(row[-1]) for row in rows)
        if not width or max(output.width(line) for line in made) - max(0, why - _WHY) <= width:
            break
    return [output.cut(line, width) if width else line for line in made]


def _row(node: Node, sample: Sample | None, part: float | None, now: float) -> tuple[str, ...]:
    sample = sample or Sample(node=node.name, at=now)
    state = word(node)
    edge = node.role is Role.EDGE
    return (
        node.name,
        output.tint(state),
        age(now - node.since) if node.since else "-",
        "-" if edge else str(node.weight),
        "-" if part is None else f"{part * 100:.0f} %",
        "-" if sample.share is None or edge else f"{sample.share * 100:.0f} %",
        _number(sample.requests, 0),
        _number(sample.errors, 1),
        _number(sample.p50_ms, 1),
        _number(sample.p99_ms, 1),
        "-" if sample.cpu is None else f"{sample.cpu * 100:.0f} %",
        "-" if sample.rss is None else f"{sample.rss >> 20}M",
        str(node.restarts),
        explain(node),
    )


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def operations(snapshot: Snapshot) -> list[str]:
    """What is in progress: a sentence each."""
    return [
        f"{operation.id}: {operation.sentence}, by {operation.by},"
        + (f" {operation.done} of {len(operation.targets)} done," if operation.targets else "")
        + f" running for {snapshot.mono - operation.began:.1f} s"
        + _waits(operation)
        for operation in snapshot.fleet.operations.values()
    ]


def _waits(operation: Operation) -> str:
    """The manual step that a drill waits for, in the words of its file: those may be anyone's."""
    asked = one_line(operation.question)
    return f"; WAITING for a manual step: {asked} (then: hactl drill continue)" if asked else ""
