"""A report as Markdown: for people, pull requests and tickets. Pure; nothing in it that the report does not have."""

import datetime
import re
from collections.abc import Iterable, Iterator, Sequence

from hactl.core.reading import counted
from hactl.drill.recovery_time import Outage
from hactl.drill.report import DrillReport
from hactl.drill.verdict import Verdict

_TAG = re.compile("<(?=[A-Za-z/!?])")
_MARK = {
    Verdict.PASS: "PASS",
    Verdict.FAIL: "FAIL",
    Verdict.INCONCLUSIVE: "INCONCLUSIVE",
    Verdict.ABORTED: "ABORTED",
    Verdict.ERROR: "ERROR",
}


def render(report: DrillReport) -> str:
    """The whole report."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: DrillReport) -> Iterator[str]:
    identity = report.identity
    when = datetime.datetime.fromtimestamp(identity.began, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    yield f"# Drill {report.definition.name}: {_MARK[report.verdict]}"
    yield f"\n{report.definition.title}.\n\n**{report.verdict}**: {_text(report.why)}"
    if not report.clean:
        yield f"\n**NOT CLEAN**, left behind: {_text('; '.join(report.evidence.leftovers))}"
    yield f"\nFleet `{identity.fleet}`, revision {identity.revision}, {when}, by {_text(identity.by or 'an operator')}"
    yield f"on {_text(identity.host)}; hactl {identity.version}; run `{identity.run}`."
    yield "\n## Does it mean anything\n"
    yield from _table(
        ("check", "value", "limit", ""),
        (
            (check.name, check.value, check.limit, "ok" if check.ok else "NO")
            for check in (*report.gate, *report.validity)
        ),
    )
    if report.objectives:
        yield "\n## Objectives\n"
        yield from _table(
            ("objective", "measured", "wanted", "margin", ""),
            (
                (item.name, item.value, item.limit, _percent(item.margin), f"{item.status}{_cause(item.cause)}")
                for item in report.objectives
            ),
        )
    yield from _plan(report)
    yield from _clients(report)
    yield from _losses(report)
    yield from _series(report)
    yield from _timeline(report)


def _plan(report: DrillReport) -> Iterator[str]:
    if report.plan is None:
        return
    plan = report.plan
    yield "\n## What was done\n"
    for strike in plan.strikes:
        kept = ", kept down until the failback" if strike.keep_down else ""
        yield f"* {strike} at {strike.at:g} s ({strike.why}){kept}"
    for proof in report.evidence.proofs:
        sign = "confirmed" if proof.done else "NOT CONFIRMED"
        yield f"* {proof.node}: pid {proof.pid}, started at tick {proof.ticks}: {proof.found}, {sign}"
    yield f"* seed {plan.seed}, drill file {plan.digest[:12]}"
    for step in report.evidence.by_hand:
        told = "nobody has done it"
        if step.done is not None:
            note = f" ({step.note})" if step.note else ""
            told = f"took {step.done - step.asked:.1f} s, which all times after it include; by {step.by}{note}"
        yield f"* by hand: {_text(step.step)}: {_text(told)}"
    load = plan.load
    yield f"* load: {load.rate:g} requests/s to {load.url}, open loop, timeout {load.timeout:g} s, no retries"


def _clients(report: DrillReport) -> Iterator[str]:
    if not report.whole.requests:
        return
    yield "\n## What clients saw\n"
    if report.outage is not None:
        outage = report.outage
        noticed = "nobody noticed" if outage.first_bad is None else _failed(outage)
        back = "did not come back" if outage.rto is None else f"back for good after {outage.rto * 1000:.0f} ms"
        yield f"From the fault on, {noticed}; {back}."
    failures = ", ".join(f"{count} x {cause}" for cause, count in report.failures.items()) or "none"
    yield f"Failures: {failures}.\n"
    yield from _table(
        ("", "requests", "failed", "p50 ms", "p99 ms", "slowest ms"),
        (
            (name, str(part.requests), str(part.failed + part.unsent), f"{part.p50_ms:.1f}", f"{part.p99_ms:.1f}",
             f"{part.max_ms:.1f}")
            for name, part in (("before the fault", report.before), ("whole run", report.whole))
        ),
    )  # fmt: skip


def _losses(report: DrillReport) -> Iterator[str]:
    if not report.evidence.losses:
        return
    yield "\n## What was lost\n"
    yield from _table(
        ("store", "acknowledged", "kept", "lost", "ghosts", "rejected", "lost numbers"),
        (
            (loss.store, str(loss.acknowledged), str(loss.kept), str(loss.lost_count), str(loss.ghosts),
             str(loss.rejected), ", ".join(map(str, loss.lost)) or "none")
            for loss in report.evidence.losses
        ),
    )  # fmt: skip


def _series(report: DrillReport) -> Iterator[str]:
    if not report.series:
        return
    yield "\n## Second by second\n"
    yield from _table(
        ("second", "due", "good", "bad", "p99 ms"),
        ((str(one.at), str(one.due), str(one.good), str(one.bad), f"{one.p99_ms:.1f}") for one in report.series),
    )


def _timeline(report: DrillReport) -> Iterator[str]:
    yield "\n## Timeline\n"
    yield "Seconds from the fault.\n" if report.evidence.times.fault is not None else "Seconds from the beginning.\n"
    for line in report.timeline:
        yield f"* {line.at:+9.3f}  {_text(line.text)}"
    yield "\n## Phases\n"
    yield from _table(
        ("phase", "from s", "to s"), ((one.phase, f"{one.begin:.1f}", f"{one.end:.1f}") for one in report.phases)
    )


def _failed(outage: Outage) -> str:
    noticed = "" if outage.outage is None else f", the first {outage.outage * 1000:.0f} ms before it was back"
    return f"{counted(outage.bad, 'request')} failed{noticed}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_text(cell) for cell in row)} |"


def _text(text: str) -> str:
    """Foreign text that stays text in a table."""
    return _TAG.sub("&lt;", text.replace("|", "\\|").replace("\n", " "))


def _percent(margin: float | None) -> str:
    return "" if margin is None else f"{margin * 100:.0f} %"


def _cause(cause: str) -> str:
    return f": {cause}" if cause else ""
