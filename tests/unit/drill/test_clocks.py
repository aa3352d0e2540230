"""The clocks of a drill start and stop by their rules, and in the end stand at what was measured."""

from support.courses import FAULT, NODE_KILL, course, filed

from hactl.core.value import replace
from hactl.drill.bars import served
from hactl.drill.clocks import Mark, conditions, rpo, rto
from hactl.drill.definition import AbortRule, Hypothesis, Limits, Objectives, Probe
from hactl.drill.verdict import Verdict


def test_the_clock_starts_with_the_fault() -> None:
    before = rto(course(105.0), 105.0)
    assert (before.mark, before.shown, before.limit) == (Mark.WAITING, "-", "<= 500 ms")
    assert "from the fault to the reply after which none fails for 5 s" in before.rule


def test_it_runs_while_clients_fail_and_stands_when_they_do_not() -> None:
    """Between two words of the load it runs on; a failure before the fault is not the fault's."""
    failing = course(109.1, failed={108: 20, 109: 20})
    assert rto(failing, 109.35).shown == "2350 ms"
    assert (rto(failing, 109.45).mark, rto(failing, 109.45).over) == (Mark.RUNNING, True)
    well = course(112.0, failed={108: 20, 109: 20})
    assert (rto(well, 112.9).shown, rto(well, 112.9).mark) == ("1600 ms", Mark.SO_FAR)
    unnoticed = course(112.0, failed={103: 5})
    assert (rto(unnoticed, 112.5).shown, rto(unnoticed, 112.5).mark) == ("0 ms", Mark.SO_FAR)


def test_each_of_several_faults_has_its_own_recovery_time() -> None:
    """What fails after the second is not counted from the first; the longest of them stays."""
    for failed, shown, mark in (
        ({108: 20, 112: 20}, "600 ms", Mark.SO_FAR),
        ({108: 20, 109: 20, 112: 20}, "1600 ms", Mark.SO_FAR),
        ({108: 20, 109: 20, 114: 20}, "3100 ms", Mark.RUNNING),
    ):
        now = course(114.5, failed=failed)
        now = replace(now, timed=replace(now.timed, times=replace(now.times, struck=(FAULT, 111.4))))
        clock = rto(now, 114.5)
        assert (clock.shown, clock.mark) == (shown, mark)


def test_what_fails_after_the_failback_is_not_of_the_outage() -> None:
    late = course(124.0, failed={123: 50})
    late = replace(late, timed=replace(late.timed, times=replace(late.times, failback=122.0)))
    assert (rto(late, 124.2).shown, rto(late, 124.2).mark) == ("0 ms", Mark.SO_FAR)


def test_in_the_end_the_report_says_what_it_was() -> None:
    done = replace(course(130.0), report=filed(), alive=False)
    assert (rto(done, 999.0).mark, rto(done, 999.0).limit) == (Mark.MET, "<= 500 ms")
    missed = replace(done, report=filed(Verdict.FAIL))
    assert rto(missed, 999.0).mark is Mark.MISSED
    assert (rto(done, 999.0).shown, rpo(done, 999.0).shown) == ("310 ms", "0 of 500 lost")
    late = replace(filed(Verdict.FAIL, rto="not within 3.4 s"), outage=None)
    clock = rto(replace(done, report=late), 999.0)
    assert (clock.shown, clock.mark) == ("not within 3.4 s", Mark.MISSED)
    unasked = replace(filed(), objectives=(), outage=None)
    assert rto(replace(done, report=unasked), 999.0).mark is Mark.UNMEASURED
    measured = rto(replace(done, report=replace(filed(), objectives=())), 999.0)
    assert (measured.mark, measured.shown) == (Mark.MEASURED, "310 ms"), "what is over is not so far"
    assert [one.bad for one in served(done) if one.bad] == [1]


def test_what_a_run_measured_that_has_shown_nothing_is_neither_met_nor_missed() -> None:
    """It stands there, and says that it proves nothing, asked for or not."""
    done = replace(course(130.0), alive=False)
    for verdict in (Verdict.INCONCLUSIVE, Verdict.ABORTED, Verdict.ERROR):
        useless = filed(verdict)
        clocks = rto(replace(done, report=useless), 999.0), rpo(replace(done, report=useless), 999.0)
        assert {clock.mark for clock in clocks} == {Mark.VOID}
        assert rto(replace(done, report=replace(useless, objectives=())), 999.0).mark is Mark.VOID
        unasked = replace(useless, objectives=(), outage=None)
        assert rto(replace(done, report=unasked), 999.0).mark is Mark.UNMEASURED


def test_what_is_not_asked_for_has_no_limit() -> None:
    assert rto(course(110.0, drill=replace(NODE_KILL, objectives=Objectives())), 110.0).limit == ""


def test_records_that_are_not_acknowledged_any_more_are_seen_at_once() -> None:
    assert rpo(course(100.5), 100.5).mark is Mark.WAITING
    steady = rpo(course(111.0), 111.1)
    assert (steady.shown, steady.mark, steady.limit) == ("200 acknowledged", Mark.SO_FAR, "<= 0 lost")
    silent = rpo(course(111.0), 113.0)
    assert (silent.shown, silent.mark) == ("200 acknowledged, last 2.0 s ago", Mark.RUNNING)


def test_conditions_say_what_is_true_of_them_now() -> None:
    rules = (
        Hypothesis(probe=Probe.AVAILABILITY, least=0.999),
        Hypothesis(probe=Probe.LATENCY_P99, most=0.004),
    )
    limits = Limits(abort_when=(AbortRule(probe=Probe.AVAILABILITY, below=0.5),))
    drill = replace(NODE_KILL, hypotheses=rules, limits=limits)
    well, slow, stop = conditions(course(112.0, drill=drill, failed={111: 100}))
    assert (well.text, well.value, well.ok) == ("availability >= 99.9 %", "90 %", False)
    assert (slow.text, slow.value, slow.ok) == ("p99 <= 4 ms", "4 ms", False)
    assert stop.text == "stops when availability < 50 % of 5 s, for 3 s"
    assert (stop.value, stop.ok) == ("90 %", True)
    assert {condition.ok for condition in conditions(course(101.0, drill=drill))} == {None}
