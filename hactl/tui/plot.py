"""How the traffic was spread over time, as stacked bars: one column a moment, one filling for each region. Pure."""

from collections.abc import Mapping, Sequence

from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Meaning

FILLINGS = ("█", "▒", "░", "▓")
"""Told apart without any colour; the first is the lowest."""
_LOOKS = (Meaning.GRAPH, Meaning.DRAINING, Meaning.STARTING, Meaning.DEGRADED)
ASCII_FILLINGS = ("#", "=", ".", "%")


def spread_over_time(
    moments: Sequence[Mapping[str, float]], width: int, height: int, *, fillings: Sequence[str] = FILLINGS
) -> tuple[Line, ...]:
    """`height` lines of `width` cells, the last one a legend; a moment without traffic is blank.

    `moments` are the requests per second of each region, newest last.
    """
    if height < 2 or width < 1 or not moments:
        return ()
    known = list(moments)
    regions = list(known[-1])
    each = max(1, -(-len(known) // width))
    columns = [_column(known[max(0, end - each) : end], regions) for end in range(len(known), 0, -each)]
    columns = list(reversed(columns[:width]))
    blank = width - len(columns)
    rows = height - 1
    lines = [_row(columns, (rows - row - 0.5) / rows, blank, fillings) for row in range(rows)]
    return (*lines, _legend(regions, columns[-1], width, fillings))


def _column(moments: Sequence[Mapping[str, float]], regions: Sequence[str]) -> list[float]:
    """The part of the traffic of each region; all 0 without any."""
    carried = [sum(moment.get(region, 0.0) for moment in moments) for region in regions]
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


def _legend(regions: Sequence[str], now: list[float], width: int, fillings: Sequence[str]) -> Line:
    parts: list[str | Span] = []
    room = width
    for number, (region, part) in enumerate(zip(regions, now, strict=True)):
        said = f" {region} {part:.0%}  "
        if room < len(said) + 1:
            break
        room -= len(said) + 1
        filling = fillings[number % len(fillings)]
        parts += [Span(text=filling, meaning=_LOOKS[number % len(_LOOKS)]), said]
    return line(*parts)
