"""A fleet as it was after a given record, wound back and forth through a journal. Knows no clock and no measurements.

Forward it takes what lies between; back, the checkpoint before. Few records are held, however many there are. Values
that nobody may see are masked.
"""

from collections import deque
from collections.abc import Sequence

from hactl.core.draft import evolve
from hactl.core.errors import HactlError
from hactl.core.events import Record
from hactl.core.model import Fleet
from hactl.core.secrets import masked
from hactl.core.value import replace
from hactl.store.journal import SqliteJournal
from hactl.tui.picture import RECORDS

PAGE = 500
"""Records read at a time."""


class Tape:
    """Begins before everything."""

    def __init__(self, journal: SqliteJournal) -> None:
        self._journal = journal
        self._before: deque[Record] = deque(maxlen=RECORDS)
        self.fleet = Fleet()
        """As it was."""

    @property
    def records(self) -> Sequence[Record]:
        """The last ones that had happened, oldest first."""
        return tuple(self._before)

    def wind(self, seq: int) -> None:
        """To the record `seq`. Raises HactlError when that cannot be told, and stays where it could."""
        if not self.fleet.seq <= seq <= self.fleet.seq + 2 * PAGE or not self.fleet.seq:
            self._return_to_checkpoint(seq)
        for begin in range(self.fleet.seq, seq, PAGE):
            for record in self._journal.query(after=begin, before=min(begin + PAGE, seq) + 1, limit=PAGE):
                self._happen(masked(record))

    def _return_to_checkpoint(self, seq: int) -> None:
        base = self._journal.fleet_before(seq)
        if base is None:
            raise HactlError("the state of the fleet at that time is no longer recorded")
        while self._before and self._before[-1].seq > base.seq:
            self._before.pop()
        if len(self._before) < PAGE or self._before[-1].seq != base.seq:
            older = self._journal.query(before=base.seq + 1, limit=PAGE) if base.seq else []
            self._before = deque((masked(record) for record in older), maxlen=RECORDS)
        self.fleet = masked(base)

    def _happen(self, record: Record) -> None:
        """One record further; over a hole, where records were lost, with the checkpoint that closes it."""
        if record.seq > self.fleet.seq + 1:
            closed = self._journal.fleet_before(record.seq - 1)
            there = masked(closed) if closed is not None and closed.seq > self.fleet.seq else self.fleet
            self.fleet = replace(there, seq=record.seq - 1)
        self.fleet = evolve(self.fleet, record.event)
        self._before.append(record)
