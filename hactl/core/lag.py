"""How late the daemon's loop has been: counts of moments by lateness, and what can be read from them. Pure, bounded.

A moment is one beat of `supervisor.vitals`, twenty a second. One that came late stands for those that were missed
meanwhile as well: a loop held up for a second was late for everybody who wanted something within that second, not once.
"""

from collections.abc import Sequence

BOUNDS_MS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000, 2000, 5000)
"""Count i is of moments that were late by no more than bound i, and by more than the one before it; one more count,
the last, is of those beyond all bounds."""
NONE = (0,) * (len(BOUNDS_MS) + 1)
"""No moment yet."""


def place(ms: float) -> int:
    """Which count a moment that is late by `ms` belongs to."""
    return next((index for index, bound in enumerate(BOUNDS_MS) if ms <= bound), len(BOUNDS_MS))


def total(counts: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Several counts as one."""
    return tuple(sum(column) for column in zip(NONE, *counts, strict=True))


def since(earlier: Sequence[int], later: Sequence[int]) -> tuple[int, ...]:
    """What has been added to a count, as long as nothing in it was too old."""
    return tuple(max(0, now - then) for then, now in zip(earlier, later, strict=True))


def quantile(counts: Sequence[int], part: float) -> float:
    """The bound in ms within which at least `part` (0..1) of the moments were; 0 when there were none.

    At most one bound too high, never too low, but for moments beyond the last bound: of those it is all that is known.
    """
    wanted = part * sum(counts)
    if not wanted:
        return 0.0
    for bound, count in zip((*BOUNDS_MS, BOUNDS_MS[-1]), counts, strict=True):
        wanted -= count
        if wanted <= 1e-9:
            return float(bound)
    return float(BOUNDS_MS[-1])
