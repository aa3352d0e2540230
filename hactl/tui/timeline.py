"""Measurements on a time axis: one column per second, blank where nothing was measured. Pure."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

Column = TypeVar("Column")

LANE = 150
"""Columns of each process that are kept at hand: as many as a wide screen draws side by side."""
Spread = dict[str, float]
"""Requests per second of each region; {} when they are not known."""
WIDEST = 900
"""Blank columns at most; what was before so long a silence is out of sight anyway."""


def silent(before: float, at: float) -> int:
    """Whole seconds between two moments (Unix time) in which there was none; they come about once a second."""
    return max(0, min(round(at - before) - 1, WIDEST))


def columns(moments: Iterable[tuple[float, Spread]], *, until: float | None = None) -> list[Spread]:
    """A column for each of `moments`, times first and oldest first, and for each second without one {}.

    `until` is where the axis ends, if that is not with the last of them.
    """
    found: list[Spread] = []
    last: float | None = None
    for at, value in moments:
        if last is not None:
            found += [{}] * silent(last, at)
        found.append(value)
        last = at
    if last is not None and until is not None:
        found += [{}] * silent(last, until)
    return found


def adjoined(before: Sequence[Column], blank: Column, *, end: float, begin: float) -> list[Column]:
    """The columns `before`, whose last one is at `end`, as they stand in front of one at `begin` (Unix times)."""
    apart = round(begin - end) - 1
    if apart < 0:
        return list(before[:apart])
    return [*before, *[blank] * min(apart, WIDEST)]


class Lanes:
    """Requests per second of each process, a column a second, newest last; None where they are not known."""

    def __init__(self) -> None:
        self.rates: dict[str, deque[float | None]] = {}
        self._last: float | None = None

    def add(self, at: float, rates: Mapping[str, float | None]) -> None:
        """One moment more; a process that is not in it has not been measured."""
        self.reach(at)
        for name in self.rates.keys() - rates.keys():
            self.rates[name].append(None)
        for name, rate in rates.items():
            self.rates.setdefault(name, deque(maxlen=LANE)).append(rate)
        self._last = at

    def reach(self, at: float) -> None:
        """Blank up to this moment, at which something is measured or the axis ends."""
        if self._last is not None and (blank := silent(self._last, at)):
            for lane in self.rates.values():
                lane.extend([None] * min(blank, LANE))

    def precede(self, name: str, before: Sequence[float | None]) -> None:
        """Put columns in front of those of a process that is known."""
        if name in self.rates:
            self.rates[name] = deque([*before, *self.rates[name]], maxlen=LANE)

    def forget(self, names: Iterable[str]) -> None:
        """Of these nothing is kept."""
        for name in names:
            self.rates.pop(name, None)
