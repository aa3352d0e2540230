"""What a report says, section by section, independent of its format. Pure.

Markdown and the page are made from this, so that neither says what the other does not. Whether a run means anything
comes first; a figure that was not measured is "-", and never a nought.
"""

import datetime
from collections.abc import Iterator, Sequence
from enum import StrEnum

from hactl.core.plural import counted
from hactl.core.value import Value
from hactl.drill.availability import reality
from hactl.drill.comparing import Side, compare
from hactl.drill.figures import budget, burned, outage_equivalent
from hactl.drill.measure import PRECISE, Report
from hactl.drill.quantity import Unit, seconds, shown
from hactl.drill.report import DrillReport
from hactl.drill.verdict import Status


class Chart(StrEnum):
    """A picture of something that a report has in figures."""

    PHASES = "phases"
    """What the drill did and what happened to the fleet, drawn to time."""
    REQUESTS = "requests"
    """Good and bad ones, second by second."""
    LATENCY = "latency"
    SHARES = "shares"
    """Who answered."""


class Text(Value):
    """A sentence or two."""

    text: str
    loud: bool = False
    """Nobody may overlook it."""


class Table(Value):
    """Rows under a head; the first column names what the others are about."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    folded: bool = False
    """Long, and only for those who want to look something up."""


class Bullets(Value):
    """A list."""

    items: tuple[str, ...]


class Section(Value):
    """A part of a report under a title."""

    title: str
    blocks: tuple[Text | Table | Bullets | Chart, ...]


def heading(report: DrillReport) -> str:
    """What the report is called."""
    return f"Drill {report.definition.name}: {report.verdict.upper()}"


def document(report: DrillReport, earlier: Sequence[DrillReport] = ()) -> tuple[Section, ...]:
    """Every section that has something to say. `earlier` are the runs that this one is compared with, oldest first:
    others of its drill that have shown something."""
    made = (
        _summary(report),
        _validity(report),
        _objectives(report),
        _done(report),
        _phases(report),
        _clients(report),
        _losses(report),
        _timeline(report),
        _compared(report, earlier),
    )
    return tuple(section for section in made if section is not None)


def _summary(report: DrillReport) -> Section:
    identity = report.identity
    when = datetime.datetime.fromtimestamp(identity.began, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    left = "; ".join(report.evidence.leftovers)
    met = sum(item.status is Status.MET for item in report.objectives)
    blocks = [
        Text(text=f"{report.definition.title}."),
        Text(text=f"{report.verdict}: {report.why}", loud=True),
        Text(
            text="Left behind: nothing." if report.clean else f"NOT CLEAN, left behind: {left}", loud=not report.clean
        ),
        Text(
            text=f"Fleet {identity.fleet}, revision {identity.revision}, {when}, by {identity.who}; "
            f"hactl {identity.version}; run {identity.run}."
        ),
    ]
    if report.objectives and met < len(report.objectives):
        blocks.insert(2, Text(text=f"Objectives met: {met} of {len(report.objectives)}."))
    return Section(title="", blocks=tuple(blocks))


def _validity(report: DrillReport) -> Section:
    checks = (*report.gate, *report.validity)
    table = Table(
        head=("check", "value", "limit", ""),
        rows=tuple((check.name, check.value, check.limit, "ok" if check.ok else "NO") for check in checks),
    )
    none = Text(text="Nothing was checked: the drill did not get that far.")
    return Section(title="Validity", blocks=(table if checks else none,))


def _objectives(report: DrillReport) -> Section | None:
    if not report.objectives:
        return None
    table = Table(
        head=("objective", "measured", "wanted", "margin", ""),
        rows=tuple(
            (item.name, item.value, item.limit, _percent(item.margin), str(item.status)) for item in report.objectives
        ),
    )
    causes = tuple(f"{item.name}: {item.cause}" for item in report.objectives if item.cause)
    more = (Text(text="Most likely causes, and what to look at:"), Bullets(items=causes)) if causes else ()
    return Section(title="Objectives", blocks=(table, *more))


def _done(report: DrillReport) -> Section | None:
    plan = report.plan
    if plan is None:
        return None
    items = []
    for strike in plan.strikes:
        kept = ", held down until the failback" if strike.keep_down else ""
        items.append(f"{strike} at {strike.at:g} s ({strike.why}), {reality(strike.kind)}{kept}")
    for proof in report.evidence.proofs:
        sign = "confirmed" if proof.done else "NOT CONFIRMED"
        items.append(f"{proof.node}: pid {proof.pid}, started at tick {proof.ticks}: {proof.found}, {sign}")
    load = plan.load
    mine = f" ({report.definition.source})" if report.definition.source else ""
    items.append(f"seed {plan.seed}, drill file {plan.digest[:12]}{mine}")
    for step in report.evidence.by_hand:
        told = "not done"
        if step.done is not None:
            note = f" ({step.note})" if step.note else ""
            told = f"took {step.done - step.asked:.1f} s, which is included in all later times; by {step.by}{note}"
        items.append(f"manual step: {step.step}: {told}")
    items.append(f"load: {load.told}, open loop, timeout {load.timeout:g} s, no retries")
    items += [f"the same rate again by clients with {load.policy}"] if load.policy is not None else []
    items += [f"also {beside.told}"] if (beside := load.beside) is not None else []
    return Section(title="What was done", blocks=(Bullets(items=tuple(items)),))


def _clients(report: DrillReport) -> Section | None:
    if not report.whole.requests:
        return None
    parts = (
        ("before the fault", report.before),
        ("fault to failback", report.during),
        ("whole run", report.whole),
        ("other routes, fault to failback", report.others),
    )
    table = Table(
        head=("", "requests", "failed", "p50 ms", "p99 ms", "p99.9 ms", "slowest ms"),
        rows=tuple(_latencies(name, part) for name, part in parts if part.requests),
    )
    failures = Table(
        head=("failure", "requests"), rows=tuple((cause, str(count)) for cause, count in report.failures.items())
    )
    series = Table(
        head=("second", "due", "good", "bad", "p99 ms"),
        rows=tuple(
            (str(one.at), str(one.due), str(one.good), str(one.bad), f"{one.p99_ms:.1f}") for one in report.series
        ),
        folded=True,
    )
    none = Text(text="Failures: none.")
    return Section(
        title="What clients saw",
        blocks=(
            Text(text=" ".join(_outage(report))),
            failures if report.failures else none,
            Bullets(items=_attempts(report)),
            table,
            Chart.REQUESTS,
            Chart.LATENCY,
            Chart.SHARES,
            series,
        ),
    )


def _outage(report: DrillReport) -> Iterator[str]:
    outage = report.outage
    if outage is None:
        yield "There was no fault."
        return
    if outage.first_bad is None:
        yield "No client noticed anything after the fault."
        return
    if outage.rto is None:
        back = f"was not seen to recover for good within {seconds(outage.seen)}"
    else:
        back = f"recovered for good {seconds(outage.rto)} after the fault"
    moments = report.evidence.times.struck
    which = f"fault {moments.index(outage.fault) + 1} of {len(moments)}" if outage.fault in moments[1:] else "the fault"
    yield f"After {which}, {counted(outage.bad, 'request')} failed; the service {back}."
    equivalent = outage_equivalent(report)
    if equivalent is not None:
        yield f"All failures together equal {seconds(equivalent)} of a full outage at this rate."
    part = burned(report)
    if part is not None:
        of = budget(report)
        told = f"{of.slo * 100:g} % in {of.window / 86400:g} days"
        yield f"At this rate of requests, that is {shown(part, Unit.PART)} of the error budget of {told}."


def _attempts(report: DrillReport) -> tuple[str, ...]:
    """What it saved to try again, and what it cost."""
    known = report.evidence.amplification
    sent = "not measured" if known is None else f"{known:.3f} requests to nodes per client request"
    seen = (str(one) for one in (report.retried, report.borne) if one is not None)
    return (*seen, f"amplification by edges, from the fault to the failback: {sent}")


def _losses(report: DrillReport) -> Section | None:
    if not report.evidence.losses:
        return None
    table = Table(
        head=("store", "acknowledged", "kept", "lost", "in time", "ghosts", "rejected", "twice", "altered", "which"),
        rows=tuple(
            (
                loss.store,
                str(loss.acknowledged),
                str(loss.kept),
                str(loss.lost_count),
                seconds(loss.window) if loss.lost_count else "0 ms",
                str(loss.ghosts),
                str(loss.rejected),
                str(loss.duplicates),
                str(loss.altered_count),
                _numbers((*loss.lost, *loss.altered), loss.lost_count + loss.altered_count),
            )
            for loss in report.evidence.losses
        ),
    )
    return Section(title="What was lost", blocks=(table,))


def _compared(report: DrillReport, earlier: Sequence[DrillReport]) -> Section | None:
    if not report.objectives:
        return None
    title = "Compared with earlier runs"
    if not earlier:
        return Section(title=title, blocks=(Text(text="There is no earlier conclusive run of this drill."),))
    name = f"the last {len(earlier)}"
    found = compare(Side(name=name, reports=tuple(earlier)), Side(name="this run", reports=(report,)))
    table = Table(
        head=("figure", "this run", f"median of {name}", "range", "runs"),
        rows=tuple(
            (
                one.name,
                "-" if one.b is None else shown(one.b.median, one.unit),
                "-" if one.a is None else shown(one.a.median, one.unit),
                "-" if one.a is None else f"{shown(one.a.least, one.unit)} .. {shown(one.a.most, one.unit)}",
                "0" if one.a is None else str(one.a.count),
            )
            for one in found.figures
        ),
    )
    notes = (Bullets(items=found.notes),) if found.notes else ()
    advice = Text(text="A single run proves no trend, whatever it is compared with.")
    return Section(title=title, blocks=(table, *notes, advice))


def _phases(report: DrillReport) -> Section | None:
    if not report.phases:
        return None
    table = Table(
        head=("phase", "from s", "to s"),
        rows=tuple((str(one.phase), f"{one.begin:.1f}", f"{one.end:.1f}") for one in report.phases),
        folded=True,
    )
    return Section(title="Phases", blocks=(Chart.PHASES, table))


def _timeline(report: DrillReport) -> Section:
    struck = report.evidence.times.fault is not None
    text = "Seconds from the fault." if struck else "Seconds from the beginning."
    table = Table(head=("second", "what happened"), rows=tuple((f"{one.at:+.3f}", one.text) for one in report.timeline))
    blocks = (Text(text=text), table) if report.timeline else (Text(text="The journal has nothing about it."),)
    return Section(title="Timeline", blocks=blocks)


def _latencies(name: str, part: Report) -> tuple[str, ...]:
    least = f"{part.p999_ms:.1f}" if part.requests >= PRECISE else f"n < {PRECISE}"
    return (
        name,
        str(part.requests),
        str(part.failed + part.unsent),
        f"{part.p50_ms:.1f}",
        f"{part.p99_ms:.1f}",
        least,
        f"{part.max_ms:.1f}",
    )


def _numbers(lost: Sequence[int], count: int) -> str:
    more = f" and {count - len(lost)} more" if count > len(lost) else ""
    return (", ".join(map(str, lost)) or "none") + more


def _percent(margin: float | None) -> str:
    return "" if margin is None else f"{margin * 100:.0f} %"
