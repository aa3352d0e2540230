"""Which regions answer far worse than they should? Compares once a second and reports changes; decides nothing.

A region is degraded when it is far worse than all others together, as long as these carry enough to be compared with,
and far worse than it was itself a while ago: one that has always been slower is no news, and when all are equally bad
(as when a service behind them is) none is degraded. From the moment traffic is taken from one, it is also watched
whether those that took over do any better.

What has been reported is in the fleet, so that a new daemon continues from there.
"""

from collections import deque
from collections.abc import Iterable

from hactl.core.brownout import Answers
from hactl.core.evacuation import EvacuationCause
from hactl.core.model import Fleet, Now, Sample
from hactl.core.observations import RegionFaltered, RegionRecovered, TakersFaltered
from hactl.core.traffic import in_rotation
from hactl.core.value import replace
from hactl.supervisor.answers import LATE, Held, Recent, slower, warm

WINDOW = 2.5
"""Seconds whose answers are compared, at least: those of three measurements, however exactly these come."""
ENOUGH = 20
"""Answers without which nothing can be said of a region."""
FAULTY, TIMES_FAULTY, ERRORS = 0.10, 5.0, 5
"""A region falters when this part of its answers fails, so many times that of the others, and so many in number; ..."""
TIMES, MORE_MS = 3.0, 50.0
"""... or when its median is so many times theirs, and so many ms above it."""
BEFORE_BAD, BEFORE_WELL, BEFORE_VAIN = 3.0, 5.0, 5.0
"""Seconds it must have been so until it is said; below half of it until it is well; the others as bad until it was in
vain."""
LOOKS = 4
"""So many seconds in a row, each of which has answers enough to tell by itself, and tells half of that: then it is said
at once."""
UNASKED = 300.0
"""Seconds without a request after which a region that falters is tried again: nothing else can tell how it is."""
HISTORY = 120.0
"""Seconds of a region's own past that it is compared with."""
SETTLED = 5
"""Seconds after which one is past: those right before it is found to falter belong to that."""
USUAL = 100
"""Answers of its past without which nobody knows what is usual for it."""
OFTEN = 0.9
"""The part of its past that was not slower than what is usual for it. Where nearly half of all answers are slow the
median of a few is now the one and now the other: so it has been all the time, and is no news."""

Crossing = RegionFaltered | RegionRecovered | TakersFaltered


class Past:
    """How a region answered while nothing was wrong: its newest calm seconds, however long ago they were."""

    def __init__(self) -> None:
        self._calm = Recent(longest=HISTORY)
        self._clock = 0.0
        """Calm seconds so far."""
        self._settling: deque[list[Sample]] = deque()

    def add(self, samples: list[Sample], *, calm: bool) -> None:
        """Take one second."""
        if not calm:
            self._settling.clear()
            return
        self._settling.append(samples)
        if len(self._settling) > SETTLED:
            self._clock += 1.0
            self._calm.add(self._settling.popleft(), self._clock)

    def usual(self) -> Answers | None:
        """What is usual for it; None when too little is known."""
        return self._calm.over(self._clock, USUAL, seconds=HISTORY, part=OFTEN)


class _Watch:
    """What is known of one region."""

    def __init__(self) -> None:
        self.recent = Recent()
        self.past = Past()
        self.bad = Held()
        self.looks = 0
        """Seconds in a row that were bad each by itself."""
        self.well = Held()
        self.vain = Held()
        self.unasked = Held()


class Brownouts:
    """Watches all regions of a fleet."""

    def __init__(self) -> None:
        self._watches: dict[str, _Watch] = {}

    def measured(self, fleet: Fleet, samples: Iterable[Sample], now: Now, *, lag: float) -> tuple[Crossing, ...]:
        """Take one measurement, of about a second; `lag` is how late our own loop has been, in seconds."""
        names = list(fleet.spec.region_names)
        self._watches = {name: self._watches.get(name) or _Watch() for name in names}
        if not fleet.spec.brownout or len(names) < 2 or lag > LATE:
            return ()
        of = {sample.node: sample for sample in samples}
        newest = {
            name: [of[node.name] for node in in_rotation(fleet, name) if node.name in of and warm(fleet, node, now)]
            for name in names
        }
        for name in names:
            # what falters is asked little: its answers are waited for, however long they take to come
            self._watches[name].recent.add(newest[name], now.mono, hold=ENOUGH if fleet.falters(name) else 0.0)
        said: list[Crossing] = []
        for name in names:
            own, others = self._together((name,), now.mono), self._together(set(names) - {name}, now.mono)
            watch = self._watches[name]
            if watch.unasked.during(fleet.falters(name) and _unasked(newest[name]), now.mono) >= UNASKED:
                watch.unasked = Held()
                why = f"presumably: it has received no request for {UNASKED:.0f} s"
                said.append(RegionRecovered(region=name, why=why))
            else:
                said += self._judged(fleet, name, own, others, _alone(newest[name], now.mono), now.mono)
            watch.past.add(newest[name], calm=not (name in fleet.evacuations or fleet.falters(name) or watch.bad.true))
        return tuple(said)

    def _together(self, names: Iterable[str], now: float) -> Answers | None:
        recent = Recent.merged(self._watches[name].recent for name in names)
        return recent.over(now, ENOUGH, seconds=WINDOW)

    def _judged(
        self, fleet: Fleet, name: str, own: Answers | None, others: Answers | None, alone: Answers | None, now: float
    ) -> Iterable[Crossing]:
        """`alone` are its answers of the newest second; None when these are too few."""
        watch = self._watches[name]
        known = fleet.brownouts.get(name)
        noted = known.usual if known is not None else None
        past = watch.past.usual()
        usual = _usual(others, past or noted) if not fleet.falters(name) else _usual(others, noted or past or others)
        if own is None or usual is None:
            watch.bad, watch.well, watch.vain, watch.looks = Held(), Held(), Held(), 0
            return
        if not fleet.falters(name):
            watch.well = Held()
            bad, over = worse(own, usual), _over(alone, usual)
            watch.looks = watch.looks + 1 if alone is not None and worse(alone, usual, part=0.5) else 0
            # a good second only delays what is said: what comes and goes every few seconds is as bad
            if (watch.bad.during(bad, now) >= BEFORE_BAD and not over) or (bad and watch.looks >= LOOKS):
                watch.bad, watch.looks = Held(), 0
                yield RegionFaltered(region=name, why=_sentence(own, usual), usual=usual)
        elif watch.well.during(not worse(own, usual, part=0.5) and not _vain(own, others, noted), now) >= BEFORE_WELL:
            watch.well = Held()
            yield RegionRecovered(region=name, why=_sentence(own, usual))
        evacuation = fleet.evacuations.get(name)
        ours = evacuation is not None and evacuation.cause is EvacuationCause.FALTERED
        if watch.vain.during(ours and _vain(own, others, noted), now) >= BEFORE_VAIN and others and noted:
            watch.vain = Held()
            yield TakersFaltered(region=name, why=_sentence(others, noted))


def _alone(samples: list[Sample], now: float) -> Answers | None:
    """What one second's answers say by themselves; None when they are too few."""
    second = Recent()
    second.add(samples, now)
    return second.over(now, ENOUGH, seconds=0.0)


def _over(alone: Answers | None, usual: Answers) -> bool:
    """Whether the newest second tells that what lingers among the answers is over."""
    return alone is not None and alone.faulty < FAULTY * 0.5 and not _slow(alone, usual, 0.5)


def _unasked(samples: list[Sample]) -> bool:
    """Whether nothing was sent to those that could be read; not known when none could be."""
    known = [sample for sample in samples if sample.requests is not None]
    return bool(known) and not any(sample.requests or sample.errors for sample in known)


def _usual(others: Answers | None, past: Answers | None) -> Answers | None:
    """How a region should answer: like the others or as ever, whichever is worse; None when nobody knows.

    Where its past is not known only errors are compared: those are bad in themselves, and a region may be a slow one.
    """
    if others is None or past is None:
        return past if others is None else replace(others, p50_ms=None)
    worst = max(others, past, key=lambda answers: answers.faulty)
    medians = [answers.p50_ms for answers in (others, past) if answers.p50_ms is not None]
    return replace(worst, p50_ms=max(medians, default=None))


def _vain(own: Answers, others: Answers | None, usual: Answers | None) -> bool:
    """Whether those that took over are far worse than usual themselves, and no better than the region."""
    return others is not None and usual is not None and worse(others, usual) and not worse(own, others, part=0.5)


def worse(own: Answers, usual: Answers, *, part: float = 1.0) -> bool:
    """Whether `own` is beyond `part` of what counts as far worse than `usual`."""
    return _faulty(own, usual, part) or _slow(own, usual, part)


def _faulty(own: Answers, usual: Answers, part: float) -> bool:
    return own.faulty >= FAULTY * part and own.faulty >= TIMES_FAULTY * part * usual.faulty and own.errors >= ERRORS


def _slow(own: Answers, usual: Answers, part: float) -> bool:
    if own.p50_ms is None or usual.p50_ms is None:
        return False
    return slower(own.p50_ms, usual.p50_ms, times=TIMES, more=MORE_MS, part=part)


def _sentence(own: Answers, usual: Answers) -> str:
    """What is worse, or, when nothing is, all of it; in figures, with what they are compared with."""
    faulty = f"{own.faulty * 100:.0f} % of the answers fail (usual: {usual.faulty * 100:.0f} %)"
    if own.p50_ms is None or usual.p50_ms is None:
        return faulty
    slow = f"answers take {own.p50_ms:.0f} ms at the median (usual: {usual.p50_ms:.0f} ms)"
    said = [text for text, bad in ((faulty, _faulty), (slow, _slow)) if bad(own, usual, 1.0)]
    return ", ".join(said or (faulty, slow))
