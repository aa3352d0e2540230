"""What a console knows about its fleet: the newest snapshot, recent events, and minutes of measurements.

Bounded, whatever happens. Not the fleet: a picture has an age, and says so when nobody adds to it any more. What is
drawn is a View of it: as it is now, or as it was at one of the moments that are kept.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import assert_never

from hactl.core.draft import caught_up, evolve
from hactl.core.events import Record
from hactl.core.node import Role
from hactl.core.talk import Measured, News, Snapshot, Update, renewed
from hactl.core.telling import told
from hactl.core.value import Value, replace
from hactl.tui.activity import Sign
from hactl.tui.fresh import STALE, fresh, unmeasured
from hactl.tui.moment import Moment
from hactl.tui.stops import worth_a_stop
from hactl.tui.timeline import LANE, Lanes, adjoined, columns

RECORDS = 2000
"""Records kept; older ones, and those that nobody is told of one by one, are the journal's to tell."""
MINUTE = 60
"""Measurements of a minute, one a second."""
MOMENTS = 900
"""Moments kept, one a second, as long as the fleet is not so large that they would take too much memory ..."""
SAMPLES = 100_000
"""... which is a matter of so many measurements of single processes."""
UNMEASURED = "nothing was measured at that time"
"""No daemon ran, or its disk was full."""


class View(Value):
    """A picture as it is to be drawn."""

    snapshot: Snapshot | None = None
    records: Sequence[Record] = ()
    """What happened until then, oldest first."""
    rates: Mapping[str, Sequence[float | None]] = {}
    """Requests per second of each process in the minutes before, each second of them, newest last."""
    spread: Sequence[dict[str, float]] = ()
    """Requests per second of each region in the minutes before, each second of them, newest last; {} for unknown."""
    heard: float = 0.0
    """When the last update came, in seconds of the console's own monotonic clock."""
    trouble: str = ""
    """Why nothing comes from the daemon; "" while something does."""
    live: bool = True
    """It is the newest there is, and goes on by itself."""
    measured: bool = True
    """Somebody measured at that moment; where nobody did, how the fleet was is not known, and `trouble` says so."""
    refusal: str = ""
    """Why whoever looks at it may change nothing; "" where it may."""
    signs: Mapping[str, Sign] = {}
    """Screens on which something has come that nobody has looked at, or nothing comes any more."""
    speed: float | None = None
    """How fast a recording is played, 0 while it stands still; None for what is no recording."""

    def wall(self, now: float) -> float:
        """Unix time of what is shown; of the newest picture it goes on, also while nobody answers. `now` is the
        console's own monotonic clock."""
        at = self.snapshot.at if self.snapshot is not None else 0.0
        return at + (max(0.0, now - self.heard) if self.live else 0.0)


class Picture:
    """Grows by updates."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        self.records: deque[Record] = deque(maxlen=RECORDS)
        self.moments: deque[Moment] = deque()
        self._spread: deque[dict[str, float]] = deque()
        """Of each moment."""
        self._earlier: deque[dict[str, float]] = deque(maxlen=MOMENTS)
        """Of each second before the first moment."""
        self._lanes = Lanes()
        self.heard = 0.0
        self.trouble = ""
        self._remembered = False
        """It is what was known last; nobody has confirmed that it is so."""

    @property
    def seq(self) -> int:
        """The journal position this picture stands at; 0 before there is one that a daemon has given."""
        return self.snapshot.fleet.seq if self.snapshot is not None and not self._remembered else 0

    @property
    def behind(self) -> bool:
        """What happened last is not in its records: it begins, or a daemon has forgotten what was missed."""
        return self.seq > (self.records[-1].seq if self.records else 0)

    def take(self, update: Update, at: float) -> None:
        """Add what has come, `at` in seconds of the console's own monotonic clock."""
        self.heard, self.trouble = at, ""
        if self._remembered:  # it may be of another fleet of that name
            self._remembered = False
            self.records.clear()
            self.snapshot = None
        match update:
            case Snapshot():
                if self.snapshot is not None and self.snapshot.fleet.id != update.fleet.id:
                    for kept in (self.records, self.moments, self._spread):
                        kept.clear()  # of another fleet of that name
                    self._lanes = Lanes()
                self.snapshot = update
                self._measured(update)
            case News(records=records):
                self._happened(records)
            case Measured():
                if self.snapshot is not None:
                    self.snapshot = renewed(self.snapshot, update)
                    self._measured(self.snapshot)
            case _:
                assert_never(update)

    def remember(self, view: View, heard: float) -> None:
        """Begin with what was known last, as long as there is nothing newer; `heard` is when that was, by our clock."""
        if self.snapshot is None and view.snapshot is not None:
            self.snapshot, self.heard, self._remembered = view.snapshot, heard, True
            self.records.extend(view.records)

    def recall(self, records: list[Record]) -> None:
        """Add records from before this picture began."""
        known = {record.seq: record for record in (*records, *self.records)}
        self.records = deque((known[seq] for seq in sorted(known)), maxlen=RECORDS)

    def fill(self, before: View) -> None:
        """Add what was measured before this picture began, as it stood on disk."""
        first = self.first
        if first is None or before.snapshot is None:
            return
        end = before.snapshot.at
        self._earlier.extend(adjoined(before.spread, {}, end=end, begin=first))
        for name, rates in before.rates.items():
            self._lanes.precede(name, adjoined(rates, None, end=end, begin=first))

    def lost(self, why: str) -> None:
        """Nothing comes any more, and why."""
        self.trouble = why

    @property
    def first(self) -> float | None:
        """The earliest moment that can be gone back to, as Unix time."""
        return self.moments[0].at if self.moments else None

    @property
    def last(self) -> float | None:
        """The newest one."""
        return self.moments[-1].at if self.moments else None

    def stop(self, at: float, step: int) -> float | None:
        """See Past."""
        walls = [record.wall for record in self.records if worth_a_stop(record.event)]
        if step > 0:
            return next((wall for wall in walls if wall > at), None)
        first = self.first or 0.0
        return next((wall for wall in reversed(walls) if first <= wall < at), None)

    def troubles(self) -> Sequence[str]:
        """See Past: nothing has to be read."""
        return ()

    def now(self) -> View:
        """As it is."""
        return View(
            snapshot=self.snapshot,
            records=self.records,
            rates=self._lanes.rates,
            spread=self._columns(len(self.moments)),
            heard=self.heard,
            trouble=self.trouble,
        )

    def then(self, at: float) -> View:
        """As it was at `at` (Unix time), or as near to that as is known."""
        before = list(islice(self.moments, sum(moment.at <= at for moment in self.moments) or 1))
        if not before:
            return replace(self.now(), live=False)
        snapshot = fresh(self._evolved(before[-1].snapshot, at))
        known = at - before[-1].at <= STALE
        if not known:
            passed = max(0.0, at - snapshot.at)
            snapshot = unmeasured(replace(snapshot, at=snapshot.at + passed, mono=snapshot.mono + passed))
        lanes = Lanes()
        for moment in before[-LANE:]:
            lanes.add(moment.at, moment.rates)
        lanes.reach(snapshot.at)
        records = tuple(record for record in self.records if record.seq <= snapshot.fleet.seq)
        return View(
            snapshot=snapshot,
            records=records,
            rates=lanes.rates,
            spread=self._columns(len(before), until=snapshot.at),
            heard=self.heard,
            trouble=self.trouble if known else UNMEASURED,
            live=False,
            measured=known,
        )

    def _columns(self, count: int, until: float | None = None) -> list[dict[str, float]]:
        """How the traffic was spread in each second of the first `count` moments."""
        walls = (moment.at for moment in self.moments)
        seen = columns(islice(zip(walls, self._spread, strict=True), count), until=until)
        return [*self._earlier, *seen][-MOMENTS:]

    def _evolved(self, moment: Snapshot, at: float) -> Snapshot:
        """What had happened until then and not been measured yet."""
        fleet, when = moment.fleet, moment.at
        for record in self.records:
            if record.seq > fleet.seq and record.wall <= at:
                # those that are not kept lie in between
                fleet = replace(evolve(fleet, record.event), seq=record.seq)
                when = max(when, record.wall)
        return replace(moment, fleet=fleet, at=when, mono=moment.mono + when - moment.at)

    def _happened(self, records: tuple[Record, ...]) -> None:
        if self.snapshot is None:
            return
        fleet = self.snapshot.fleet
        self.records.extend(told([record for record in records if record.seq > fleet.seq]))
        self.snapshot = fresh(replace(self.snapshot, fleet=caught_up(fleet, records)))

    def _measured(self, snapshot: Snapshot) -> None:
        newest = Moment.of(snapshot, self.moments[-1] if self.moments else None)
        self.moments.append(newest)
        self._spread.append(_by_region(snapshot))
        while len(self.moments) > max(MINUTE, min(MOMENTS, SAMPLES // max(1, len(snapshot.samples)))):
            self.moments.popleft()
            self._earlier.append(self._spread.popleft())
        self._lanes.add(snapshot.at, newest.rates)
        self._lanes.forget(self._lanes.rates.keys() - snapshot.fleet.nodes.keys())


def _by_region(snapshot: Snapshot) -> dict[str, float]:
    """{} when it is not known."""
    if not snapshot.samples:
        return {}
    carried = {node.region: 0.0 for node in snapshot.fleet.gateways}
    for sample in snapshot.samples:
        node = snapshot.fleet.nodes.get(sample.node)
        if node is not None and node.role is Role.GATEWAY:
            carried[node.region] += sample.requests or 0.0
    return carried
