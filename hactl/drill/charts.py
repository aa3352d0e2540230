"""The charts of a report, as SVG inside a page: no script, no font, no external file. Pure.

Nothing is told by colour alone: bad requests are hatched and numbered, lines have their highest value beside them, and
every bar says what it is when somebody points at it. Colours are those of the page's style sheet.
"""

from collections.abc import Callable, Iterator, Sequence
from math import ceil, floor

from hactl.core.value import Value
from hactl.drill.document import Chart
from hactl.drill.markup import Markup, el, joined
from hactl.drill.quantity import brief
from hactl.drill.report import DrillReport, Second
from hactl.drill.spans import Span, SpanKind, spans

_WIDTH, _LEFT, _RIGHT = 860.0, 120.0, 110.0
_ROW, _HIGH, _STRIP = 22.0, 110.0, 30.0
_DIGIT, _LETTER, _LINE = 6.0, 6.5, 13.0
"""How wide a digit above a bar and a letter below the axis are at most, and how high the lines of those are."""
_MOST_ROWS = 12
"""Nodes that have a row of their own; more are drawn by region."""


class _Axis(Value):
    """Seconds from the fault, across a picture."""

    begin: float
    end: float

    def x(self, at: float) -> float:
        """Where a moment is drawn."""
        return _LEFT + (at - self.begin) / (self.end - self.begin) * (_WIDTH - _LEFT - _RIGHT)


def draw(chart: Chart, report: DrillReport) -> Markup | None:
    """The picture; None when the report has nothing to draw."""
    drawn: dict[Chart, Callable[[DrillReport], Markup | None]] = {
        Chart.PHASES: _phases,
        Chart.REQUESTS: _requests,
        Chart.LATENCY: _latency,
        Chart.SHARES: _shares,
    }
    return drawn[chart](report)


def _axis(report: DrillReport) -> _Axis:
    """One for all pictures of a report, so that what stands below one another was at the same time."""
    found = spans(report)
    moments = [moment for span in found for moment in (span.begin, span.end)]
    moments += [moment for second in report.series for moment in (second.at, second.at + 1.0)]
    begin, end = min(moments, default=0.0), max(moments, default=1.0)
    return _Axis(begin=begin, end=max(end, begin + 1.0))


def _phases(report: DrillReport) -> Markup | None:
    found = spans(report)
    if not found:
        return None
    axis = _axis(report)
    bars = [_span(axis, span, number * _ROW + 6) for number, span in enumerate(found)]
    return _picture(report, "Phases and what was measured, drawn to time", len(found) * _ROW + 6, bars)


def _span(axis: _Axis, span: Span, y: float) -> Markup:
    begin, end = axis.x(span.begin), axis.x(span.end)
    told = f"{span.name}: {brief(span.length)}, from {span.begin:+.3f} s to {span.end:+.3f} s. {span.rule}"
    bar = el(
        "rect",
        el("title", told),
        x=begin,
        y=y,
        width=max(2.0, end - begin),
        height=_ROW - 8,
        class_="phase" if span.kind is SpanKind.PHASE else "measured",
    )
    name = el("text", span.name, x=_LEFT - 8, y=y + 11, class_="name")
    return joined(name, bar, el("text", brief(span.length), x=max(begin + 2, end) + 5, y=y + 11, class_="value"))


def _requests(report: DrillReport) -> Markup | None:
    most = max((second.due for second in report.series), default=0)
    if not most:
        return None
    axis = _axis(report)

    def bars() -> Iterator[Markup]:
        numbered = _numbered(axis, report.series)
        for second in report.series:
            told = f"second {second.at:+d}: {second.due} due, {second.good} good, {second.bad} bad"
            good, bad = second.good / most * _HIGH, second.bad / most * _HIGH
            yield _bar(axis, second, _HIGH - good, good, "good", told)
            if second.bad:
                yield _bar(axis, second, _HIGH - good - bad, bad, "bad", told)
            if second.at in numbered:
                middle = axis.x(second.at + 0.5)
                yield el("text", str(second.bad), x=middle, y=_HIGH - good - bad - 3, class_="count")

    worst = sum(second.bad for second in report.series)
    labels = (*_scale(f"{most}/s", "requests"), _note(f"{worst} bad", 12))
    return _picture(report, "Requests per second, good and bad", _HIGH, [*labels, *bars()], head=14)


def _numbered(axis: _Axis, series: Sequence[Second]) -> set[int]:
    """The seconds whose failures are numbered: all that there is room for beside each other, the worst ones first."""
    kept: list[tuple[float, float]] = []
    found = set()
    for second in sorted((one for one in series if one.bad), key=lambda one: -one.bad):
        middle, half = axis.x(second.at + 0.5), (len(str(second.bad)) * _DIGIT + 3) / 2
        if all(middle + half <= begin or middle - half >= end for begin, end in kept):
            kept.append((middle - half, middle + half))
            found.add(second.at)
    return found


def _latency(report: DrillReport) -> Markup | None:
    answered = [second for second in report.series if second.due]
    most = max((second.p99_ms for second in answered), default=0.0)
    if not most:
        return None
    axis = _axis(report)
    points = [(axis.x(second.at + 0.5), _HIGH - second.p99_ms / most * _HIGH) for second in answered]
    line = el("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_="line")
    dots = [
        el("circle", el("title", f"second {one.at:+d}: p99 {one.p99_ms:.1f} ms of {one.due}"), cx=x, cy=y, r=2.5,
           class_="dot")
        for one, (x, y) in zip(answered, points, strict=True)
    ]  # fmt: skip
    labels = _scale(f"{most:.1f} ms", "p99")
    return _picture(report, "99 % of the requests of each second were answered within", _HIGH, [*labels, line, *dots])


def _shares(report: DrillReport) -> Markup | None:
    nodes = sorted({node for second in report.series for node in second.shares})
    by: Callable[[str], str] = (lambda node: node) if len(nodes) <= _MOST_ROWS else _region
    rows = sorted({by(node) for node in nodes})
    most = max((_answered(second, row, by) for row in rows for second in report.series), default=0)
    if not most:
        return None
    axis = _axis(report)

    def strips() -> Iterator[Markup]:
        for number, row in enumerate(rows):
            below = (number + 1) * _STRIP
            total = sum(_answered(second, row, by) for second in report.series)
            yield el("text", row, x=_LEFT - 8, y=below - 5, class_="name")
            yield el("text", f"{total} answers", x=_WIDTH - _RIGHT + 8, y=below - 5, class_="value")
            yield el("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=below, y2=below, class_="axis")
            for second in report.series:
                answers = _answered(second, row, by)
                tall = answers / most * (_STRIP - 6)
                told = f"{row}, second {second.at:+d}: {answers} of {second.good} good answers"
                yield _bar(axis, second, below - tall, tall, "share", told)

    return _picture(report, "Who answered, second by second", len(rows) * _STRIP, list(strips()))


def _answered(second: Second, row: str, by: Callable[[str], str]) -> int:
    return sum(count for node, count in second.shares.items() if by(node) == row)


def _region(node: str) -> str:
    """Nodes are called by their region and a number."""
    return node.rpartition("-")[0] or node


def _bar(axis: _Axis, second: Second, y: float, height: float, kind: str, told: str) -> Markup:
    begin, end = axis.x(second.at), axis.x(second.at + 1)
    return el(
        "rect", el("title", told), x=begin + 0.5, y=y, width=max(1.0, end - begin - 1), height=height, class_=kind
    )


def _scale(most: str, what: str) -> tuple[Markup, ...]:
    """The names of a vertical axis that begins at 0."""
    texts = ((most, 10.0), (what, 24.0), ("0", _HIGH))
    return tuple(el("text", text, x=_LEFT - 8, y=y, class_="name") for text, y in texts)


def _note(text: str, y: float) -> Markup:
    return el("text", text, x=_WIDTH - _RIGHT + 8, y=y, class_="value")


def _picture(report: DrillReport, title: str, height: float, inside: Sequence[Markup], head: float = 6.0) -> Markup:
    """A picture with its axis of time, and what its time is counted from and ends with drawn through all of it."""
    axis = _axis(report)
    rows = _stacked([(name, axis.x(at)) for name, at in _moments(report)])
    marks = [
        joined(
            el("line", x1=x, x2=x, y1=-head, y2=height, class_="mark"),
            el("text", name, x=x, y=height + 30 + row * _LINE, class_="tick"),
        )
        for name, x, row in rows
    ]
    low = max((row for _, _, row in rows), default=0) * _LINE
    ticks = [
        joined(
            el("line", x1=axis.x(at), x2=axis.x(at), y1=height, y2=height + 4, class_="axis"),
            el("text", f"{at:+g} s" if at else "0", x=axis.x(at), y=height + 16, class_="tick"),
        )
        for at in _ticks(axis)
    ]
    base = el("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=height, y2=height, class_="axis")
    view = f"0 {-head:g} {_WIDTH:g} {height + head + 36 + low:g}"
    drawing = el("svg", el("title", title), *inside, base, *ticks, *marks, viewBox=view, role="img")
    return el("figure", el("figcaption", title), drawing)


def _moments(report: DrillReport) -> Iterator[tuple[str, float]]:
    """What is marked in every picture, in seconds from the fault."""
    times, outage = report.evidence.times, report.outage
    if times.fault is None:
        return
    for number, at in enumerate(times.struck or (times.fault,), start=1):
        yield "fault" if number == 1 else f"fault {number}", at - times.fault
    if outage is not None and outage.back is not None and outage.back > outage.fault:
        yield "served again", outage.back - times.fault
    if times.over is not None:
        yield "fault over", times.over - times.fault
    if times.failback is not None:
        yield "failback", times.failback - times.fault


def _stacked(names: Sequence[tuple[str, float]]) -> list[tuple[str, float, int]]:
    """Each name with its place and its line: further down where it would lie over another."""
    ends: list[float] = []
    found = []
    for name, x in sorted(names, key=lambda one: one[1]):
        half = len(name) * _LETTER / 2
        row = next((row for row, end in enumerate(ends) if x - half >= end), len(ends))
        ends[row : row + 1] = [x + half + _LETTER]
        found.append((name, x, row))
    return found


def _ticks(axis: _Axis) -> list[int]:
    """Whole seconds, at most a dozen, nought among them."""
    step = next(
        (step for step in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600) if (axis.end - axis.begin) / step <= 12), 3600
    )
    return [number * step for number in range(ceil(axis.begin / step), floor(axis.end / step) + 1)]
