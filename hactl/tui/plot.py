"""How the traffic was distributed over time: regions as stacked bars, nodes as one lane each. Pure.

One column is one second, the newest to the right: what happened stands still and moves to the left with time. A
second in which nothing was measured is blank.
"""

from collections.abc import Mapping, Sequence
from itertools import islice

from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Meaning

FILLINGS = ("█", "▒", "░", "▓")
"""Told apart without any colour; the first is the lowest."""
_LOOKS = (Meaning.GRAPH, Meaning.DRAINING, Meaning.STARTING, Meaning.DEGRADED)
ASCII_FILLINGS = ("#", "=", ".", "%")
TALLEST = 3
"""Lines of a lane at most, where there are few of them."""
_PERCENT = 5
"""Cells of the share at the end of a lane."""


def spread_over_time(
    moments: Sequence[Mapping[str, float]], width: int, height: int, *, fillings: Sequence[str] = FILLINGS
) -> tuple[Line, ...]:
    """`height` lines of `width` cells, the last one a legend; a moment without traffic is blank.

    `moments` are the requests per second of each region, newest last; as many are shown as there are cells.
    """
    if height < 2 or width < 1 or not moments:
        return ()
    known = list(islice(reversed(moments), width))[::-1]
    regions = list(next((moment for moment in reversed(known) if moment), {}))
    columns = [_column(moment, regions) for moment in known]
    blank = width - len(columns)
    rows = height - 1
    lines = [_row(columns, (rows - row - 0.5) / rows, blank, fillings) for row in range(rows)]
    return (*lines, _legend(regions, columns[-1] if any(columns[-1]) else None, width, fillings))


def lanes(
    names: Sequence[str], rates: Mapping[str, Sequence[float | None]], width: int, height: int, *, bars: str
) -> tuple[Line, ...]:
    """A line or more for each of `names`: its share of what they carried together in each second, all to one scale.

    `rates` are the requests per second of each, newest last, None where they are not known; `bars` are the cells
    from nothing to full. What there is no room for is said in the last line.
    """
    if height < 1 or width < 24 or not names:
        return ()
    shown = names if len(names) <= height else names[: height - 1]
    each = min(TALLEST, max(1, height // len(shown)))
    label = max(len(name) for name in shown) + 2
    room = width - label - _PERCENT
    newest = {name: list(islice(reversed(rates.get(name, ())), room)) for name in names}
    moments = max(map(len, newest.values()))
    total = [sum(rate[at] or 0.0 for rate in newest.values() if at < len(rate)) for at in range(moments)]
    parts = {
        name: [(rate or 0.0) / total[at] if total[at] else 0.0 for at, rate in enumerate(newest[name])][::-1]
        for name in shown
    }
    unknown = {name for name in shown if not newest[name] or newest[name][0] is None}
    top = max((part for lane in parts.values() for part in lane), default=0.0)
    lines = [
        row
        for name in shown
        for row in _lane(name, parts[name], top, (label, room, each), bars, known=name not in unknown)
    ]
    if len(shown) < len(names):
        lines.append(line(Span(text=f" and {len(names) - len(shown)} more", meaning=Meaning.MUTED)))
    return tuple(lines)


def _lane(
    name: str, lane: Sequence[float], top: float, sizes: tuple[int, int, int], bars: str, *, known: bool
) -> list[Line]:
    """The lines of one lane, from top to bottom; name and share stand on the last one."""
    label, room, height = sizes
    full, solid = len(bars) - 1, bars[-1] if bars[-1] in ASCII_FILLINGS else FILLINGS[0]
    steps = [max(1, round(part / top * full * height)) if top and part else 0 for part in lane]
    lines = []
    for row in reversed(range(height)):
        cells = "".join(
            solid if step > (row + 1) * full else bars[min(full, max(0, step - row * full))] for step in steps
        )
        now = "" if row else f"{lane[-1]:.0%}" if known else "-"
        lines.append(
            line(
                ("" if row else f" {name}").ljust(label),
                Span(text=cells.rjust(room), meaning=Meaning.GRAPH),
                now.rjust(_PERCENT),
            )
        )
    return lines


def _column(moment: Mapping[str, float], regions: Sequence[str]) -> list[float]:
    """The part of the traffic of each region; all 0 without any."""
    carried = [moment.get(region, 0.0) for region in regions]
    total = sum(carried)
    return [part / total if total else 0.0 for part in carried]


def _row(columns: list[list[float]], at: float, blank: int, fillings: Sequence[str]) -> Line:
    """The cells at one height, 0 at the bottom and 1 at the top; neighbours of one region are one piece."""
    pieces: list[tuple[str, Meaning]] = [(" " * blank, Meaning.TEXT)]
    for column in columns:
        number = _region_at(column, at)
        cell, meaning = (" ", Meaning.TEXT)
        if number is not None:
            cell, meaning = fillings[number % len(fillings)], _LOOKS[number % len(_LOOKS)]
        if pieces[-1][1] is meaning:
            pieces[-1] = (pieces[-1][0] + cell, meaning)
        else:
            pieces.append((cell, meaning))
    return tuple(Span(text=text, meaning=meaning) for text, meaning in pieces if text)


def _region_at(column: list[float], at: float) -> int | None:
    if not any(column):
        return None
    reached = 0.0
    for number, part in enumerate(column):
        reached += part
        if part and at <= reached + 1e-9:
            return number
    return None


def _legend(regions: Sequence[str], now: list[float] | None, width: int, fillings: Sequence[str]) -> Line:
    parts: list[str | Span] = []
    room = width
    for number, region in enumerate(regions):
        said = f" {region} {'-' if now is None else f'{now[number]:.0%}'}  "
        if room < len(said) + 1:
            break
        room -= len(said) + 1
        filling = fillings[number % len(fillings)]
        parts += [Span(text=filling, meaning=_LOOKS[number % len(_LOOKS)]), said]
    return line(*parts)
