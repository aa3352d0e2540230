"""Writes what happened before anybody acts on it. With a full disk: commands are refused, the world is not.

An observation has happened whether or not it can be written: its records wait in memory and are written when there
is room again. A ballast file is given up first, so that endpoint files still find room on the same disk.
"""

from collections.abc import Callable
from typing import Protocol

from hactl.core.events import Event, GapRecorded, Record
from hactl.core.model import Fleet, Now
from hactl.core.running import JournalFull
from hactl.supervisor.ports import Journal

MAX_WAITING = 20_000
"""Records kept in memory while the disk is full; beyond it the oldest are dropped and a gap is recorded."""


class Ballast(Protocol):
    """Room that can be given up when the disk is full."""

    def lay(self) -> None:
        """Take the room. Raises HactlError when there is none."""

    def give_up(self) -> None:
        """Give it back."""


class Recorder:
    """The journal, its checkpoints, and what could not be written yet."""

    def __init__(self, journal: Journal, ballast: Ballast, *, checkpoint_every: int) -> None:
        self._journal = journal
        self._ballast = ballast
        self._every = checkpoint_every
        self._since_checkpoint = 0
        self._waiting: list[Record] = []
        self._lost = 0

    @property
    def unwritten(self) -> int:
        """Records that wait for room."""
        return len(self._waiting) + self._lost

    def write(self, records: list[Record], *, command: bool) -> None:
        """Journal `records`. Raises JournalFull for a command; an observation's records wait instead."""
        try:
            self._journal.append([*self._waiting, *records], durable=command)
        except JournalFull:
            self._ballast.give_up()
            if command:
                raise
            self._keep(records)
            return
        self._since_checkpoint += len(self._waiting) + len(records)
        self._waiting.clear()

    def settle(self, fleet: Fleet) -> None:
        """Write a checkpoint when one is due."""
        if self._since_checkpoint >= self._every and not self._waiting:
            self.checkpoint(fleet)

    def checkpoint(self, fleet: Fleet) -> None:
        """Write a checkpoint now; with a full disk it is simply tried again later."""
        try:
            self._journal.checkpoint(fleet)
        except JournalFull:
            self._ballast.give_up()
            return
        self._since_checkpoint = 0

    def retry(self, fleet: Fleet, record: Callable[[Event], Record]) -> bool:
        """Try to write what waits; True when a gap was recorded and the fleet's `seq` has moved by one.

        Records that had to be dropped leave a hole in the numbering, so a checkpoint of the whole fleet goes first.
        """
        if not self._waiting and not self._lost:
            return False
        try:
            if self._lost:
                self._journal.checkpoint(fleet)
                gap = GapRecorded(lost=self._lost + len(self._waiting), why="the journal's disk was full")
                self._journal.append([record(gap)], durable=True)
            else:
                self._journal.append(self._waiting, durable=True)
        except JournalFull:
            return False
        moved = self._lost > 0
        self._waiting.clear()
        self._lost = 0
        self._ballast.lay()
        return moved

    def _keep(self, records: list[Record]) -> None:
        self._waiting.extend(records)
        if len(self._waiting) > MAX_WAITING:
            self._lost += len(self._waiting)
            self._waiting.clear()


def numbered(fleet: Fleet, events: tuple[Event, ...], now: Now, by: str = "", reason: str = "") -> list[Record]:
    """The records for `events` that happened to `fleet`: numbered on from its `seq`."""
    return [
        Record(seq=fleet.seq + offset, wall=now.wall, mono=now.mono, by=by, reason=reason, event=event)
        for offset, event in enumerate(events, 1)
    ]
