"""Verbs that look without changing: events, logs, wait, where. Events and logs work without a daemon, too."""

import datetime
import sys
import time
from collections.abc import Callable
from typing import get_args

import click

from hactl.cli import output
from hactl.cli.choice import Chosen, choose
from hactl.cli.exits import Exit
from hactl.cli.following import PAGE, attended, through_restarts, until_ended, until_true
from hactl.cli.log_notices import DAEMON, log_of, notices
from hactl.cli.options import duration, fleet_option, json_option, timeout_option
from hactl.cli.records import history
from hactl.control.client import Client
from hactl.core.errors import HactlError, Unreachable
from hactl.core.events import Event, Record
from hactl.core.model import Fleet
from hactl.core.node import Node, NodeState
from hactl.core.operation import Outcome
from hactl.core.plain import one_line, plain
from hactl.core.reading import is_serving, read
from hactl.core.signature import signed
from hactl.core.talk import LogPage, News, Query
from hactl.core.telling import USUAL, tell
from hactl.core.value import replace

LOG_POLL = 0.25
"""Seconds between two looks at a log that is being followed."""
_KINDS = tuple(kind.__name__ for kind in get_args(Event))


@click.command()
@fleet_option
@click.option("--follow", "-f", is_flag=True, help="Keep printing events as they happen.")
@click.option("--since", type=duration, metavar="AGE", help="Only events of the last 10m, 2h and so on.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(_KINDS, case_sensitive=True),
    metavar="KIND",
    help="Only events of this kind, such as FailoverEnded (repeatable).",
)
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="SEQ", help="Only events after this position.")
@click.option(
    "--limit",
    type=click.IntRange(1, PAGE),
    metavar="COUNT",
    default=50,
    show_default=True,
    help="Maximum number of events.",
)
@json_option
def events(follow: bool, since: float | None, kinds: tuple[str, ...], after: int, limit: int, as_json: bool) -> int:
    """Show past events, oldest first. Works without a daemon, from the journal.

    Without --since and --after, shows the newest events. Heartbeats of a drill are shown only with --kind DrillKept.
    """
    chosen, kinds = choose(), kinds or USUAL
    query = Query(since=time.time() - since if since is not None else 0.0, kinds=kinds, after=after, limit=limit)
    found = history(chosen, query)
    if since is not None and len(found) == limit:
        _tell_left_out(chosen, query, found)
    for record in found:
        _print(record, as_json=as_json)
    if follow:
        last = found[-1].seq if found else after
        _follow(chosen, last, kinds, query.since, as_json=as_json)
    return Exit.OK


def _tell_left_out(chosen: Chosen, query: Query, found: list[Record]) -> None:
    """How many of a time that was asked for are not shown: nobody takes a part of it for the whole."""
    ahead = query.after > 0
    rest = {"after": found[-1].seq} if ahead else {"before": found[0].seq}
    count = len(history(chosen, replace(query, limit=PAGE, **rest)))
    if count:
        more = f"{count} or more" if count == PAGE else str(count)
        how = f"--after {found[-1].seq}" if ahead else f"--limit {min(PAGE, query.limit + count)}"
        output.say(f"{more} {'later' if ahead else 'earlier'} events of that time are not shown; try: {how}")


def _follow(chosen: Chosen, after: int, kinds: tuple[str, ...], oldest: float, *, as_json: bool) -> None:
    """Go on behind `after`, through restarts of the daemon; what was missed meanwhile comes from the journal.

    Nothing from before `oldest` (Unix time) is shown, though it may stand behind an `after` that nothing has moved.
    """

    def missed(query: Query) -> list[Record]:
        return history(chosen, replace(query, since=oldest))

    for update in attended(through_restarts(chosen.client, after, missed)):
        for record in update.records if isinstance(update, News) else ():
            if record.seq > after and type(record.event).__name__ in kinds:
                _print(record, as_json=as_json)
            after = max(after, record.seq)


def _print(record: Record, *, as_json: bool) -> None:
    if as_json:
        output.emit_json(record)
        return
    when = datetime.datetime.fromtimestamp(record.wall).astimezone().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    click.echo(f"{record.seq:>6}  {when}  {one_line(signed(record, tell(record.event)))}")


@click.command()
@click.argument("node")
@fleet_option
@click.option("--follow", "-f", is_flag=True, help="Keep printing lines as they are written.")
@click.option(
    "--lines",
    "-n",
    type=click.IntRange(1, PAGE),
    metavar="COUNT",
    default=100,
    show_default=True,
    help="How many lines from the end.",
)
@json_option
def logs(node: str, follow: bool, lines: int, as_json: bool) -> int:
    """Show the log of NODE: a node, an edge, or "daemon". Works without a daemon."""
    chosen = choose()
    page = _page(chosen, node, -1, lines)
    for notice in notices(chosen, page, lines):
        output.say(notice)
    while True:
        for line in page.lines:
            if as_json:
                output.emit_json({"node": node, "line": line})
            else:
                click.echo(plain(line))
        if not follow:
            return Exit.OK
        sys.stdout.flush()
        time.sleep(LOG_POLL)
        page = _page(chosen, node, page.after, 1000)
        if page.truncated:
            output.say("-- the log was rotated --")


def _page(chosen: Chosen, node: str, after: int, lines: int) -> LogPage:
    try:
        return chosen.client.log(node, after, lines)
    except Unreachable:
        known = {*chosen.paths.processes(), DAEMON}
        if not chosen.paths.has_journal:
            raise
        if node not in known:
            raise HactlError(f"no node '{node}'", "known: " + ", ".join(sorted(known))) from None
    from hactl.supervisor.logs import read_page

    found = read_page(log_of(chosen, node), after=after, lines=lines)
    return LogPage(node=node, lines=found.lines, after=found.after, truncated=found.truncated)


_GOALS: dict[str, Callable[[Node], bool]] = {
    "serving": lambda node: node.serviceable or node.standing_by,
    "drained": lambda node: node.state is NodeState.DRAINING and node.idle,
    "stopped": lambda node: node.state is NodeState.STOPPED,
    "out": lambda node: not node.serviceable,
}
_GOALS_OF_THE_GONE = ("stopped", "out")
"""What a node that was removed has come to as well."""


def _reached(fleet: Fleet, name: str, goal: str) -> bool:
    """Whether a node that was there has come to `goal`. Raises HactlError when it is gone and never will."""
    if name in fleet.nodes:
        return _GOALS[goal](fleet.nodes[name])
    if goal in _GOALS_OF_THE_GONE:
        return True
    raise HactlError(f"'{name}' is no longer part of the fleet", "hactl events --kind NodesRemoved")


@click.command()
@click.argument("names", metavar="[NODES]...", nargs=-1)
@fleet_option
@click.option(
    "--for",
    "goal",
    type=click.Choice(list(_GOALS)),
    default="serving",
    show_default=True,
    help="The state to wait for.",
)
@click.option("--operation", metavar="ID", help="Wait for this operation to end instead.")
@timeout_option("60s", "How long to wait; then exit code 4.")
@json_option
def wait(names: tuple[str, ...], goal: str, operation: str | None, timeout: float, as_json: bool) -> int:
    """Wait until NODES are serving, drained, stopped or out of service; without NODES, until the whole fleet serves.

    A spare on standby counts as serving: it has nothing to serve.
    """
    if operation and names:
        raise click.UsageError("Give either NODES or --operation, not both.")
    if not names and goal != "serving":
        raise click.UsageError(f"Name the NODES that should be {goal}.")
    client = choose().client
    return (
        _operation(client, operation, timeout, as_json=as_json)
        if operation
        else _nodes(client, names, goal, timeout, as_json=as_json)
    )


def _operation(client: Client, operation: str, timeout: float, *, as_json: bool) -> int:
    ended = until_ended(client, operation, timeout)
    if as_json:
        output.emit_json(ended)
    else:
        output.say(f"{ended.id} {ended.outcome}: {ended.sentence}")
    return Exit.OK if ended.outcome is Outcome.DONE else Exit.FAILED


def _nodes(client: Client, names: tuple[str, ...], goal: str, timeout: float, *, as_json: bool) -> int:
    known = client.fleet().fleet.nodes
    for name in names:
        if name not in known:
            raise HactlError(f"no node '{name}'", "known: " + ", ".join(known))

    def reached(fleet: Fleet) -> bool:
        return all(_reached(fleet, name, goal) for name in names) if names else is_serving(fleet)

    what = ", ".join(names) or "the whole fleet"
    fleet = until_true(client, reached, timeout, f"{what} to be {goal}")
    if as_json:
        output.emit_json({"fleet": fleet.name, "seq": fleet.seq, "for": goal, "nodes": names})
    else:
        output.say(f"{what} {goal}; fleet {fleet.name}: {read(fleet).sentence}")
    return Exit.OK


@click.command()
@fleet_option
@json_option
def where(as_json: bool) -> int:
    """Show where this fleet keeps its files."""
    chosen = choose()
    paths = chosen.paths
    places = {
        "fleet": chosen.name,
        "config": str(chosen.config or ""),
        "state": str(paths.state),
        "journal": str(paths.journal),
        "measurements": str(paths.samples),
        "daemon log": str(paths.daemon_log),
        "node logs": str(paths.node("NAME") / "process.log"),
        "drills": str(paths.drills),
        "control socket": str(paths.control),
        "read-only socket": str(paths.control_read_only),
    }
    if as_json:
        output.emit_json({key.replace(" ", "_").replace("-", "_"): place for key, place in places.items()})
    else:
        for line in output.table(("", ""), places.items())[1:]:
            click.echo(line)
    return Exit.OK
