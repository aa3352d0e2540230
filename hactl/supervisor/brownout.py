"""Which regions answer far worse than they should? Compares once a second and tells the crossings; decides nothing.

A region is compared with all others together, as long as these carry enough to be compared with, and else with what it
did itself a while ago. So when all regions are as bad (what stands behind them is), none of them falters. Since the
moment traffic was taken from one, it is also watched whether those that took over do any better than it.

What is said already stands in the fleet, so that a new daemon goes on from it.
"""

from collections.abc import Iterable

from hactl.core.evacuation import EvacuationCause
from hactl.core.model import Fleet, Now, Sample
from hactl.core.observations import RegionFaltered, RegionRecovered, TakersFaltered
from hactl.core.traffic import in_rotation
from hactl.supervisor.answers import LATE, Answers, Held, Recent, warm

WINDOW = 3.0
"""Seconds whose answers are compared, at least."""
ENOUGH = 20
"""Answers without which nothing can be said of a region."""
FAULTY, TIMES_FAULTY, ERRORS = 0.10, 5.0, 5
"""A region falters when this part of its answers fails, so many times that of the others, and so many in number; ..."""
TIMES, MORE_MS = 3.0, 50.0
"""... or when its median is so many times theirs, and so many ms above it."""
BEFORE_BAD, BEFORE_WELL, BEFORE_VAIN = 3.0, 5.0, 5.0
"""Seconds it must have been so until it is said; below half of it until it is well; the others as bad until it was in
vain."""
HISTORY = 120.0
"""Seconds of a region's own past that it is compared with when there is nobody else."""
USUAL = 100
"""Answers of its past without which nobody knows what is usual for it."""

Crossing = RegionFaltered | RegionRecovered | TakersFaltered


class _Watch:
    """What is known of one region."""

    def __init__(self) -> None:
        self.recent = Recent()
        self.past = Recent(longest=HISTORY)
        """Of when it did not falter."""
        self.bad = Held()
        self.well = Held()
        self.vain = Held()
        self.reference: Answers | None = None
        """What it was compared with when it was found to falter: how answers should be."""


class Brownouts:
    """Watches all regions of a fleet."""

    def __init__(self) -> None:
        self._watches: dict[str, _Watch] = {}

    def measured(self, fleet: Fleet, samples: Iterable[Sample], now: Now, *, lag: float) -> tuple[Crossing, ...]:
        """Take one measurement, of about a second; `lag` is how late our own loop has been, in seconds."""
        names = [region.name for region in fleet.spec.regions]
        self._watches = {name: self._watches.get(name) or _Watch() for name in names}
        if not fleet.spec.brownout or len(names) < 2 or lag > LATE:
            return ()
        of = {sample.node: sample for sample in samples}
        newest = {
            name: [of[node.name] for node in in_rotation(fleet, name) if node.name in of and warm(fleet, node, now)]
            for name in names
        }
        for name in names:
            self._watches[name].recent.add(newest[name], now.mono)
        said: list[Crossing] = []
        for name in names:
            own, others = self._together((name,), now.mono), self._together(set(names) - {name}, now.mono)
            said += self._judged(fleet, name, own, others, now.mono)
            watch = self._watches[name]
            if name not in fleet.evacuations and not fleet.falters(name) and not watch.bad.true:
                watch.past.add(newest[name], now.mono)
        return tuple(said)

    def _together(self, names: Iterable[str], now: float) -> Answers | None:
        recent = Recent.merged(self._watches[name].recent for name in names)
        return recent.over(now, ENOUGH, seconds=WINDOW)

    def _judged(
        self, fleet: Fleet, name: str, own: Answers | None, others: Answers | None, now: float
    ) -> Iterable[Crossing]:
        watch = self._watches[name]
        reference = others or watch.past.over(now, USUAL, seconds=HISTORY)
        if own is None or reference is None:
            watch.bad, watch.well, watch.vain = Held(), Held(), Held()
            return
        if not fleet.falters(name):
            watch.well = Held()
            if watch.bad.during(worse(own, reference), now) >= BEFORE_BAD:
                watch.bad, watch.reference = Held(), reference
                yield RegionFaltered(region=name, why=_sentence(own, reference, "the others" if others else "before"))
        else:
            should = watch.reference
            well = not worse(own, reference, part=0.5) and not (should and worse(own, should))
            if watch.well.during(well, now) >= BEFORE_WELL:
                watch.well = Held()
                yield RegionRecovered(region=name, why=_sentence(own, reference, "the others" if others else "before"))
        evacuation = fleet.evacuations.get(name)
        if others is None or watch.reference is None or evacuation is None:
            watch.vain = Held()
        elif evacuation.cause is EvacuationCause.FALTERED:
            vain = worse(others, watch.reference) and not worse(own, others)
            if watch.vain.during(vain, now) >= BEFORE_VAIN:
                watch.vain = Held()
                yield TakersFaltered(region=name, why=_sentence(others, watch.reference, "before"))


def worse(own: Answers, usual: Answers, *, part: float = 1.0) -> bool:
    """Whether `own` is beyond `part` of what counts as far worse than `usual`."""
    return _faulty(own, usual, part) or _slow(own, usual, part)


def _faulty(own: Answers, usual: Answers, part: float) -> bool:
    return own.faulty >= FAULTY * part and own.faulty >= TIMES_FAULTY * part * usual.faulty and own.errors >= ERRORS


def _slow(own: Answers, usual: Answers, part: float) -> bool:
    if own.p50_ms is None or usual.p50_ms is None:
        return False
    return own.p50_ms >= TIMES * part * usual.p50_ms and own.p50_ms - usual.p50_ms >= MORE_MS * part


def _sentence(own: Answers, usual: Answers, whose: str) -> str:
    """What is worse, or, when nothing is, all of it; in figures, with what they are compared with."""
    faulty = f"{own.faulty * 100:.0f} % of the answers fail ({whose}: {usual.faulty * 100:.0f} %)"
    if own.p50_ms is None or usual.p50_ms is None:
        return faulty
    slow = f"answers take {own.p50_ms:.0f} ms at the median ({whose}: {usual.p50_ms:.0f} ms)"
    said = [text for text, bad in ((faulty, _faulty), (slow, _slow)) if bad(own, usual, 1.0)]
    return ", ".join(said or (faulty, slow))
