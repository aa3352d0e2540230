"""`hactl watch`: what happens, in plain sentences, one a line. Nothing moves on the screen, nothing is coloured.

For those who listen to a terminal, and for logs and pipes. Which sentences these are is decided in `core.narrating`;
here records are collected from one measurement to the next (about a second), so that a burst is told as one.
"""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import click

from hactl.cli import output
from hactl.cli.choice import Chosen, choose
from hactl.cli.following import PATIENT, Away, through_restarts
from hactl.cli.options import duration, fleet_option
from hactl.cli.records import history
from hactl.cli.status import operations, warnings
from hactl.core.drills import in_progress
from hactl.core.errors import HactlError, Unreachable
from hactl.core.events import Record
from hactl.core.narrating import Said, narrate, opening, spoken, verdict
from hactl.core.plain import one_line
from hactl.core.reading import age
from hactl.core.talk import Measured, News, Query, Snapshot, Update, renewed
from hactl.core.value import replace

if TYPE_CHECKING:
    from hactl.drill.course import Course
    from hactl.drill.onlooking import Onlooker


@click.command()
@fleet_option
@click.option("--times/--no-times", help="Prefix each line with date and time.  [default: no-times]")
@click.option(
    "--every", type=duration, metavar="TIME", help="Also print the figures this often, for example 30s or 5m."
)
def watch(times: bool, every: float | None) -> None:
    """Describe what happens in plain sentences, one per line: the current state, then every change.

    A burst of events becomes a few sentences. Runs until Ctrl-C, even while there is no daemon.
    """
    chosen = choose()

    def say(said: Said) -> None:
        when = time.strftime("%Y-%m-%d %H:%M:%S  ", time.localtime(said.wall)) if times else ""
        click.echo(when + one_line(said.text))

    listener = Listener(_first(chosen, say), say, every=every)
    listener.open()
    drills = Drills(chosen.paths.drills, say)
    for update in through_restarts(chosen.client, listener.seq, _missed(chosen)):
        listener.take(update, time.time())
        drills.listen(lent=listener.drilled)
        output.ensure_read()


def _first(chosen: Chosen, say: Callable[[Said], None]) -> Snapshot:
    """How things stand, as soon as there is a daemon to say it. Raises Unreachable where waiting would not help."""
    waiting = False
    while True:
        try:
            return chosen.client.fleet()
        except Unreachable as error:
            if not isinstance(error.__cause__, OSError) or isinstance(error.__cause__, PermissionError):
                raise
            if not waiting:
                text = f"no daemon is running for fleet {chosen.name}: waiting for one (hactl up starts it)"
                say(Said(wall=time.time(), text=text))
            waiting = True
        output.ensure_read()
        time.sleep(PATIENT)


def _missed(chosen: Chosen) -> Callable[[Query], list[Record]]:
    return lambda query: history(chosen, query)


class Drills:
    """Says what runs of drills say, whoever runs them: their phases are no events of the fleet."""

    def __init__(self, root: Path, say: Callable[[Said], None]) -> None:
        """`root` is where the runs of the fleet are."""
        self._root = root
        self._say = say
        self._onlooker: Onlooker | None = None
        self._known: Course | None = None

    def listen(self, *, lent: bool) -> None:
        """Say what is new, while the fleet is `lent` to a drill and until its report is there."""
        if not lent and (self._known is None or not self._known.going):
            return
        from hactl.drill.onlooking import Onlooker
        from hactl.drill.sentences import news

        self._onlooker = self._onlooker or Onlooker(self._root)
        with contextlib.suppress(HactlError):  # what cannot be read is told by `hactl drill report`
            before, self._known = self._known, self._onlooker.look()
            for each in news(before, self._known) if self._known is not None else ():
                self._say(Said(wall=each.wall, text=each.text))


class Listener:
    """Turns a stream of updates into sentences; has no clock and no connection of its own."""

    def __init__(self, snapshot: Snapshot, say: Callable[[Said], None], *, every: float | None = None) -> None:
        """Every so many seconds it says the figures, too."""
        self._snapshot = snapshot
        self._say = say
        self._every = every
        self._due = snapshot.at + (every or 0.0)
        self._waiting: list[Record] = []
        self._away: float | None = None
        """Unix time at which the daemon was found to be away."""

    @property
    def seq(self) -> int:
        """The journal position up to which everything was said, or is about to be."""
        return self._snapshot.fleet.seq

    @property
    def drilled(self) -> bool:
        """The fleet is lent to a drill."""
        return in_progress(self._snapshot.fleet) is not None

    def open(self) -> None:
        """How things stand."""
        for text in (*opening(self._snapshot), *warnings(self._snapshot), *operations(self._snapshot)):
            self._say(Said(wall=self._snapshot.at, text=text))

    def take(self, update: Update | Away, now: float) -> None:
        """Something has come at `now` (Unix time), or nobody answers any more."""
        if isinstance(update, Away):
            self._gone(now)
            return
        match update:
            case News(records=records):
                self._waiting += records
            case Snapshot():
                self._flush()
                self._back(now)
                self._onto(update)
            case Measured():
                self._flush()
                self._back(now)
                self._snapshot = renewed(self._snapshot, update)
            case _:
                assert_never(update)
        self._figures()

    def _flush(self) -> None:
        fleet, said = narrate(self._snapshot.fleet, self._waiting)
        self._waiting.clear()
        self._snapshot = replace(self._snapshot, fleet=fleet)
        for each in said:
            self._say(each)

    def _onto(self, snapshot: Snapshot) -> None:
        """From here on; what was missed was said, as far as somebody could tell it."""
        before, self._snapshot = verdict(self._snapshot.fleet), snapshot
        if (now := verdict(snapshot.fleet)) != before:
            self._say(Said(wall=snapshot.at, text=now))

    def _gone(self, now: float) -> None:
        self._flush()
        if self._away is None:
            self._away = now
            old = age(now - self._snapshot.at)
            self._say(Said(wall=now, text=f"the daemon does not answer, the last report is {old} old; waiting for it"))

    def _back(self, now: float) -> None:
        """Somebody answers again; what was missed is older than that, and was said before."""
        if self._away is not None:
            self._say(Said(wall=now, text=f"the daemon answers again after {age(now - self._away)}"))
            self._away = None

    def _figures(self) -> None:
        if self._every is not None and self._snapshot.at >= self._due:
            self._due = self._snapshot.at + self._every
            self._say(Said(wall=self._snapshot.at, text=spoken(self._snapshot)))
