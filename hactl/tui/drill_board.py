"""The readiness board, and runs side by side, as lines. Pure; what they say is `drill.board` and `drill.comparing`."""

from collections.abc import Iterable

from hactl.core.plural import counted
from hactl.core.reading import age
from hactl.drill.board import Entry, Standing
from hactl.drill.comparing import UNCLEAN, Compared, Comparison, Trend, spoken
from hactl.drill.quantity import Unit, signed
from hactl.drill.verdict import Verdict
from hactl.tui.columns import Cells, columns
from hactl.tui.lines import Line, Span, line, wrapped
from hactl.tui.meaning import Meaning

_LOOKS = {
    Standing.FAILING: Meaning.DOWN,
    Standing.UNPROVEN: Meaning.DEGRADED,
    Standing.NEVER: Meaning.MUTED,
    Standing.OLD: Meaning.DEGRADED,
    Standing.READY: Meaning.SERVING,
}
_FIRST = (Standing.FAILING, Standing.UNPROVEN, Standing.OLD, Standing.READY, Standing.NEVER)
"""Bad news stands above; drills that were never run say nothing yet, and are many at first."""
_TRENDS = {Trend.BETTER: Meaning.SERVING, Trend.WORSE: Meaning.DOWN}


def board_lines(entries: Iterable[Entry], wall: float, room: int = 0) -> tuple[Line, ...]:
    """A line for each drill; `wall` is Unix time, `room` how many cells a line has, 0 for as many as it takes."""
    shown = sorted(entries, key=lambda entry: _FIRST.index(entry.standing))
    if not shown:
        return ()
    ready = sum(entry.standing is Standing.READY for entry in shown)
    head = [(word, Meaning.MUTED) for word in ("drill", "stands", "last pass", "least margin", "rto", "")]
    reasons = [_reason(entry, room) for entry in shown]
    return (
        line(Span(text=f" readiness: {ready} of {len(shown)} drills", meaning=Meaning.TITLE)),
        *columns([head, *(_entry(entry, wall) for entry in shown)], room, below=((), *reasons)),
    )


def _reason(entry: Entry, room: int) -> tuple[Line, ...]:
    """Why it stands so, where that is not its own reason."""
    if entry.words in ("", entry.standing):
        return ()
    meaning = Meaning.DOWN if entry.standing is Standing.FAILING else Meaning.DEGRADED
    told = line(Span(text=f"   {entry.words}", meaning=meaning))
    return wrapped(told, room, 3) if room else (told,)


def _entry(entry: Entry, wall: float) -> Cells:
    text, muted = Meaning.TEXT, Meaning.MUTED
    trend = str(entry.trend) if entry.rto is not None and entry.trend is not Trend.UNKNOWN else ""
    runs = f", {counted(entry.rto.count, 'run')}" if entry.rto is not None else ""
    return (
        (entry.drill, text),
        (entry.standing, _LOOKS[entry.standing]),
        ("-" if entry.passed is None else f"{age(max(0.0, wall - entry.passed))} ago", muted),
        ("-" if entry.margin is None else f"{entry.margin:.0%} {entry.tightest}", text),
        (spoken(entry.rto, Unit.SECONDS) + runs, text),
        (trend, _TRENDS.get(entry.trend, muted)),
    )


def comparison_lines(comparison: Comparison, room: int = 0) -> tuple[Line, ...]:
    """Figure by figure, what each side measured and what differs; `room` as for the board."""
    head = [
        ("", Meaning.MUTED),
        *((name, Meaning.TITLE) for name in (comparison.a, comparison.b)),
        ("difference", Meaning.MUTED),
    ]
    sides = (_came(comparison.came_a), _came(comparison.came_b))
    came = [("verdict", Meaning.MUTED), (comparison.came_a, sides[0]), (comparison.came_b, sides[1])]
    lines = [*columns([head, came, *(_figure(figure, comparison) for figure in comparison.figures)], room), ()]
    told = [line(Span(text=f" {note}", meaning=Meaning.DEGRADED)) for note in comparison.notes]
    if comparison.caution:
        told.append(line(Span(text=f" {comparison.caution}", meaning=Meaning.MUTED)))
    return (*lines, *(part for each in told for part in (wrapped(each, room, 3) if room else (each,))))


def _came(text: str) -> Meaning:
    """How it looks what came of a side: good only where nothing else came of it."""
    if text == Verdict.PASS:
        return Meaning.SERVING
    return Meaning.DOWN if Verdict.FAIL in text or UNCLEAN in text else Meaning.DEGRADED


def _shown(came: str) -> Meaning:
    """How the figures of a side look: those of runs that have shown nothing do not catch the eye."""
    return Meaning.TEXT if Verdict.PASS in came or Verdict.FAIL in came else Meaning.MUTED


def _figure(figure: Compared, comparison: Comparison) -> Cells:
    a, b = _shown(comparison.came_a), _shown(comparison.came_b)
    difference = "" if figure.difference is None else signed(figure.difference, figure.unit)
    trend = "" if figure.trend is Trend.UNKNOWN else f" {figure.trend}"
    return (
        (figure.name, Meaning.MUTED),
        (spoken(figure.a, figure.unit), a),
        (spoken(figure.b, figure.unit), b),
        (difference + trend, _TRENDS.get(figure.trend, Meaning.MUTED if Meaning.MUTED in (a, b) else Meaning.TEXT)),
    )
