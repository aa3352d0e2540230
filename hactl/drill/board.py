"""The readiness board: for every drill when it last passed, by what margin, and whether that still counts. Pure.

No score: a number over all drills would hide the one that fails. A pass counts only for the drill as it stands: one
with other faults or easier objectives has shown something else.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from hactl.core.reading import age
from hactl.core.value import Value, replace
from hactl.drill.comparing import ENOUGH, LAST, Spread, Trend, spread, trend
from hactl.drill.definition import Definition, Objectives
from hactl.drill.figures import figure
from hactl.drill.report import DrillReport
from hactl.drill.verdict import CONCLUSIVE, GIVEN_UP, Verdict


class Standing(StrEnum):
    """How a drill stands, worst first."""

    FAILING = "failing"
    """Its newest run that has shown something missed an objective; or something was left behind, or clients suffered so
    much that it was given up, in a run since which none has passed."""
    UNPROVEN = "unproven"
    """It was run, and has shown nothing."""
    NEVER = "never run"
    OLD = "old"
    """It passed, longer ago than is asked for."""
    READY = "ready"


class Entry(Value):
    """One drill on the board."""

    drill: str
    title: str
    standing: Standing
    words: str
    """Why it stands so."""
    runs: int = 0
    """How many have shown something about it as it stands."""
    last_run: str = ""
    """The newest run, whatever became of it."""
    last_pass: str = ""
    """The newest run that passed."""
    passed: float | None = None
    """When that began; Unix time."""
    age: float | None = None
    """Seconds since."""
    margin: float | None = None
    """The smallest margin of its objectives, as a part of the limit; None without a number."""
    tightest: str = ""
    """The objective that has it."""
    rto: Spread | None = None
    """Of the newest runs; seconds."""
    trend: Trend = Trend.UNKNOWN
    """Of the RTO: the newest five runs against the five before."""


def board(
    drills: Iterable[Definition], reports: Sequence[DrillReport], now: float, oldest: float | None = None
) -> tuple[Entry, ...]:
    """One entry for each of `drills`, in their order, and then for each drill that only has runs.

    `reports` are all that there are, oldest first; `now` is Unix time; a pass counts for `oldest` seconds, for ever
    when that is None.
    """
    known = {_which(drill): drill for drill in drills}
    new = {_which(one.definition): one.definition for one in reports if _which(one.definition) not in known}
    known |= new  # each as it stands in its newest run
    twice = {drill.name for drill in known.values() if not drill.own}
    found = ((drill, _entry(drill, reports, now, oldest)) for drill in known.values())
    return tuple(
        replace(entry, drill=f"{drill.name} (your own)") if drill.own and drill.name in twice else entry
        for drill, entry in found
    )


def worst(entries: Iterable[Entry]) -> Standing:
    """The worst standing on a board; READY when there is nobody on it."""
    order = tuple(Standing)
    return min((entry.standing for entry in entries), key=order.index, default=Standing.READY)


def _entry(drill: Definition, reports: Sequence[DrillReport], now: float, oldest: float | None) -> Entry:
    every = [one for one in reports if _which(one.definition) == _which(drill)]
    if not every:
        return Entry(drill=drill.name, title=drill.title, standing=Standing.NEVER, words="never run")
    shown = [one for one in every if one.verdict in CONCLUSIVE and _same(one.definition, drill)]
    passes = [one for one in shown if one.verdict is Verdict.PASS and one.clean]
    alarm = _alarm(every)
    standing = _standing(shown, alarm, passes, now, oldest)
    times = [value for one in shown if (value := figure(one, "rto")) is not None]
    entry = Entry(
        drill=drill.name,
        title=drill.title,
        standing=standing,
        words="; ".join(_words(standing, every, shown, alarm, oldest)),
        runs=len(shown),
        last_run=every[-1].identity.run,
        rto=spread(times[-LAST:]),
        trend=trend(times[-2 * ENOUGH : -ENOUGH], times[-ENOUGH:]),
    )
    if not passes:
        return entry
    last = passes[-1]
    margin, tightest = min(
        ((item.margin, item.name) for item in last.objectives if item.margin is not None), default=(None, "")
    )
    return replace(
        entry,
        last_pass=last.identity.run,
        passed=last.identity.began,
        age=max(0.0, now - last.identity.began),
        margin=margin,
        tightest=tightest,
    )


def _alarm(every: Sequence[DrillReport]) -> DrillReport | None:
    """The newest run that left something behind or was given up, if none has passed since, whatever it asked for."""
    for one in reversed(every):
        if not one.clean or _given_up(one):
            return one
        if one.verdict is Verdict.PASS:
            return None
    return None


def _given_up(report: DrillReport) -> bool:
    return report.verdict is Verdict.ABORTED and report.why.startswith(GIVEN_UP)


def _standing(
    shown: Sequence[DrillReport],
    alarm: DrillReport | None,
    passes: Sequence[DrillReport],
    now: float,
    oldest: float | None,
) -> Standing:
    if alarm is not None or (shown and shown[-1].verdict is Verdict.FAIL):
        return Standing.FAILING
    if not passes:
        return Standing.UNPROVEN
    if oldest is not None and now - passes[-1].identity.began > oldest:
        return Standing.OLD
    return Standing.READY


def _words(
    standing: Standing,
    every: Sequence[DrillReport],
    shown: Sequence[DrillReport],
    alarm: DrillReport | None,
    oldest: float | None,
) -> Iterator[str]:
    last = every[-1]
    if alarm is not None and not alarm.clean:
        yield f"left behind: {', '.join(alarm.evidence.leftovers)}"
    elif alarm is not None and alarm is not last:
        yield f"no pass since {alarm.identity.run}: {alarm.verdict}, {alarm.why}"
    if shown and shown[-1].verdict is Verdict.FAIL:
        yield shown[-1].why
    if standing is Standing.UNPROVEN and shown:
        yield "no pass of it that left nothing behind"
        return
    if standing is Standing.UNPROVEN:
        other = [one for one in every if one.verdict in CONCLUSIVE]
        yield (
            "run only with other faults, load or objectives" if other else f"its last run: {last.verdict}, {last.why}"
        )
        return
    if standing is Standing.OLD and oldest is not None:
        yield f"its last pass is older than {age(oldest)}"
    if last.verdict not in CONCLUSIVE:
        yield f"its last run: {last.verdict}, {last.why}"


def _which(drill: Definition) -> tuple[str, bool]:
    """A file of one's own that has the name of a drill that comes with hactl is another drill."""
    return drill.name, drill.own


def _same(ran: Definition, drill: Definition) -> bool:
    """Whether a run has shown what `drill` asks: the same faults, load, hypotheses and objectives, and as long a time
    in which all is well. How long its other phases are is its own affair, and the window of the availability too."""
    return (
        (ran.faults, ran.load, ran.hypotheses) == (drill.faults, drill.load, drill.hypotheses)
        and ran.phases.settle >= drill.phases.settle
        and _windowless(ran.objectives) == _windowless(drill.objectives)
    )


def _windowless(asked: Objectives) -> Objectives:
    wanted = asked.availability
    return asked if wanted is None else replace(asked, availability=replace(wanted, window=0.0))
