"""The past as it stands on disk: the journal for what happened, segments for what was measured. Changes nothing.

What is held in memory does not grow with what is recorded, and a step forward costs little.
"""

import time
from collections import deque
from collections.abc import Sequence

from hactl.core.errors import HactlError
from hactl.core.events import DaemonStarted, DaemonStopped, Record
from hactl.core.model import Fleet
from hactl.core.talk import Pulse, Snapshot
from hactl.paths import FleetPaths
from hactl.store.frames import Frame
from hactl.store.journal import SqliteJournal
from hactl.store.segments import Segments
from hactl.tui.fresh import STALE, fresh
from hactl.tui.picture import MINUTE, MOMENTS, SAMPLES, UNMEASURED, View
from hactl.tui.stops import STOPS
from hactl.tui.tape import Tape
from hactl.tui.timeline import Lanes, columns

NO_DAEMON = "no daemon was running then"
"""It had been stopped."""
LOOKED_AT = 100
"""Events that are looked at, at most, on the way to the one before."""


class Recording:
    """Everything that was recorded of one fleet when it was opened. Close it in the end."""

    def __init__(self, paths: FleetPaths, *, since: float | None = None, until: float | None = None) -> None:
        """Only what lies between `since` and `until` (Unix time) is shown.

        Raises HactlError when there is nothing, or it cannot be read.
        """
        if not paths.journal.exists():
            raise HactlError(f"nothing is recorded: there is no journal in '{paths.state}'", "hactl up")
        self._journal = SqliteJournal.open_read_only(paths.journal)
        try:
            self._segments = Segments(paths.samples)
            self._tape = Tape(self._journal)
            self.first, self.last = self._reach(since, until)
        except BaseException:
            self.close()
            raise
        self._view: tuple[float, View] | None = None
        self._regions: dict[str, str] = {}
        self._spread: dict[tuple[float, int], dict[str, float]] = {}
        self._told = 0

    def close(self) -> None:
        """Close the journal; closing twice is fine."""
        self._journal.close()

    def then(self, at: float) -> View:
        """See Past. What cannot be read is the trouble of the view, which then shows what was known before."""
        if self._view is None or self._view[0] != at:
            self._view = at, self._seen(at)
        return self._view[1]

    def stop(self, at: float, step: int) -> float | None:
        """See Past."""
        seq = self._seq(at, self._segments.at(at))
        if step > 0:
            walls = [record.wall for record in self._journal.query(after=seq or 1, kinds=STOPS, limit=1)]
        else:
            found = reversed(self._journal.query(before=seq + 1, kinds=STOPS, limit=LOOKED_AT))
            walls = [record.wall for record in found if record.wall < at]
        return walls[0] if walls and self.first <= walls[0] <= self.last else None

    def troubles(self) -> Sequence[str]:
        """See Past: segments of which something could not be read."""
        new = self._segments.damaged[self._told :]
        self._told += len(new)
        return [f"measurements in '{path.name}' are damaged: unreadable parts are left out" for path in new]

    def _reach(self, since: float | None, until: float | None) -> tuple[float, float]:
        """The first and the last moment that can be shown."""
        oldest = self._journal.oldest()
        if not oldest:
            raise HactlError("nothing is recorded yet", "hactl up")
        first = self._journal.query(before=oldest + 1, limit=1)[0].wall
        last = max(self._journal.query(limit=1)[0].wall, self._segments.last or 0.0)
        begin = first if since is None else max(first, since)
        end = last if until is None else min(last, until)
        if begin > end:
            raise HactlError("nothing is recorded for that time", f"recorded: {_said(first)} to {_said(last)}")
        return begin, end

    def _seen(self, at: float) -> View:
        frame = self._segments.at(at)
        near = frame if frame is not None and at - frame.at <= STALE else None
        trouble = UNMEASURED if near is None else ""
        try:
            self._tape.wind(self._seq(at, frame))
        except HactlError as error:
            trouble = error.message
        fleet, records = self._tape.fleet, self._tape.records
        if _stopped(records):
            near, trouble = None, NO_DAEMON
        mono = records[-1].mono + at - records[-1].wall if records else 0.0
        count = len(near.names) if near is not None else 0
        frames = self._segments.back(at, MOMENTS, limit=max(MINUTE, min(MOMENTS, SAMPLES // max(1, count))))
        rates, spread = self._traffic(frames, fleet, at)
        snapshot = Snapshot(
            fleet=fleet,
            at=at,
            mono=mono,
            samples=near.samples if near is not None else (),
            pulse=near.pulse if near is not None else Pulse(),
        )
        return View(
            snapshot=fresh(snapshot),
            records=records,
            rates=rates,
            spread=spread,
            trouble=trouble,
            live=False,
            measured=not trouble,
        )

    def _traffic(
        self, frames: list[Frame], fleet: Fleet, at: float
    ) -> tuple[dict[str, deque[float | None]], list[dict[str, float]]]:
        """Requests per second of each process in the minute before, and of each region in the minutes before."""
        regions = {node.name: node.region for node in fleet.gateways}
        known, self._spread = self._spread if regions == self._regions else {}, {}
        self._regions = regions
        lanes = Lanes()
        for frame in frames:
            key = (frame.at, frame.seq)
            if key in known:  # a step forward needs most of it again
                self._spread[key] = known[key]
            else:
                self._spread[key] = _carried(frame, regions)
            if frame.at > at - MINUTE:
                lanes.add(frame.at, frame.requests)
        lanes.reach(at)
        walls = ((frame.at, self._spread[frame.at, frame.seq]) for frame in frames)
        return lanes.rates, columns(walls, until=at)

    def _seq(self, at: float, frame: Frame | None) -> int:
        """The record that was the newest at `at`: where a frame says the fleet stood, and what happened right after.

        So it is right also where a clock was set back; where nothing was measured, it goes by the clock alone.
        """
        return self._journal.seq_at(at, after=frame.seq if frame is not None else 0)


def _stopped(records: Sequence[Record]) -> bool:
    """Whether the last daemon had gone in good order."""
    of_daemons = (each.event for each in reversed(records) if isinstance(each.event, DaemonStarted | DaemonStopped))
    return isinstance(next(of_daemons, None), DaemonStopped)


def _carried(frame: Frame, regions: dict[str, str]) -> dict[str, float]:
    """Requests per second of each region."""
    carried = dict.fromkeys(regions.values(), 0.0)
    for name, rate in frame.requests.items():
        if name in regions:
            carried[regions[name]] += rate or 0.0
    return carried


def _said(wall: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(wall))
