"""Following a running fleet by its stream of events, and waiting for something to come true in it: no polling.

Survives restarts of the daemon: the stream is taken up again where it was, and nothing is missed.
"""

import time
from collections.abc import Callable, Iterator

from hactl.cli import output
from hactl.control.client import Client
from hactl.core.draft import caught_up
from hactl.core.errors import HactlError, TimedOut, Unreachable
from hactl.core.events import OperationEnded, Record
from hactl.core.model import Fleet
from hactl.core.operation import began_at
from hactl.core.talk import News, Query, Snapshot, Update
from hactl.core.telling import tell, told
from hactl.core.value import Value, replace

RECONNECT = 0.1
"""Seconds before a stream that ended is asked for again."""
PATIENT = 1.0
"""The same for whoever follows without end, which may be through a long time without a daemon."""
PAGE = 10_000
"""Records asked for at most; the daemon gives no more at a time."""


class Away(Value):
    """Nobody answers; this comes again and again until somebody does."""


def through_restarts(client: Client, after: int, missed: Callable[[Query], list[Record]]) -> Iterator[Update | Away]:
    """Every update behind `after`, without end; what was missed while nobody answered comes first, as News.

    `missed` asks for a page of that where the daemon cannot tell any more, which is when it gives a whole snapshot
    instead.
    """
    while True:
        try:
            for update in client.watch(after):
                if isinstance(update, Snapshot) and update.fleet.seq > after:
                    for page in pages(missed, Query(after=after, before=update.fleet.seq + 1, limit=PAGE)):
                        yield News(records=tuple(page))
                    after = update.fleet.seq
                elif isinstance(update, News):
                    after = max((after, *(record.seq for record in update.records)))
                yield update
        except Unreachable:
            yield Away()
        time.sleep(PATIENT)


def attended(updates: Iterator[Update | Away]) -> Iterator[Update]:
    """The updates alone: that nobody answers is said, once until somebody does.

    Ends with BrokenPipeError when the reader of this command has gone, without anything to show it.
    """
    away = False
    for update in updates:
        if isinstance(update, Away) and not away:
            output.say("no daemon is running; waiting for one")
        away = isinstance(update, Away)
        output.ensure_read()
        if not isinstance(update, Away):
            yield update


def fleets(client: Client, until: float) -> Iterator[tuple[Fleet, tuple[Record, ...]]]:
    """The fleet after every change, with the records that changed it (none for a first look), until `until`.

    `until` is monotonic; it is looked at whenever the daemon says something, which it does about once a second. However
    early it is, there is a first look.
    Raises Unreachable when nobody has answered at all.
    """
    answered = looked = False
    while not looked or time.monotonic() < until:
        looked = True
        fleet: Fleet | None = None
        try:
            for update in client.watch():
                answered = True
                if isinstance(update, Snapshot):
                    fleet = update.fleet
                    yield fleet, ()
                elif isinstance(update, News) and fleet is not None:
                    fresh = tuple(record for record in update.records if record.seq > fleet.seq)
                    fleet = caught_up(fleet, fresh)
                    yield fleet, fresh
                if time.monotonic() >= until:
                    return
        except Unreachable:
            if not answered:
                raise
        time.sleep(RECONNECT)


def until_true(client: Client, wanted: Callable[[Fleet], bool], timeout: float, what: str) -> Fleet:
    """Wait until `wanted` holds; `what` names it in the error ("the fleet to serve"). Raises TimedOut."""
    for fleet, _ in fleets(client, time.monotonic() + timeout):
        if wanted(fleet):
            return fleet
    raise TimedOut(f"timed out after {timeout:g} s waiting for {what}", "hactl status shows the current state")


def until_ended(
    client: Client, operation: str, timeout: float, hear: Callable[[Record], None] = lambda _: None
) -> OperationEnded:
    """Wait until `operation` has ended; `hear` gets every record since it began. Raises TimedOut.

    Raises HactlError when there is no such operation.
    """
    told = max(0, began_at(operation) - 1)
    for fleet, news in fleets(client, time.monotonic() + timeout):
        # A first look, also one after a reconnection: what happened before it is in the journal.
        for record in news or _journaled(client, told, fleet.seq + 1):
            told = max(told, record.seq)
            hear(record)
            if isinstance(record.event, OperationEnded) and record.event.id == operation:
                return record.event
        if not news and operation not in fleet.operations:
            raise HactlError(f"no operation '{operation}'", "hactl events --kind OperationBegan")
    raise TimedOut(f"'{operation}' is still running after {timeout:g} s", f"hactl wait --operation {operation}")


def talk(record: Record) -> None:
    """Say what happened, as progress; not what comes all the time, such as signs of life of a drill."""
    for one in told((record,)):
        output.say(f"  {tell(one.event)}")


def _journaled(client: Client, after: int, before: int) -> Iterator[Record]:
    for page in pages(client.history, Query(after=after, before=before, limit=500)):
        yield from page


def pages(history: Callable[[Query], list[Record]], query: Query) -> Iterator[list[Record]]:
    """Everything that matches `query`, in pages of its limit, oldest first."""
    while page := history(query):
        yield page
        query = replace(query, after=page[-1].seq)
