"""The course of a drill as it is drawn: clocks, phases on one axis of time, what clients saw below them. Pure.

Two ends of a bar are where its phase began and ended; what goes on has an open one. The axis is as long as the drill
is meant to take, and grows with a drill that takes longer.
"""

import time
from collections.abc import Sequence

from hactl.core.reading import age
from hactl.core.value import Value
from hactl.drill.bars import INJECT, Bar, bars, served
from hactl.drill.clocks import Clock, Condition, Mark, conditions, rpo, rto
from hactl.drill.course import Course, last
from hactl.drill.phases import Phase
from hactl.drill.progress import HEAL
from hactl.drill.quantity import seconds
from hactl.drill.report import Ending
from hactl.drill.verdict import Verdict
from hactl.tui.lines import Line, Span, cut, length, line, spread, wrapped
from hactl.tui.meaning import ASCII, Glyphs, Meaning

LABEL = 11
"""Cells of the name of a bar."""
WAY_BACK = 4.0
"""Seconds that failback and verification are given on the axis beforehand."""
LEAST_AXIS = 20
"""Cells below which nothing can be told apart on an axis."""
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds between two marks on the axis, one of these."""
_APART = 12
"""Cells between two marks, at least."""

_MARK = {
    Mark.WAITING: ("waiting for the fault", Meaning.MUTED),
    Mark.RUNNING: ("running", Meaning.DOWN),
    Mark.SO_FAR: ("so far", Meaning.MUTED),
    Mark.MEASURED: ("measured", Meaning.MUTED),
    Mark.MET: ("met", Meaning.SERVING),
    Mark.MISSED: ("MISSED", Meaning.DOWN),
    Mark.UNMEASURED: ("not measured", Meaning.DEGRADED),
    Mark.VOID: ("proves nothing", Meaning.DEGRADED),
}
VERDICTS = {
    Verdict.PASS: Meaning.SERVING,
    Verdict.FAIL: Meaning.DOWN,
    Verdict.INCONCLUSIVE: Meaning.DEGRADED,
    Verdict.ABORTED: Meaning.DEGRADED,
    Verdict.ERROR: Meaning.DOWN,
}
"""How the five look."""


class Axis(Value):
    """From moments, in monotonic seconds, to cells."""

    begin: float
    end: float
    zero: float
    """What is counted from: the fault, also while it is to come."""
    width: int

    def cell(self, moment: float) -> int:
        """Where a moment lies."""
        part = (moment - self.begin) / (self.end - self.begin)
        return min(self.width - 1, max(0, int(part * self.width)))

    def cells(self, duration: float) -> int:
        """How many a duration takes, one at least."""
        return max(1, round(duration / (self.end - self.begin) * self.width))


def axis(course: Course, now: float, width: int) -> Axis:
    """The axis of a run that is shown `now`."""
    first = next((one.at for one in course.entered if one.phase is Phase.BASELINE), None)
    begin = first if first is not None else course.entered[0].at if course.entered else now
    drill = course.definition
    meant = begin + drill.length + WAY_BACK
    end = max(meant, now) if course.going else max(last(course), begin + 1.0)
    fault = course.times.fault
    return Axis(begin=begin, end=end, zero=begin + drill.phases.baseline if fault is None else fault, width=width)


def title(course: Course, wall: float, width: int) -> tuple[Line, ...]:
    """Which drill, what became of it, or where it stands."""
    name = line(Span(text=f" {course.definition.name}", meaning=Meaning.TITLE), f"  {course.definition.title}")
    seed = f", seed {course.plan.seed}" if course.plan is not None else ""
    whole = line(Span(text=f"{course.run}{seed} ", meaning=Meaning.MUTED))
    run = whole if length(name) + length(whole) < width else line(Span(text=f"{course.run} ", meaning=Meaning.MUTED))
    return (spread(name, run, width), *wrapped(_standing(course, wall), width - 1, 2))


def waiting(question: str, width: int) -> tuple[Line, ...]:
    """What it waits for, if it does."""
    if not question:
        return ()
    asked = Span(text=f" WAITING FOR YOU: {question}", meaning=Meaning.DEGRADED)
    done: Line = line("   ", Span(text="C", meaning=Meaning.KEY), " once it is done")
    if length((asked, *done)) < width:
        return ((asked, *done),)
    return (*wrapped(line(asked), width - 1, 2), done)


def _standing(course: Course, wall: float) -> Line:
    report = course.report
    if report is not None:
        verdict = Span(text=f" {report.verdict.upper()}", meaning=VERDICTS[report.verdict])
        ago = Span(text=f"  {age(max(0.0, wall - course.began))} ago", meaning=Meaning.MUTED)
        if not report.clean:
            left = Span(text="  NOT CLEAN", meaning=Meaning.DOWN)
            return line(verdict, left, f"  {'; '.join(report.evidence.leftovers) or report.why}", ago)
        return line(verdict, f"  {report.why}", ago)
    if not course.alive:
        gone = Span(text=" its runner is gone", meaning=Meaning.DOWN)
        return line(gone, ": the daemon restores everything; ", Span(text=":drill recover", meaning=Meaning.KEY))
    since = course.entered[-1].at if course.entered else 0.0
    told = [one.text for one in course.told if one.at >= since]
    said = told[-1].removeprefix(f"{course.phase}: ") if told else "..."
    return line(*_cut_short(course.ending), Span(text=f" {course.phase}", meaning=Meaning.DEGRADED), f"  {said}")


def _cut_short(ending: Ending) -> tuple[Span, ...]:
    """Why it does not go on to its end, if something has come up."""
    why = ending.error or ending.stopped or ending.pointless
    if not why:
        return ()
    what = "BROKEN" if ending.error else "STOPPED"
    return (Span(text=f" {what}", meaning=Meaning.DOWN), Span(text=f"  {why}  "))


def clocks(course: Course, now: float, width: int) -> tuple[Line, ...]:
    """RTO and RPO with the rules by which they start and stop; in two lines or four."""
    lines: list[Line] = []
    for clock in (rto(course, now), rpo(course, now)):
        head = _clock(clock, course)
        rule = Span(text=clock.rule, meaning=Meaning.MUTED)
        if length(head) + len(clock.rule) + 2 <= width:
            lines.append(line(*head, "  ", rule))
        else:
            lines += [cut(head, width), *wrapped(line("     ", rule), width - 1, 5)]
    return tuple(lines)


def _clock(clock: Clock, course: Course) -> Line:
    said, meaning = _MARK[clock.mark]
    if clock.mark is Mark.WAITING and not course.going:
        said = "nothing measured"
    if clock.over:
        said, meaning = f"{said}, over its limit", Meaning.DOWN
    limit = f" ({clock.limit})" if clock.limit else ""
    return line(
        Span(text=f" {clock.name} ", meaning=Meaning.TITLE),
        Span(text=clock.shown, meaning=meaning if clock.over or clock.mark is not Mark.SO_FAR else Meaning.TITLE),
        limit,
        "  ",
        Span(text=said, meaning=meaning),
    )


def drawn(course: Course, now: float, width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """Phases and clients on one axis; nothing where it has not begun, or the window is too narrow."""
    room = width - LABEL - 1
    if room < LEAST_AXIS or not course.entered:
        return ()
    along = axis(course, now, room)
    return (
        *(_bar(bar, along, now, course, glyphs) for bar in bars(course)),
        *_strips(course, along, glyphs),
        _ruler(along),
    )


def _label(name: str) -> Span:
    return Span(text=f" {name:<{LABEL - 1}}", meaning=Meaning.MUTED)


def _bar(bar: Bar, along: Axis, now: float, course: Course, glyphs: Glyphs) -> Line:
    begin = along.cell(bar.begin)
    if bar.name in (INJECT, HEAL):
        fault = bar.name == INJECT
        sign = ("v" if fault else "^") if glyphs == ASCII else "▼" if fault else "▲"
        when = time.strftime("%H:%M:%S", time.localtime(course.began + bar.begin - course.entered[0].at))
        meaning = Meaning.DOWN if fault else Meaning.SERVING
        return _placed(bar.name, begin, sign, f"{when} {bar.said}", along.width, meaning)
    open_ = bar.end is None
    took = max(0.0, (now if bar.end is None else bar.end) - bar.begin)
    text = f"{seconds(took)} {bar.said}" if bar.said else f"{took:.1f} s"
    left, middle, right = "|-|" if glyphs == ASCII else "├─┤"
    meaning = Meaning.DOWN if open_ and bar.name == "recover" else Meaning.STARTING if open_ else Meaning.GRAPH
    cells = min(along.cells(took), along.width - begin)
    if cells >= len(text) + 6 and not bar.said:
        inner = f" {text} ".center(cells - 2, middle)
        whole = left + inner + ("…" if open_ else right)
        return line(_label(bar.name), " " * begin, Span(text=whole, meaning=meaning))
    sign = left if cells == 1 else left + middle * (cells - 2) + ("…" if open_ else right)
    return _placed(bar.name, begin, sign, text, along.width, meaning)


def _placed(name: str, begin: int, sign: str, text: str, width: int, meaning: Meaning) -> Line:
    """A sign at its place, and what belongs to it beside it, on the side where there is room."""
    behind = width - begin - len(sign)
    if len(text) + 1 <= behind or begin < len(text) + 1:
        beside = cut(line(f" {text}"), max(0, behind))
        return line(_label(name), " " * begin, Span(text=sign, meaning=meaning), *beside)
    return line(_label(name), f"{text} ".rjust(begin), Span(text=sign, meaning=meaning))


def _strips(course: Course, along: Axis, glyphs: Glyphs) -> tuple[Line, ...]:
    """Which part of the requests of each moment was good, and which was not."""
    known = served(course)
    if not known:
        return ()
    good: list[float | None] = [None] * along.width
    bad: list[float | None] = [None] * along.width
    for one in known:
        every = max(1, one.good + one.bad)
        for at in range(along.cell(one.begin), along.cell(max(one.begin, one.end - 1e-6)) + 1):
            good[at] = max(good[at] or 0.0, one.good / every)
            bad[at] = max(bad[at] or 0.0, one.bad / every)
    total_bad = sum(one.bad for one in known)
    failed = Meaning.DOWN if total_bad else Meaning.MUTED
    return (
        line(_label("good"), Span(text=_cells(good, glyphs), meaning=Meaning.GRAPH)),
        line(_label("failed"), Span(text=_cells(bad, glyphs) if total_bad else "none", meaning=failed)),
    )


def _cells(parts: Sequence[float | None], glyphs: Glyphs) -> str:
    """A part of what was due as a bar: whatever there is is seen, and only all of it is full."""
    steps = len(glyphs.bars) - 1
    return "".join(
        " " if not part else glyphs.bars[min(steps, max(1, round(min(1.0, part) * steps)))] for part in parts
    ).rstrip()


def _ruler(along: Axis) -> Line:
    """Seconds from the fault."""
    span = along.end - along.begin
    every = next((tick for tick in _TICKS if tick / span * along.width >= _APART), _TICKS[-1])
    cells = [" "] * along.width
    first = -int((along.zero - along.begin) // every) * every
    at = first
    while along.zero + at <= along.end:
        text = "fault" if at == 0 else f"{at:+d} s"
        place = along.cell(along.zero + at)
        if place + len(text) < along.width and all(
            cell == " " for cell in cells[max(0, place - 1) : place + len(text)]
        ):
            cells[place : place + len(text)] = text
        at += every
    return line(Span(text=" " * LABEL + "".join(cells).rstrip(), meaning=Meaning.MUTED))


def standing(course: Course, width: int) -> tuple[Line, ...]:
    """Whom it strikes, and how its hypotheses and stop conditions stand."""
    lines = [line(_label("targets"), *_targets(course)), *map(_condition, conditions(course))]
    return tuple(part for each in lines for part in wrapped(each, width - 1, LABEL))


def _targets(course: Course) -> list[str | Span]:
    if course.proofs:
        parts: list[str | Span] = []
        for proof in course.proofs:
            done = Span(text="confirmed", meaning=Meaning.SERVING)
            sign = done if proof.done else Span(text="NOT CONFIRMED", meaning=Meaning.DOWN)
            parts += [f"{', ' if parts else ''}{proof.node} pid {proof.pid} {proof.found}: ", sign]
        return parts
    if course.plan is None:
        return [Span(text="not drawn yet", meaning=Meaning.MUTED)]
    if not course.plan.nodes:
        return ["; ".join(map(str, course.plan.strikes))]
    why = "; ".join(dict.fromkeys(strike.why for strike in course.plan.strikes))
    return [", ".join(course.plan.nodes), Span(text=f"  {why}", meaning=Meaning.MUTED)]


def _condition(condition: Condition) -> Line:
    if condition.ok is None:
        sign = Span(text="not known yet", meaning=Meaning.MUTED)
        return line(_label("condition"), f"{condition.text}: ", sign)
    meaning = Meaning.SERVING if condition.ok else Meaning.DOWN
    sign = Span(text=f"{condition.value} {'ok' if condition.ok else 'NO'}", meaning=meaning)
    return line(_label("condition"), f"{condition.text}: ", sign)


def sayings(course: Course, room: int, width: int) -> tuple[Line, ...]:
    """What the run has said last, in `room` lines with the one above them; one alone is not worth that."""
    if not course.told or room < 3:
        return ()
    zero = course.times.fault or (course.entered[0].at if course.entered else course.told[0].at)
    shown = [
        line(Span(text=f" {one.at - zero:+8.2f} s  ", meaning=Meaning.MUTED), one.text)
        for one in course.told[-(room - 1) :]
    ]
    since = "the fault" if course.times.fault is not None else "its start"
    head = f" ── what it says, seconds from {since} "
    return (line(Span(text=head.ljust(width, "─"), meaning=Meaning.MUTED)), *(cut(each, width) for each in shown))
