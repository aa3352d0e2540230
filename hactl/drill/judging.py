"""Objectives and validity, judged from what was measured. Pure: no clock, no fleet, no file.

Each objective becomes met, missed or unmeasured; each check of validity has a value and a limit. Whoever reads a
report can do the same sums again from its figures.
"""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import cached_property

from hactl.drill import punctual, steady
from hactl.drill.continuity import Continuity
from hactl.drill.definition import Definition, Objectives
from hactl.drill.evidence import Evidence, capacity_due, lasted, seen_from
from hactl.drill.gate import Check
from hactl.drill.judged import at_least, back, counted, timed, unmeasured
from hactl.drill.judging_surge import as_strong_as_meant, recovery, surge_objectives
from hactl.drill.judging_traffic import traffic_objectives
from hactl.drill.measure import Report, judge, percentile
from hactl.drill.plan import DrillPlan
from hactl.drill.quantity import Unit, seconds, shown
from hactl.drill.ratios import budget, ratio
from hactl.drill.records import Row
from hactl.drill.recovery_time import Outage, read_outages, settling, worst
from hactl.drill.retries import Retried, retried
from hactl.drill.surging import Borne, borne
from hactl.drill.verdict import Judged, Status

CLOCK_STEP = 0.05
"""Seconds by which the wall clock may move before times of day mean nothing."""


class Windows:
    """The requests of one run, cut at the moments that matter. Times are monotonic seconds."""

    def __init__(
        self,
        drill: Definition,
        evidence: Evidence,
        rows: Sequence[Row],
        retried: Sequence[Row] = (),
        surged: Sequence[Row] = (),
        others: Sequence[Row] = (),
    ) -> None:
        """`rows` are of the clients that are judged, `retried` of those that try again, `surged` of a surge, `others`
        of clients of other routes."""
        times = evidence.times
        self.rows = sorted(rows)
        self.retried = sorted(retried)
        self.surged = sorted(surged)
        self.others = sorted(others)
        self.began = self.rows[0].intended if self.rows else 0.0
        self.ended = self.rows[-1].intended if self.rows else 0.0
        self.fault = times.fault
        self.struck = times.fault if times.fault is None or times.asked is None else min(times.asked, times.fault)
        """From when requests count as struck: while a fault takes hold, some suffer already. None without a fault."""
        self.failback = times.failback if times.failback is not None else self.ended
        self.whole = judge(self.rows)
        self.outages: tuple[Outage, ...] = ()
        """Of each fault."""
        if self.fault is not None and self.struck is not None and self.rows:
            moments = times.struck or (self.fault,)
            settle = settling(drill.phases.settle, times.over, self.failback)
            self.outages = read_outages(self.rows, moments, settle, self.failback, since=self.struck)
        self.outage = worst(self.outages)

    @cached_property
    def before(self) -> Report:
        """What clients saw before the fault was asked for."""
        if self.struck is None:
            return judge(self.rows, self.began, self.ended)
        return judge([row for row in self.rows if row.done < self.struck], self.began, self.struck)

    @cached_property
    def failures(self) -> Counter[str]:
        """Requests that failed from the fault on, by class."""
        after = [row for row in self.rows if self.struck is not None and row.done >= self.struck]
        return Counter(row.error or f"status {row.status}" for row in after if not row.ok)

    def hit(self, rows: Sequence[Row]) -> list[Row]:
        """Those of `rows` that were under way when the fault was asked for, or due from then until the failback; none
        without a fault."""
        return [] if self.struck is None else hit(rows, self.struck, self.failback)

    @property
    def side_by_side(self) -> Retried | None:
        """Clients that ask once and those that try again, from the fault to the failback; None without the latter."""
        return retried(self.hit(self.rows), self.hit(self.retried))

    def borne(self, plan: DrillPlan) -> Borne | None:
        """What all clients together saw while a surge lasted; None without one."""
        return borne([*self.rows, *self.retried], self.surged, plan.capacity)

    def between(self, begin: float, end: float) -> list[Row]:
        """Requests due in [begin, end)."""
        return [row for row in self.rows if begin <= row.intended < end]


def objectives(drill: Definition, plan: DrillPlan, evidence: Evidence, windows: Windows) -> tuple[Judged, ...]:
    """What became of every objective that the drill has."""
    return tuple(_objectives(drill, plan, evidence, windows))


def validity(drill: Definition, plan: DrillPlan, evidence: Evidence, windows: Windows) -> tuple[Check, ...]:
    """What has to be so for the objectives to mean anything."""
    whole, before = windows.whole, windows.before
    struck = sum(strike.count for strike in plan.strikes)
    confirmed = sum(proof.done for proof in evidence.proofs)
    checks = [
        Check(name="faults confirmed", value=f"{confirmed} of {struck}", limit="all, by pid and start time",
              ok=confirmed == struck > 0),
        Check(name="connections warmed up", value="all" if evidence.warm else "not all", limit="all",
              ok=evidence.warm),
        Check(name="requests", value=str(whole.requests), limit=">= 1", ok=whole.requests > 0),
        *punctual.generator(windows.rows, whole, windows.fault, windows.struck),
        _ours(before.shares, evidence.nodes, asked=bool(plan.load.node_header)),
        Check(name="no outside changes", value="; ".join(evidence.others) or "none", limit="none",
              ok=not evidence.others),
        Check(name="wall clock", value=f"moved by {evidence.clock_step * 1000:.0f} ms",
              limit=f"<= {CLOCK_STEP * 1000:g} ms, else times of day are unreliable", ok=True),
    ]  # fmt: skip
    checks += punctual.others("clients with retries", windows.retried, windows.fault, windows.struck)
    checks += punctual.others("clients of other routes", windows.others, windows.fault, windows.struck)
    checks += as_strong_as_meant(plan, windows.borne(plan))
    checks += [steady.before(rule, before) for rule in drill.hypotheses if rule.limited]
    if drill.objectives.rpo_records is not None:
        checks += [
            Check(name=f"canaries in {loss.store} before the fault", value=str(loss.before), limit=f">= {loss.least}",
                  ok=loss.enough)
            for loss in evidence.losses
            if loss.least
        ]  # fmt: skip
    return tuple(checks)


def _ours(shares: Mapping[str, float], nodes: Container[str], *, asked: bool) -> Check:
    """Whether it was this fleet that answered; `shares` are what each had of the answers, by the name it gave."""
    ours = sum(part for name, part in shares.items() if name in nodes)
    strangers = [name for name in shares if name not in nodes]
    told = f", others {', '.join(strangers[:3])}" if strangers else ""
    return Check(
        name="answers name a node of this fleet",
        value=f"{ours * 100:.1f} %{told}",
        limit=">= 99 % before the fault",
        ok=not asked or ours >= 0.99,
    )


def p99(rows: Sequence[Row]) -> float | None:
    """Seconds within which 99 % were answered, or had failed, from when they were due; None of no requests."""
    return percentile(sorted(row.done - row.intended for row in rows), 0.99) if rows else None


def _objectives(drill: Definition, plan: DrillPlan, evidence: Evidence, windows: Windows) -> Iterator[Judged]:
    asked, times = drill.objectives, evidence.times
    if asked.detect is not None:
        yield timed("detect", asked.detect, lasted(seen_from(times), times.detected))
    if asked.rto is not None:
        yield back("rto", asked.rto, windows.outages)
    if asked.availability is not None:
        yield _availability(asked.availability.least, asked.availability.window, windows)
    if asked.failed is not None:
        yield counted("failed", asked.failed, _failed(windows.hit(windows.rows)), "request")
    if asked.failed_with_retries is not None:
        tried = _failed(windows.hit(windows.retried))
        yield counted("failed_with_retries", asked.failed_with_retries, tried, "request")
    yield from surge_objectives(asked, windows.borne(plan))
    if asked.recovered is not None:
        yield recovery(asked.recovered, windows.rows, times.over, drill.phases.settle, windows.failback)
    yield from traffic_objectives(asked, plan, evidence, windows.rows, windows.hit(windows.others))
    if asked.latency_p99 is not None:
        yield timed("latency_p99", asked.latency_p99, _slow(windows))
    if asked.rpo_records is not None:
        yield counted("rpo_records", asked.rpo_records, evidence.lost, "record")
    if asked.restore_capacity is not None:
        restored = lasted(capacity_due(times, plan), times.capacity)
        yield timed("restore_capacity", asked.restore_capacity, restored)
    if asked.failback_failed is not None:
        rows = [] if times.failback is None else windows.between(times.failback, windows.ended + 1.0)
        yield counted("failback_failed", asked.failback_failed, _failed(rows), "request")
    yield from _proportions(drill, windows)
    yield from _continuity(asked, plan, evidence)
    if asked.rollback_clean:
        yield _clean(evidence)


def _proportions(drill: Definition, windows: Windows) -> Iterator[Judged]:
    """What is measured by this run's own baseline, by the steady state, and by an error budget."""
    asked, base = drill.objectives, windows.before.p99_ms / 1000
    if asked.latency_ratio is not None:
        yield ratio("latency_p99_ratio", asked.latency_ratio, _slow(windows), base)
    for rule in drill.hypotheses:
        if rule.ratio is not None:
            settled = windows.between(windows.failback - drill.phases.settle, windows.failback)
            yield ratio(f"settled_{rule.probe}_ratio", rule.ratio, p99(settled), base)
        if rule.limited and windows.fault is not None and steady.ends(drill):
            begin = max(windows.fault, windows.failback - drill.phases.settle)
            yield steady.afterwards(rule, judge(windows.rows, begin, windows.failback))
    if asked.budget_share is not None:
        rows = [] if windows.struck is None else windows.between(windows.struck, windows.failback)
        yield budget(asked.budget_share, _failed(rows), drill.load.rate)


def _continuity(asked: Objectives, plan: DrillPlan, evidence: Evidence) -> Iterator[Judged]:
    found = evidence.continuity
    if asked.nodes_out is not None:
        yield counted("nodes_out", asked.nodes_out, found.nodes_out, "at once", "at once")
    if asked.longest_out is not None:
        yield _longest_out(asked.longest_out, found, meant=not set(evidence.nodes).isdisjoint(plan.ends))
    if asked.adopted is not None:
        late = f"{found.not_adopted} were not" if found.not_adopted else ""
        yield timed("adopted", asked.adopted, None if late else found.adopted, late)
    if asked.turns is not None:
        yield counted("turns", asked.turns, found.turns, "change of direction", "changes of direction")
    if asked.restarts is not None:
        yield counted("restarts", asked.restarts, found.restarts, "process", "processes")
    if asked.journal_gaps is not None:
        yield counted("journal_gaps", asked.journal_gaps, found.journal_gaps, "record")
    if asked.refused:
        yield counted("refused", 0, found.invalid_taken, "invalid one taken", "invalid ones taken")
    if asked.nodes_reached is not None:
        yield counted("nodes_reached", asked.nodes_reached, found.nodes_reached, "node")
    if asked.reverted is not None:
        late = "not automatically" if found.wrong_served is not None and found.reverted is None else ""
        yield timed("reverted", asked.reverted, found.reverted, late)


def _longest_out(limit: float, found: Continuity, *, meant: bool) -> Judged:
    """Where nobody was out, none was too long, unless somebody was `meant` to be."""
    late = "one did not come back" if found.still_out else ""
    if found.nodes_out != 0:
        return timed("longest_out", limit, None if late else found.longest_out, late)
    if meant:
        return timed("longest_out", limit, None)
    wanted = f"<= {seconds(limit)}"
    return Judged(name="longest_out", limit=wanted, value="nobody was out", margin=None, status=Status.MET)


def hit(rows: Sequence[Row], begin: float, end: float) -> list[Row]:
    """Requests under way at `begin`, or due from then until `end`."""
    return [row for row in rows if row.done >= begin and row.intended < end]


def _slow(windows: Windows) -> float | None:
    """p99 from the first fault until clients were served for good after every fault that they noticed; until the
    failback if they never recovered from one, or noticed none."""
    if windows.struck is None or not windows.outages:
        return None
    backs = [outage.back for outage in windows.outages if outage.back not in (None, outage.fault)]
    every = len(backs) == len(windows.outages)
    return p99(hit(windows.rows, windows.struck, max(backs) if every else windows.failback))


def _failed(rows: Sequence[Row]) -> int | None:
    """How many of them failed; None when nobody asked anything."""
    return sum(not row.ok for row in rows) if rows else None


def _availability(least: float, wanted: float, windows: Windows) -> Judged:
    if windows.fault is None or windows.struck is None or not windows.rows:
        return unmeasured("availability", f">= {least * 100:g} %")
    end = min(windows.fault + wanted, windows.failback)
    rows = windows.between(windows.fault, end)
    limit = f">= {least * 100:g} % in {end - windows.fault:.0f} s"
    if not rows:
        return unmeasured("availability", limit)
    # One that took long to take hold is not made harmless by the time it took.
    value = min(sum(row.ok for row in part) / len(part) for part in (rows, windows.between(windows.struck, end)))
    return at_least("availability", least, value, wanted=limit, value=shown(value, Unit.PART))


def _clean(evidence: Evidence) -> Judged:
    left = evidence.leftovers
    return Judged(
        name="rollback_clean",
        limit="nothing left",
        value="nothing left" if not left else "; ".join(left),
        margin=None,
        status=Status.MISSED if left else Status.MET,
    )
