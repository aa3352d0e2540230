"""Objectives and validity, judged from requests and times whose truth is known."""

from typing import Any

import pytest
from support.build import a_spec
from support.script import serving

from hactl.core.impairment import Impairment
from hactl.core.value import replace
from hactl.drill.canary import Losses
from hactl.drill.continuity import Continuity
from hactl.drill.definition import (
    Availability,
    BudgetShare,
    Definition,
    Fault,
    FaultKind,
    Hypothesis,
    Objectives,
    Phases,
    Probe,
    Target,
)
from hactl.drill.evidence import Evidence, Times
from hactl.drill.faults import Proof
from hactl.drill.judging import Windows, objectives, validity
from hactl.drill.plan import plan
from hactl.drill.records import UNSENT, Row
from hactl.drill.verdict import Judged, Status

FAULT, FAILBACK, END = 110.0, 140.0, 145.0
ASKED = Objectives(
    detect=0.1,
    rto=1.0,
    rpo_records=0,
    availability=Availability(least=0.9, window=20.0),
    failed=0,
    latency_p99=0.25,
    restore_capacity=5.0,
    failback_failed=0,
)
DRILL = Definition(
    name="d",
    title="t",
    faults=(Fault(kind=FaultKind.KILL, target=Target(nodes=1)),),
    objectives=ASKED,
    hypotheses=(Hypothesis(probe=Probe.AVAILABILITY, least=0.999), Hypothesis(probe=Probe.LATENCY_P99, most=0.05)),
)
PLAN = plan(DRILL, serving(a_spec()), 1)
LOSSES = Losses(
    store="journal",
    acknowledged=300,
    before=200,
    kept=300,
    lost=(),
    lost_count=0,
    ghosts=0,
    rejected=0,
    duplicates=0,
    window=0.0,
    resolution=0.05,
)
WELL = Evidence(
    times=Times(asked=FAULT - 0.001, fault=FAULT, detected=FAULT + 0.05, capacity=FAULT + 2.0, failback=FAILBACK),
    proofs=(Proof(node=PLAN.nodes[0], pid=1, ticks=1, done=True, found="gone"),),
    losses=(LOSSES,),
    nodes=("seoul-1", "seoul-2"),
)


def stream(
    bad: tuple[float, float] = (0.0, 0.0), *, took: float = 0.002, lag: float = 0.0, node: str = "seoul-1"
) -> list[Row]:
    """200 requests a second from 100 s to 145 s, failing in `bad`."""
    rows = []
    for number in range(int((END - 100.0) * 200)):
        at = 100.0 + number / 200
        ok = not bad[0] <= at < bad[1]
        rows.append(Row(at, at + lag, at + lag + took, 200 if ok else 503, node if ok else "", ""))
    return rows


def stalled() -> list[Row]:
    """Nobody asks for 220 ms from the fault on, and then all do at once: late by less than a hundredth of the run."""
    over = FAULT + 0.22
    return [row._replace(sent=over, done=over + 0.002) if FAULT <= row.sent < over else row for row in stream()]


def judged(rows: list[Row], evidence: Evidence = WELL, drill: Definition = DRILL) -> dict[str, Judged]:
    return {item.name: item for item in objectives(drill, PLAN, evidence, Windows(drill, evidence, rows))}


def unfit(rows: list[Row], evidence: Evidence = WELL) -> set[str]:
    return {check.name for check in validity(DRILL, PLAN, evidence, Windows(DRILL, evidence, rows)) if not check.ok}


def times(**changes: Any) -> Evidence:
    return replace(WELL, times=replace(WELL.times, **changes))


def test_a_run_without_a_failure_meets_everything() -> None:
    assert {item.status for item in judged(stream()).values()} == {Status.MET}
    assert unfit(stream()) == set()


def test_how_many_were_out_at_once_is_counted_and_one_that_stayed_out_is_never_a_pass() -> None:
    drill = replace(DRILL, objectives=Objectives(nodes_out=1, longest_out=10.0))
    for found, most, longest in (
        (Continuity(nodes_out=1, longest_out=0.6), Status.MET, Status.MET),
        (Continuity(nodes_out=2, longest_out=11.0), Status.MISSED, Status.MISSED),
        (Continuity(nodes_out=1, longest_out=0.6, still_out=True), Status.MET, Status.MISSED),
        (Continuity(), Status.UNMEASURED, Status.UNMEASURED),
    ):
        now = judged(stream(), replace(WELL, continuity=found), drill)
        assert (now["nodes_out"].status, now["longest_out"].status) == (most, longest), found


def test_where_nobody_was_out_nobody_was_out_too_long_unless_one_was_meant_to_be() -> None:
    """A fault that ends a process of which nobody was out has not been seen."""
    asked = Objectives(longest_out=10.0)
    nobody = replace(WELL, continuity=Continuity(nodes_out=0, longest_out=0.0))
    assert judged(stream(), nobody, replace(DRILL, objectives=asked))["longest_out"].status is Status.UNMEASURED
    full = replace(DRILL, faults=(Fault(kind=FaultKind.MEMORY, target=Target()),), objectives=asked)
    drawn = plan(full, serving(a_spec()), 1)
    (found,) = (
        one for one in objectives(full, drawn, nobody, Windows(full, nobody, stream())) if one.name == "longest_out"
    )
    assert (found.status, found.value) == (Status.MET, "nobody was out")


def test_of_two_faults_the_one_counts_that_took_longest() -> None:
    """From when that one was in effect."""
    second = times(detected=FAULT + 10.2, detected_from=FAULT + 10.0, capacity=FAULT + 16.0, capacity_from=FAULT + 10.0)
    found = judged(stream(), second)
    assert (found["detect"].value, found["detect"].status) == ("200 ms", Status.MISSED)
    assert (found["restore_capacity"].value, found["restore_capacity"].status) == ("6000 ms", Status.MISSED)


SPREAD, TAKEN_OVER = {"refused", "nodes_reached", "reverted"}, {"adopted", "restarts", "journal_gaps"}


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        (Continuity(invalid_taken=0, nodes_reached=1, wrong_served=1.0, reverted=2.0), set()),
        (
            Continuity(invalid_taken=1, nodes_reached=2, wrong_served=1.0, reverted=6.0),
            {"refused", "nodes_reached", "reverted"},
        ),
        (Continuity(invalid_taken=0, nodes_reached=1, wrong_served=1.0), {"reverted"}),
        (Continuity(adopted=2.0, restarts=1, journal_gaps=1), {"restarts", "journal_gaps"}),
        (Continuity(adopted=2.0, not_adopted=1, restarts=0, journal_gaps=0), {"adopted"}),
    ],
)
def test_what_a_fleet_went_through_is_judged(found: Continuity, missed: set[str]) -> None:
    """What was not looked at is not measured, and never met."""
    asked = Objectives(refused=True, nodes_reached=1, reverted=5.0, adopted=3.0, restarts=0, journal_gaps=0)
    now = judged(stream(), replace(WELL, continuity=found), replace(DRILL, objectives=asked))
    assert {name for name, item in now.items() if item.status is Status.MISSED} == missed
    unmeasured = {name for name, item in now.items() if item.status is Status.UNMEASURED}
    assert unmeasured == (TAKEN_OVER if found.adopted is None else SPREAD)


def test_a_known_outage_is_read_as_what_it_was() -> None:
    """Three seconds of twenty: 85 % available, recovery time within a request of the truth."""
    found = judged(stream((FAULT, FAULT + 3.0)))
    assert found["availability"].value == "85.000 %"
    assert found["availability"].status is Status.MISSED
    assert found["rto"].value == "3000 ms"
    assert found["failed"].value == "600 requests"
    assert found["rto"].margin == pytest.approx(-2.0, abs=0.01)


def test_a_service_that_did_not_come_back_missed_its_recovery_time() -> None:
    """It was measured, and it was not there: that is no missing measurement."""
    found = judged(stream((FAULT, END)))
    assert found["rto"].status is Status.MISSED
    assert found["rto"].value.startswith("not within 3")


def watched(bad: tuple[float, float], limit: float, *, over: float | None = None, until: float = 125.0) -> Judged:
    """The recovery time of one who fails in `bad` and is watched from 110 s to `until`, 5 s of it to settle."""
    asked, phases = Objectives(rto=limit), Phases(hold=until - FAULT - 5.0, settle=5.0)
    drill = replace(DRILL, objectives=asked, phases=phases)
    return judged(stream(bad), times(over=over, failback=until), drill)["rto"]


def test_what_could_still_have_been_in_time_is_not_missed() -> None:
    """Watched for 15 s, nobody can tell whether it took more than 60 s; that it took more than 11 s is certain."""
    back_late = (FAULT, FAULT + 12.0)
    assert (watched(back_late, 60.0).status, watched(back_late, 60.0).value) == (
        Status.UNMEASURED,
        "not measured within 15.0 s",
    )
    assert watched((FAULT, END), 60.0).status is Status.UNMEASURED
    assert (watched(back_late, 11.0).status, watched(back_late, 11.0).value) == (Status.MISSED, "not within 15.0 s")
    assert watched((FAULT, END), 11.0).status is Status.MISSED
    assert watched((0.0, 0.0), 60.0, until=114.0).status is Status.UNMEASURED, "it is as short for who noticed nothing"


def test_a_fault_that_lasts_to_the_end_of_the_hold_leaves_time_to_be_back() -> None:
    """It is over a moment later, and clients a moment after that: less than the whole settle time is left for them."""
    over = FAULT + 20.02
    found = watched((FAULT, over + 0.3), 30.0, over=over, until=135.0)
    assert (found.status, found.value) == (Status.MET, "20.3 s")
    assert watched((FAULT, over + 0.3), 15.0, over=over, until=135.0).status is Status.MISSED
    assert watched((FAULT, over + 2.0), 30.0, over=over, until=135.0).status is Status.UNMEASURED


def test_one_fault_that_was_certainly_too_long_is_missed_whatever_is_not_known_of_another() -> None:
    """The first took 8 s; what became of the second, at the end, nobody has seen."""
    second = FAILBACK - 3.0
    rows = [*stream((FAULT, FAULT + 8.0))]
    rows = [row._replace(status=503) if row.intended >= second else row for row in rows]
    drill = replace(DRILL, objectives=Objectives(rto=5.0))
    found = judged(rows, times(struck=(FAULT, second)), drill)["rto"]
    assert (found.status, found.value) == (Status.MISSED, "8000 ms")


def test_the_second_of_two_faults_is_held_to_the_recovery_time_too() -> None:
    """And what was slow after it counts as slow."""
    second = FAULT + 15.0
    found = judged(stream((second, second + 3.0)), times(struck=(FAULT, second)))
    assert (found["rto"].status, found["rto"].value) == (Status.MISSED, "3000 ms")
    late = judged(slower(stream(), second, second + 5.0, 0.5), times(struck=(FAULT, second)))
    assert (late["rto"].status, late["latency_p99"].status) == (Status.MET, Status.MISSED)


def test_who_suffers_while_a_fault_takes_hold_is_struck_and_no_baseline() -> None:
    """Asked for five seconds before it was in effect, and all fail in the last three."""
    evidence = times(asked=FAULT - 5.0)
    rows = stream((FAULT - 3.0, FAULT))
    found = judged(rows, evidence)
    assert (found["failed"].value, found["failed"].status) == ("600 requests", Status.MISSED)
    assert "availability before the fault" not in unfit(rows, evidence)
    windows = Windows(DRILL, evidence, rows)
    assert windows.failures == {"status 503": 600}
    assert (windows.before.requests, windows.before.failed) == (1000, 0)


def test_what_only_requests_under_way_at_the_fault_suffered_says_nothing_about_the_latency_after_it() -> None:
    """They were back at once: the answers until the failback are looked at, and not none."""
    rows = slower(stream(), FAULT, FAILBACK, 0.5)
    first = next(number for number, row in enumerate(rows) if row.intended >= FAULT - 0.01)
    rows[first] = rows[first]._replace(status=503, done=FAULT + 0.1)
    found = judged(rows)
    assert (found["rto"].status, found["latency_p99"].status) == (Status.MET, Status.MISSED)


def test_a_failure_in_the_failback_counts_there() -> None:
    found = judged(stream((FAILBACK + 1, FAILBACK + 1.1)))
    assert found["failback_failed"].status is Status.MISSED
    assert found["failed"].status is Status.MET
    assert found["rto"].status is Status.MET


def test_slow_answers_miss_the_latency() -> None:
    found = judged(stream(took=0.3))
    assert found["latency_p99"].status is Status.MISSED
    assert found["latency_p99"].value == "300 ms"


def test_what_the_fleet_lost_is_missed_and_what_was_left_behind_too() -> None:
    lost = replace(WELL, losses=(replace(LOSSES, lost=(7,), lost_count=1),), leftovers=("a-1 is down",))
    found = judged(stream(), lost)
    assert found["rpo_records"].status is Status.MISSED
    assert found["rollback_clean"].value == "a-1 is down"


@pytest.mark.parametrize(
    ("evidence", "name"),
    [
        (times(detected=None), "detect"),
        (times(capacity=None), "restore_capacity"),
        (times(failback=None), "failback_failed"),
        (replace(WELL, losses=()), "rpo_records"),
    ],
)
def test_what_was_not_measured_is_said_to_be(evidence: Evidence, name: str) -> None:
    assert judged(stream(), evidence)[name].status is Status.UNMEASURED


def test_without_a_fault_or_without_requests_nothing_is_known() -> None:
    """Not one of the clients' objectives is met by default."""
    clients = {"rto", "availability", "failed", "latency_p99"}
    for found in (judged(stream(), times(fault=None)), judged([])):
        assert {found[name].status for name in clients} == {Status.UNMEASURED}


def again(rows: list[Row], bad: tuple[float, float] = (0.0, 0.0), *, lag: float = 0.0) -> dict[str, Judged]:
    """What is judged of a drill whose second stream tries again, and fails in `bad` in the end."""
    drill = replace(DRILL, objectives=replace(ASKED, failed_with_retries=0, amplification=1.1))
    evidence = replace(WELL, amplification=1.05)
    windows = Windows(drill, evidence, rows, stream(bad, lag=lag))
    assert (
        "clients with retries on time"
        in {check.name for check in validity(drill, PLAN, evidence, windows) if not check.ok}
    ) is (lag > 0.01)
    return {item.name: item for item in objectives(drill, PLAN, evidence, windows)}


def test_what_clients_saved_by_trying_again_is_told_apart() -> None:
    """Failed raw and failed with retries are two figures, of two streams."""
    found = again(stream((FAULT, FAULT + 1.0)))
    assert (found["failed"].value, found["failed_with_retries"].value) == ("200 requests", "0 requests")
    assert found["failed_with_retries"].status is Status.MET
    assert again(stream(), (FAULT, FAULT + 0.1))["failed_with_retries"].value == "20 requests"
    assert (found["amplification"].value, found["amplification"].limit) == ("1.050", "<= 1.1")


def test_a_second_stream_that_was_late_makes_a_run_worthless() -> None:
    assert again(stream(), lag=0.02)["failed_with_retries"].status is Status.MET


def test_a_stream_that_was_not_sent_and_edges_that_were_not_read_are_not_measured() -> None:
    drill = replace(DRILL, objectives=replace(ASKED, failed_with_retries=0, amplification=1.1))
    found = judged(stream(), drill=drill)
    assert {found[name].status for name in ("failed_with_retries", "amplification")} == {Status.UNMEASURED}


def test_what_is_kept_down_is_missed_from_the_failback_on() -> None:
    drill = replace(DRILL, faults=(replace(DRILL.faults[0], keep_down=True),))
    late = times(capacity=FAILBACK + 1.0)
    kept = objectives(drill, plan(drill, serving(a_spec()), 1), late, Windows(drill, late, stream()))
    assert {item.name: item.value for item in kept}["restore_capacity"] == "1000 ms"
    assert judged(stream(), late)["restore_capacity"].status is Status.MISSED


@pytest.mark.parametrize(
    ("rows", "evidence", "name"),
    [
        (stream(lag=0.02), WELL, "load generator on time"),
        (stream((100.0, 101.0)), WELL, "availability before the fault"),
        (stream(took=0.06), WELL, "latency_p99 before the fault"),
        (stalled(), WELL, "load generator on time in each second"),
        (stream(node=""), WELL, "answers name a node of this fleet"),
        (stream(node="another-fleet-7"), WELL, "answers name a node of this fleet"),
        (stream(node="seoul-2"), replace(WELL, nodes=("seoul-1",)), "answers name a node of this fleet"),
        (stream(), replace(WELL, proofs=(replace(WELL.proofs[0], done=False),)), "faults confirmed"),
        (stream(), replace(WELL, proofs=()), "faults confirmed"),
        (stream(), replace(WELL, others=("drain a-2 by bob",)), "no outside changes"),
        (stream(), replace(WELL, losses=(replace(LOSSES, before=99),)), "canaries in journal before the fault"),
    ],
)
def test_what_makes_a_run_worthless_is_found(rows: list[Row], evidence: Evidence, name: str) -> None:
    assert name in unfit(rows, evidence)


def test_an_outage_that_nobody_asked_in_is_no_pass() -> None:
    """All objectives are met, and the whole run was on time: which second was not is what is told."""
    assert {item.status for item in judged(stalled()).values()} == {Status.MET}
    assert unfit(stalled()) == {"load generator on time in each second"}
    checks = validity(DRILL, PLAN, WELL, Windows(DRILL, WELL, stalled()))
    assert next(check.value for check in checks if not check.ok) == (
        "34 of 200 more than 50 ms late or not sent (220 ms at worst) in the second from +0.0 s"
    )


def test_each_stream_is_held_to_be_on_time_in_each_second() -> None:
    for name, streams in (
        ("clients with retries on time in each second", (stalled(),)),
        ("clients of other routes on time in each second", ([], [], stalled())),
    ):
        checks = validity(DRILL, PLAN, WELL, Windows(DRILL, WELL, stream(), *streams))
        assert {check.name for check in checks if not check.ok} == {name}


def test_requests_that_were_never_sent_make_it_worthless() -> None:
    rows = stream()
    rows[50:100] = [replace_error(one) for one in rows[50:100]]
    assert "requests not sent" in unfit(rows)


def replace_error(row: Row) -> Row:
    return row._replace(status=0, node="", error=UNSENT)


def test_a_clock_that_was_set_makes_only_times_of_day_worthless() -> None:
    assert unfit(stream(), replace(WELL, clock_step=5.0)) == set()


def test_each_fault_has_to_be_confirmed_also_of_one_node() -> None:
    """What is done to it twice is proved twice."""
    fault = Fault(kind=FaultKind.IMPAIR, target=Target(names=("seoul-1",)), impairment=Impairment(failed=20))
    drill = replace(DRILL, faults=(replace(fault, lasting=2.0), replace(fault, at=2.0)))
    twice = plan(drill, serving(a_spec()), 1)
    for proofs, ok in ((WELL.proofs, False), (WELL.proofs * 2, True)):
        evidence = replace(WELL, proofs=proofs)
        checks = validity(drill, twice, evidence, Windows(drill, evidence, stream()))
        assert next(check.ok for check in checks if check.name == "faults confirmed") is ok


def slower(rows: list[Row], begin: float, end: float, by: float) -> list[Row]:
    """The same, with answers later by so many seconds in [begin, end)."""
    return [row._replace(done=row.done + by) if begin <= row.intended < end else row for row in rows]


def test_a_latency_is_measured_by_this_runs_own_baseline() -> None:
    """Until clients are served again as an objective, and when all has settled as the hypothesis. A run whose fleet was
    slow already is not held to what another one could do."""
    drill = replace(
        DRILL,
        objectives=replace(ASKED, latency_ratio=3.0),
        hypotheses=(Hypothesis(probe=Probe.LATENCY_P99, ratio=1.5),),
    )
    well = judged(stream(took=0.2), drill=drill)
    assert (well["latency_p99_ratio"].measured, well["settled_latency_p99_ratio"].measured) == pytest.approx((1.0, 1.0))
    rows = slower(stream(), FAULT, FAILBACK, 0.008)
    late = judged(rows, drill=drill)
    assert late["latency_p99_ratio"].measured == pytest.approx(5.0)
    assert late["latency_p99_ratio"].value == "5.00 x (10.0 ms, was 2.0 ms)"
    assert {late[name].status for name in ("latency_p99_ratio", "settled_latency_p99_ratio")} == {Status.MISSED}
    early = judged(slower(stream(), FAULT, FAULT + 5.0, 0.008), drill=drill)
    assert early["settled_latency_p99_ratio"].status is Status.MET
    names = {check.name for check in validity(drill, PLAN, WELL, Windows(drill, WELL, rows))}
    assert "latency_p99 before the fault" not in names, "there is nothing before by which it could be measured"


def test_a_fleet_that_is_not_as_well_as_before_when_all_has_settled_has_not_come_back() -> None:
    """Though no objective of its own was missed: the hypothesis is asked before and afterwards."""
    asked = replace(DRILL, objectives=Objectives(availability=Availability(least=0.9, window=20.0)))
    late = judged(stream((FAILBACK - 3.0, FAILBACK)), drill=asked)
    assert late["availability"].status is Status.MET
    assert (late["settled_availability"].status, late["settled_availability"].value) == (Status.MISSED, "70.00 %")
    early = judged(stream((FAULT, FAULT + 1.0)), drill=asked)
    assert {early[f"settled_{probe}"].status for probe in Probe} == {Status.MET}


def test_what_goes_on_until_the_failback_says_nothing_about_the_steady_state() -> None:
    """Clients may suffer from it to its end, however well the fleet does."""
    slow = Fault(kind=FaultKind.IMPAIR, target=Target(nodes=1), impairment=Impairment(delay=0.1, delayed=100))
    assert "settled_availability" not in judged(stream(), drill=replace(DRILL, faults=(slow,)))
    over = replace(slow, lasting=5.0)
    assert judged(stream(), drill=replace(DRILL, faults=(over,)))["settled_availability"].status is Status.MET


def test_an_error_budget_is_burned_by_what_failed() -> None:
    """3 s of a full outage are 0.116 % of what 99.9 % leave in 30 days, whatever the rate."""
    asked = replace(ASKED, budget_share=BudgetShare(most=0.001))
    burned = judged(stream((FAULT, FAULT + 3.0)), drill=replace(DRILL, objectives=asked))["budget_share"]
    assert burned.measured == pytest.approx(3 / 2592, rel=0.01)
    assert (burned.status, burned.value) == (Status.MISSED, "0.116 %")
    assert judged([], drill=replace(DRILL, objectives=asked))["budget_share"].status is Status.UNMEASURED
