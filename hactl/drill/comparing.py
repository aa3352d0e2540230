"""Runs side by side: medians, ranges and differences, and whether the difference is real. Pure.

Health checks come at their own times, so that two runs of an unchanged system differ. One run against one run calls it
"20 % slower" 16 times out of 100, five against five 3 times: below five runs a side, nothing is called a trend.
"""

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum

from hactl.core.errors import HactlError
from hactl.core.value import Value
from hactl.drill.figures import figures
from hactl.drill.quantity import Unit, shown
from hactl.drill.report import DrillReport
from hactl.drill.verdict import CONCLUSIVE

ENOUGH = 5
"""Runs on each side without which nothing is called better or worse."""
CHANGE = 0.2
"""By how much medians have to differ, as a part of the larger one, to be called different."""
UNCLEAN = "NOT CLEAN"
"""What is said besides of a run that has left something behind."""
LAST = 10
"""Runs of a drill that are looked at, the newest ones."""


class Spread(Value):
    """What several runs measured."""

    median: float
    least: float
    most: float
    count: int
    """How many runs measured it."""


class Trend(StrEnum):
    """What became of a figure."""

    BETTER = "better"
    STEADY = "steady"
    WORSE = "worse"
    UNKNOWN = "too few runs"


class Side(Value):
    """What is compared: one run, or the newest runs of one drill."""

    name: str
    reports: tuple[DrillReport, ...]
    """Those that count, oldest first."""
    set_aside: int = 0
    """Runs of the drill that have shown nothing."""


class Compared(Value):
    """One figure on both sides."""

    name: str
    unit: Unit
    more_is_better: bool
    a: Spread | None
    """None when no run measured it."""
    b: Spread | None
    difference: float | None
    """Median of b less that of a; None when one of them is missing."""
    trend: Trend


class Comparison(Value):
    """Two sides, figure by figure."""

    a: str
    b: str
    runs_a: tuple[str, ...]
    runs_b: tuple[str, ...]
    figures: tuple[Compared, ...]
    came_a: str = ""
    """What came of the runs: "pass", or "4 pass, 1 fail"."""
    came_b: str = ""
    notes: tuple[str, ...] = ()
    """What else is different, so that differences of figures may come from that."""

    @property
    def caution(self) -> str:
        """Why nothing in it is called better or worse; "" where that may be."""
        if min(len(self.runs_a), len(self.runs_b)) >= ENOUGH:
            return ""
        return f"nothing is rated better or worse with fewer than {ENOUGH} runs a side: a single run proves no trend"


def side(name: str, reports: Sequence[DrillReport], last: int = LAST, *, without: str = "") -> Side:
    """The run called `name`, or the `last` conclusive runs of the drill called so, the run `without` aside.

    `reports` are all that there are, oldest first. Raises HactlError when there is none to compare.
    """
    for report in reports:
        if report.identity.run == name:
            return Side(name=name, reports=(report,))
    of_drill = [one for one in reports if one.definition.name == name and one.identity.run != without]
    counted = [one for one in of_drill if one.verdict in CONCLUSIVE]
    if not of_drill:
        raise HactlError(f"no run '{name}', and no run of a drill with that name", "hactl drill report --all")
    if not counted:
        raise HactlError(f"no run of '{name}' was conclusive", f"hactl drill run {name}")
    return Side(name=name, reports=tuple(counted[-last:]), set_aside=len(of_drill) - len(counted))


def compare(a: Side, b: Side) -> Comparison:
    """The figures of both sides, in the order of a report."""
    here, there = _columns(a), _columns(b)
    kinds = {one.name: one for each in (*b.reports, *a.reports) for one in figures(each)}
    return Comparison(
        a=a.name,
        b=b.name,
        runs_a=tuple(one.identity.run for one in a.reports),
        runs_b=tuple(one.identity.run for one in b.reports),
        figures=tuple(
            _compared(name, kind.unit, here.get(name, []), there.get(name, []), more_is_better=kind.more_is_better)
            for name, kind in kinds.items()
            if here.get(name) or there.get(name)
        ),
        came_a=_came(a),
        came_b=_came(b),
        notes=tuple(_notes(a, b)),
    )


def spread(values: Sequence[float]) -> Spread | None:
    """Median and range; None of nothing."""
    if not values:
        return None
    return Spread(median=statistics.median(values), least=min(values), most=max(values), count=len(values))


def spoken(spread: Spread | None, unit: Unit) -> str:
    """The median, and the range when there is one; "-" of nothing."""
    if spread is None:
        return "-"
    median = shown(spread.median, unit)
    if spread.least == spread.most:
        return median
    return f"{median} ({shown(spread.least, unit)} .. {shown(spread.most, unit)})"


def trend(before: Sequence[float], after: Sequence[float], *, more_is_better: bool = False) -> Trend:
    """Whether `after` is better or worse: medians that differ enough, and none inside the range of the other side."""
    if min(len(before), len(after)) < ENOUGH:
        return Trend.UNKNOWN
    was, now = statistics.median(before), statistics.median(after)
    if abs(now - was) <= CHANGE * max(abs(was), abs(now)):
        return Trend.STEADY
    if min(before) <= now <= max(before) or min(after) <= was <= max(after):
        return Trend.STEADY
    return Trend.BETTER if (now > was) is more_is_better else Trend.WORSE


def _compared(
    name: str, unit: Unit, before: Sequence[float], after: Sequence[float], *, more_is_better: bool
) -> Compared:
    a, b = spread(before), spread(after)
    # What is near 100 % differs by what is missing: 99.9 % is ten times better than 99 %.
    inverted = unit is Unit.PART and more_is_better
    was, now = ([1 - value for value in values] if inverted else values for values in (before, after))
    return Compared(
        name=name,
        unit=unit,
        more_is_better=more_is_better,
        a=a,
        b=b,
        difference=None if a is None or b is None else b.median - a.median,
        trend=trend(was, now, more_is_better=more_is_better and not inverted),
    )


def _came(one: Side) -> str:
    """The verdicts of a side; of several runs with how many had each."""
    counts = Counter(f"{report.verdict}{'' if report.clean else f', {UNCLEAN}'}" for report in one.reports)
    if len(one.reports) == 1:
        return next(iter(counts))
    return "; ".join(f"{count} {came}" for came, count in sorted(counts.items(), key=lambda each: -each[1]))


def _columns(one: Side) -> dict[str, list[float]]:
    columns: dict[str, list[float]] = {}
    for report in one.reports:
        for figure in figures(report):
            if figure.value is not None:
                columns.setdefault(figure.name, []).append(figure.value)
    return columns


def _notes(a: Side, b: Side) -> Iterator[str]:
    for one in (a, b):
        bad = [report.verdict for report in one.reports if report.verdict not in CONCLUSIVE]
        if bad:
            yield f"{one.name} is {bad[0]}: its figures prove nothing"
        if one.set_aside:
            runs = "1 run" if one.set_aside == 1 else f"{one.set_aside} runs"
            yield f"not counted, because inconclusive: {runs} of {one.name}"
    for what, known in (
        ("drills", lambda report: report.definition.name),
        ("drill files", lambda report: report.definition.digest[:12]),
        ("loads", lambda report: f"{report.definition.load.rate:g}/s, timeout {report.definition.load.timeout:g} s"),
        ("revisions of the configuration", lambda report: str(report.identity.revision)),
        ("versions of hactl", lambda report: report.identity.version),
        ("hosts", lambda report: report.identity.host),
    ):
        seen = [sorted({known(report) for report in one.reports}) for one in (a, b)]
        if seen[0] != seen[1]:
            yield f"{what} differ: {', '.join(seen[0])} versus {', '.join(seen[1])}"
