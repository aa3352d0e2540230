"""Journals what happened before anything acts on it. With a full disk, commands are rejected and observations wait.

An observation has happened whether or not it can be written: its records wait in memory and are written when there
is space again. A ballast file is given up first, so that endpoint files still find space on the same disk.
"""

import contextlib
from collections.abc import Callable
from typing import Protocol

from hactl.core.errors import HactlError
from hactl.core.events import Event, GapRecorded, Record
from hactl.core.model import Fleet, Now
from hactl.core.running import JournalFull
from hactl.supervisor.ports import Journal

MAX_WAITING = 20_000
"""Records kept in memory while the disk is full; beyond it they are dropped and a gap is recorded."""
_BATCH = 500
"""Records that waited and are written at once: a disk that is still full says so after few of them."""


class Ballast(Protocol):
    """Room that can be given up when the disk is full."""

    def lay(self) -> None:
        """Take the room, unless it is held already. Raises HactlError when there is none."""

    def give_up(self) -> None:
        """Give it back. Raises OSError when it cannot be had back."""


class Recorder:
    """The journal, its checkpoints, and what could not be written yet."""

    def __init__(self, journal: Journal, ballast: Ballast, *, max_waiting: int = MAX_WAITING) -> None:
        self._journal = journal
        self._ballast = ballast
        self._max_waiting = max_waiting
        self._since_checkpoint = 0
        self._waiting: list[Record] = []
        self._lost = 0

    @property
    def unwritten(self) -> int:
        """Records that wait for room."""
        return len(self._waiting) + self._lost

    def write(self, records: list[Record], *, command: bool) -> None:
        """Journal `records`. An observation's records wait when they cannot be written, for whatever reason.

        Raises JournalFull for a command, and what else the journal says; none of `records` is then written.
        """
        if self.unwritten and not command:
            self._keep(records)  # behind the others; `retry` looks whether there is room again
            return
        try:
            if self._lost:
                raise JournalFull("records were lost for lack of space, and that is not journaled yet")
            self._write_waiting()
            self._journal.append(records, durable=command)
        except HactlError as error:
            self._make_room(error)
            if command:
                raise
            self._keep(records)
            return
        self._since_checkpoint += len(records)

    def settle(self, fleet: Fleet) -> None:
        """Write a checkpoint when one is due, by the configuration in force."""
        if self._since_checkpoint >= fleet.spec.journal.checkpoint_every and not self.unwritten:
            self.checkpoint(fleet)

    def checkpoint(self, fleet: Fleet) -> None:
        """Write a checkpoint now; one that cannot be written is tried again as many records later."""
        self._since_checkpoint = 0
        try:
            self._journal.checkpoint(fleet)
        except HactlError as error:
            self._make_room(error)

    def advance(self, fleet: Fleet) -> None:
        """Write a checkpoint before it is due, if there is anything new: retention goes no further than the oldest."""
        if self._since_checkpoint and not self.unwritten:
            self.checkpoint(fleet)

    def leave(self, fleet: Fleet) -> None:
        """Write a last checkpoint; none behind records that could not be written, for nothing would admit the hole."""
        if not self.unwritten:
            self.checkpoint(fleet)

    def retry(self, fleet: Fleet, record: Callable[[Event], Record]) -> Record | None:
        """Try to write what waits, then to lay the ballast again. A gap that was recorded is returned: it has happened.

        Records that had to be dropped leave a hole in the numbering, so a checkpoint of the whole fleet goes first.
        """
        gap = None
        try:
            if self._lost:
                self._journal.checkpoint(fleet)
                lost = self._lost + len(self._waiting)
                gap = record(GapRecorded(lost=lost, why="the journal could not be written"))
                self._journal.append([gap], durable=True)
                self._waiting.clear()
                self._lost = 0
            self._write_waiting()
        except HactlError as error:
            self._make_room(error)
            return None
        with contextlib.suppress(HactlError):  # not enough room for that yet: the records are worth more
            self._ballast.lay()
        return gap

    def _write_waiting(self) -> None:
        while self._waiting:
            batch = self._waiting[:_BATCH]
            self._journal.append(batch, durable=False)
            del self._waiting[: len(batch)]
            self._since_checkpoint += len(batch)

    def _keep(self, records: list[Record]) -> None:
        self._waiting.extend(records)
        if len(self._waiting) > self._max_waiting:
            self._lost += len(self._waiting)
            self._waiting.clear()

    def _make_room(self, error: HactlError) -> None:
        if isinstance(error, JournalFull):
            with contextlib.suppress(OSError):  # a disk that takes nothing at all: then it did not help
                self._ballast.give_up()


def numbered(fleet: Fleet, events: tuple[Event, ...], now: Now, by: str = "", reason: str = "") -> list[Record]:
    """The records for `events` that happened to `fleet`: numbered on from its `seq`."""
    return [
        Record(seq=fleet.seq + offset, wall=now.wall, mono=now.mono, by=by, reason=reason, event=event)
        for offset, event in enumerate(events, 1)
    ]
