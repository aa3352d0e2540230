"""What `hactl demo` found, as a value, a verdict and a page of text. Pure: the story itself is `demo`."""

import textwrap
from collections.abc import Callable
from enum import StrEnum

from hactl.core.model import Fleet
from hactl.core.plural import counted
from hactl.core.value import Value
from hactl.drill.load_plan import LoadPlan
from hactl.drill.measure import Report, judge
from hactl.drill.records import Records
from hactl.drill.timeline import Timeline

LEAD = 0.1
"""Seconds before the kill that count as "during": requests under way when the node died are the ones at stake."""


class DemoVerdict(StrEnum):
    """What a demo proved."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    """The load generator did not keep its own schedule: the machine was too busy to measure anything."""


class DemoReport(Value):
    """One failover, from both sides: the journal's timeline and what clients saw."""

    fleet: str
    nodes: int
    edges: int
    load: LoadPlan
    timeline: Timeline
    whole: Report
    """What clients saw from the first request to the last."""
    before: Report
    during: Report
    """From `LEAD` before the kill until the capacity was back, or to the end when it never was."""
    after: Report
    verdict: DemoVerdict
    why: str
    """The verdict in a sentence."""

    @property
    def ok(self) -> bool:
        """True when no request failed, the timeline is complete and the measurement can be trusted."""
        return self.verdict is DemoVerdict.PASSED


def conclude(fleet: Fleet, load: LoadPlan, timeline: Timeline, records: Records) -> DemoReport:
    """The report on a finished demo."""
    rows = list(records)
    whole = judge(rows)
    kill = whole.end if timeline.accepted is None else timeline.accepted
    back = whole.end if timeline.back_ms is None else min(whole.end, kill + timeline.back_ms / 1000)
    verdict, why = _verdict(whole, timeline)
    return DemoReport(
        fleet=fleet.name,
        nodes=len(fleet.gateways),
        edges=len(fleet.edges),
        load=load,
        timeline=timeline,
        whole=whole,
        before=judge(rows, whole.begin, kill - LEAD),
        during=judge(rows, kill - LEAD, back),
        after=judge(rows, back, whole.end),
        verdict=verdict,
        why=why,
    )


def _verdict(whole: Report, timeline: Timeline) -> tuple[DemoVerdict, str]:
    # Failed requests stay failed, however busy the machine was; only praise needs a punctual generator.
    if whole.failed:
        causes = ", ".join(f"{count} x {cause}" for cause, count in whole.causes.items())
        return DemoVerdict.FAILED, f"{whole.failed} of {whole.requests} requests failed ({causes})"
    if whole.requests == 0:
        return DemoVerdict.INCONCLUSIVE, "no requests were sent"
    if not timeline.complete:
        return DemoVerdict.FAILED, f"the journal does not show that {_missing(timeline)}"
    if whole.late:
        why = f"the load generator lagged ({whole.lag_p99_ms:.0f} ms at p99, {whole.unsent} requests never sent)"
        return DemoVerdict.INCONCLUSIVE, f"{why}: this machine is too busy to measure on"
    return DemoVerdict.PASSED, "no request failed, and the capacity came back"


def _missing(timeline: Timeline) -> str:
    if timeline.accepted is None:
        return "the kill was accepted"
    if timeline.seen_ms is None:
        return f"{timeline.node} died"
    if timeline.moved_ms is None:
        return f"every edge routed around {timeline.node}"
    return f"the capacity of {timeline.node} came back"


def render(report: DemoReport) -> str:
    """The report as text of at most 80 columns, for somebody who has never seen hactl."""
    plan, node = report.load, report.timeline.node
    steps = [f"  {ms:8.1f}  {_cut(text, 66)}" for ms, text in report.timeline.steps]
    lines = [
        f"{_cut(node, 32)} was killed (kill -9) under load",
        "",
        f"  fleet   {_cut(report.fleet, 32)}: {counted(report.nodes, 'node')} behind {counted(report.edges, 'edge')}",
        f"  load    {plan.rate:g} requests/s for {plan.duration:g} s, open loop",
        f"  url     {plan.method} {_cut(plan.url, 48)}, timeout {plan.timeout:g} s",
        "",
        "What the daemon recorded, in ms after the kill was accepted",
        "",
        *(steps or ["  nothing"]),
        "",
        f"What clients saw (during: {LEAD * 1000:.0f} ms before the kill until capacity was back)",
        "",
        *_table(report),
        "",
        textwrap.fill(f"{report.verdict.value.upper()}: {report.why}", 80),
        f"(the load generator itself was {report.whole.lag_p99_ms:.1f} ms late at p99,"
        f" {report.whole.lag_max_ms:.1f} ms at worst)",
    ]
    return "\n".join(lines)


def _table(report: DemoReport) -> list[str]:
    columns = (report.before, report.during, report.after, report.whole)
    rows: list[tuple[str, Callable[[Report], str]]] = [
        ("requests", lambda part: f"{part.requests}"),
        ("failed", lambda part: f"{part.failed}"),
        ("median, ms", lambda part: f"{part.p50_ms:.1f}"),
        ("99 % within, ms", lambda part: f"{part.p99_ms:.1f}"),
        ("slowest, ms", lambda part: f"{part.max_ms:.1f}"),
        ("longest gap without a response, ms", lambda part: f"{part.longest_gap_ms:.1f}"),
    ]
    names = sorted({name for part in columns for name in part.shares})
    lines = [_row("", ["before", "during", "after", "whole"])]
    lines += [_row(title, [cell(part) for part in columns]) for title, cell in rows]
    lines += [_row(f"share of {_cut(name, 24)}", [_share(part, name) for part in columns]) for name in names]
    return lines


def _share(part: Report, name: str) -> str:
    return f"{100 * part.shares.get(name, 0.0):.0f} %" if part.ok else "-"


def _row(title: str, cells: list[str]) -> str:
    return f"  {title:<36}" + "".join(f"{cell:>10}" for cell in cells)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
