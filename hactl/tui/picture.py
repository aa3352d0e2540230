"""What a console knows of its fleet: the newest snapshot, what happened lately, and a minute of measurements.

Bounded, whatever happens. Not the fleet: a picture has an age, and says so when nobody adds to it any more.
"""

from collections import deque

from hactl.core.draft import evolve
from hactl.core.events import Record
from hactl.core.talk import Measured, News, Snapshot, Update
from hactl.core.value import replace

RECORDS = 2000
"""Records kept; older ones are the journal's to tell."""
MINUTE = 60
"""Measurements kept for each process, one a second."""


class Picture:
    """Grows by updates; `heard` is when the last one came, in seconds of the console's own monotonic clock."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        self.records: deque[Record] = deque(maxlen=RECORDS)
        self.rates: dict[str, deque[float]] = {}
        """Requests per second of each process, newest last."""
        self.heard = 0.0
        self.trouble = ""
        """Why nothing comes from the daemon; "" while something does."""

    @property
    def seq(self) -> int:
        """The journal position this picture stands at; 0 before there is one."""
        return self.snapshot.fleet.seq if self.snapshot is not None else 0

    def take(self, update: Update, at: float) -> None:
        """Add what has come."""
        self.heard, self.trouble = at, ""
        match update:
            case Snapshot():
                self.snapshot = update
                self._measured()
            case News(records=records):
                self._happened(records)
            case Measured():
                if self.snapshot is not None:
                    mono = self.snapshot.mono + update.at - self.snapshot.at
                    self.snapshot = replace(
                        self.snapshot, at=update.at, mono=mono, samples=update.samples, pulse=update.pulse
                    )
                    self._measured()

    def recall(self, records: list[Record]) -> None:
        """Add records from before this picture began."""
        known = self.records[0].seq if self.records else None
        older = [record for record in records if known is None or record.seq < known]
        self.records.extendleft(reversed(older[-(RECORDS - len(self.records)) :]))

    def lost(self, why: str) -> None:
        """Nothing comes any more, and why."""
        self.trouble = why

    def _happened(self, records: tuple[Record, ...]) -> None:
        if self.snapshot is None:
            return
        fleet = self.snapshot.fleet
        for record in records:
            if record.seq > fleet.seq:
                fleet = evolve(fleet, record.event)
                self.records.append(record)
        self.snapshot = replace(self.snapshot, fleet=fleet)

    def _measured(self) -> None:
        if self.snapshot is None:
            return
        for sample in self.snapshot.samples:
            self.rates.setdefault(sample.node, deque(maxlen=MINUTE)).append(sample.requests or 0.0)
        for gone in set(self.rates) - set(self.snapshot.fleet.nodes):
            del self.rates[gone]
