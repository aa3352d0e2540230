"""The verbs that change what nodes do: choose the nodes, submit one command, report the result."""

import random
from collections.abc import Callable
from typing import Any

import click

from hactl.cli import output
from hactl.cli.choice import Chosen, choose
from hactl.cli.exits import Exit
from hactl.cli.following import talk, until_ended
from hactl.cli.options import changing, label, selecting
from hactl.core.commands import (
    Command,
    Drain,
    Failback,
    Failover,
    Freeze,
    Kill,
    Restart,
    Resume,
    Scale,
    SetPolicy,
    SetWeight,
    Start,
    Stop,
    Thaw,
)
from hactl.core.errors import HactlError
from hactl.core.events import Record
from hactl.core.headroom import CapacityVerdict, Carrying
from hactl.core.model import Fleet
from hactl.core.operation import Outcome
from hactl.core.spec import Policy
from hactl.core.talk import Receipt


def _verb(name: str, make: Callable[..., Command], text: str, *, holds: bool = False) -> click.Command:
    """A verb about nodes; one that `holds` can keep them down."""

    @click.command(name, help=text)
    @click.argument("names", metavar="[NODES]...", nargs=-1)
    @selecting
    @changing
    def command(
        names: tuple[str, ...],
        regions: tuple[str, ...],
        everything: bool,
        at_random: bool,
        seed: int | None,
        hold: bool = False,
        **options: Any,
    ) -> int:
        chosen = choose()
        fleet = chosen.client.fleet().fleet
        nodes = select(fleet, names, regions, everything=everything, at_random=at_random, seed=seed)
        return submit(chosen, make(nodes=nodes, hold=True) if hold else make(nodes=nodes), **options)

    if holds:
        click.option("--hold", is_flag=True, help="Keep the nodes down until: hactl start.")(command)
    return command


kill = _verb(
    "kill",
    Kill,
    "Kill NODES with SIGKILL, at once, like a crash; the daemon brings them back.",
    holds=True,
)
freeze = _verb(
    "freeze",
    Freeze,
    "Stop NODES (or edges) with SIGSTOP, like a hang; the daemon notices and replaces them."
    " In a paused fleet they stay frozen until thawed.",
)
thaw = _verb("thaw", Thaw, "Let frozen NODES continue; they get traffic once they are healthy again.")
stop = _verb("stop", Stop, "Drain NODES, then stop them. They stay down until started.")
start = _verb("start", Start, "Start NODES that are stopped, in backoff or failed.")
restart = _verb("restart", Restart, "Restart NODES (or edges) one at a time, each gated on the others serving.")
drain = _verb("drain", Drain, "Take NODES out of rotation and let open requests finish. They stay up.")
resume = _verb("resume", Resume, "Put drained NODES back into rotation.")


@click.command()
@click.argument("names", metavar="[NODES]...", nargs=-1)
@click.argument("weight", type=int)
@click.option(
    "--region", "regions", multiple=True, metavar="NAME", help="Set the weight of a whole region (repeatable)."
)
@click.option("--all", "everything", is_flag=True, help="Every node (not the edges).")
@changing
def weight(names: tuple[str, ...], weight: int, regions: tuple[str, ...], everything: bool, **options: Any) -> int:
    """Set the WEIGHT (0..1000, usually 100) of NODES, or of regions. 0 takes them out of rotation."""
    chosen = choose()
    nodes = tuple(node.name for node in chosen.client.fleet().fleet.gateways) if everything else names
    return submit(chosen, SetWeight(nodes=nodes, regions=regions, weight=weight), **options)


@click.command()
@click.argument("policy", metavar="POLICY", type=click.Choice([policy.value for policy in Policy]))
@changing
def policy(policy: str, **options: Any) -> int:
    """Change how the edges balance among nodes.

    POLICY is round-robin, least-request, random, ring-hash or maglev; the last two require edge.hash_on.
    """
    return submit(choose(), SetPolicy(policy=Policy(policy)), **options)


@click.command()
@click.argument("region")
@click.argument("count", type=click.IntRange(1), metavar="NODES")
@changing
def scale(region: str, count: int, **options: Any) -> int:
    """Give REGION this many NODES. Becomes a configuration revision; new nodes start first, surplus nodes drain first.

    Change hactl.toml as well: the next `up` after a `down` reads it.
    """
    return submit(choose(), Scale(region=region, count=count), **options)


def select(
    fleet: Fleet,
    names: tuple[str, ...],
    regions: tuple[str, ...],
    *,
    everything: bool,
    at_random: bool,
    seed: int | None,
) -> tuple[str, ...]:
    """The nodes that names and selectors mean; `at_random` picks one of them, or of all that serve.

    Raises HactlError for a region that does not exist, and when there is nothing to pick from.
    """
    known = fleet.spec.region_names
    for region in regions:
        if region not in known:
            raise HactlError(f"no region '{region}' in fleet '{fleet.name}'", "known: " + ", ".join(sorted(known)))
    meant = list(names)
    meant += [node.name for node in fleet.gateways if everything or node.region in regions]
    nodes = tuple(dict.fromkeys(meant))
    if at_random:
        pool = nodes or tuple(node.name for node in fleet.gateways if node.serviceable)
        if not pool:
            raise HactlError("no node is serving: there is nothing to choose from", "hactl status")
        return (random.Random(seed).choice(pool),)
    return nodes


def submit(
    chosen: Chosen,
    command: Command,
    *,
    dry_run: bool,
    wait_for_it: bool,
    timeout: float,
    reason: str,
    confirm: str,
    as_json: bool,
) -> int:
    """Send one command and report its result; the exit code is for scripts."""
    client = chosen.client
    receipt = client.submit(command, reason=reason, confirm=confirm, dry_run=dry_run, by=label())
    if dry_run:
        _show_dry_run(receipt, as_json=as_json, shares=isinstance(command, Failover | Failback))
        return Exit.OK
    if not wait_for_it:
        if as_json:
            output.emit_json(receipt)
        else:
            output.say(f"{receipt.operation}: {receipt.sentence}")
            _warn(receipt)
        return Exit.OK
    if not as_json:
        _warn(receipt)

    def progress(record: Record) -> None:
        if not as_json:
            talk(record)

    ended = until_ended(client, receipt.operation, timeout, progress)
    if as_json:
        output.emit_json({"receipt": receipt, "ended": ended})
    elif ended.outcome is not Outcome.DONE and ended.hint:
        output.say(f"  try: {ended.hint}")
    return Exit.OK if ended.outcome is Outcome.DONE else Exit.FAILED


def _warn(receipt: Receipt) -> None:
    """One line if the remaining nodes would carry more than is known to fit."""
    if receipt.carrying is not None and _too_much(receipt.carrying):
        output.say(f"  {_capacity(receipt.carrying)}")


def _too_much(left: Carrying) -> bool:
    return left.more and left.verdict is not CapacityVerdict.ROOM


def _capacity(left: Carrying) -> str:
    return f"{left.verdict}: {left.sentence}" if _too_much(left) else left.sentence


def _show_dry_run(receipt: Receipt, *, as_json: bool, shares: bool) -> None:
    """What would be done; with `shares`, also where the traffic goes after the last step."""
    if as_json:
        output.emit_json(receipt)
        return
    if receipt.steps:
        click.echo(f"would {receipt.sentence}, in these steps; nothing was changed:")
        for number, step in enumerate(receipt.steps, start=1):
            click.echo(f"  {number:>3}  {step}")
        if shares:
            click.echo("intended shares after the last one:")
    else:
        click.echo(f"would {receipt.sentence}; nothing was changed. Intended shares right after:")
    if shares or not receipt.steps:
        rows = [(share.node, share.region, f"{share.part * 100:.0f} %") for share in receipt.shares]
        for line in output.table(("NODE", "REGION", "SHARE"), rows, right=frozenset({2})):
            click.echo(f"  {line}")
    if receipt.carrying is not None:
        click.echo(_capacity(receipt.carrying))
