"""How a drill looks from outside: its clocks start and stop by their rules, its phases lie on one axis."""

from support.courses import FAULT, NODE_KILL, PROOF, course, filed

from hactl.core.value import replace
from hactl.drill.course import Course, Mark, bars, conditions, rpo, rto, served
from hactl.drill.definition import AbortRule, Hypothesis, Limits, Objectives, Probe
from hactl.drill.evidence import ByHand
from hactl.drill.phases import Phase
from hactl.drill.verdict import Verdict


def test_the_clock_starts_with_the_fault() -> None:
    before = rto(course(105.0), 105.0)
    assert (before.mark, before.shown, before.limit) == (Mark.WAITING, "-", "<= 500 ms")
    assert "from the fault in effect to the reply after which none fails for 5 s" in before.rule


def test_it_runs_while_clients_fail_and_stands_when_they_do_not() -> None:
    """Between two words of the load it runs on; a failure before the fault is not the fault's."""
    failing = course(109.1, failed={108: 20, 109: 20})
    assert rto(failing, 109.35).shown == "2350 ms"
    assert (rto(failing, 109.45).mark, rto(failing, 109.45).over) == (Mark.RUNNING, True)
    well = course(112.0, failed={108: 20, 109: 20})
    assert (rto(well, 112.9).shown, rto(well, 112.9).mark) == ("1600 ms", Mark.SO_FAR)
    unnoticed = course(112.0, failed={103: 5})
    assert (rto(unnoticed, 112.5).shown, rto(unnoticed, 112.5).mark) == ("0 ms", Mark.SO_FAR)


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
    assert [one.bad for one in served(done) if one.bad] == [1]


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


def test_phases_lie_where_they_were() -> None:
    """What goes on has no end; what is known of the way back to normal begins with the fault."""
    now = {bar.name: bar for bar in bars(course(110.0))}
    assert list(now) == ["baseline", "inject", "detect", "reroute", "recover", "capacity", "observe"]
    assert (now["baseline"].begin, now["baseline"].end) == (101.0, 106.9)
    assert (now["detect"].begin, now["detect"].end) == (FAULT, 107.031)
    assert now["observe"].end is None
    assert now["recover"].end == FAULT, "nobody noticed anything so far"
    failing = {bar.name: bar for bar in bars(course(109.1, failed={109: 10}))}
    assert failing["recover"].end is None


def test_what_people_do_takes_its_time() -> None:
    steps = (ByHand(step="pull the plug", asked=108.0, done=109.5),)
    slow = course(112.0)
    slow = replace(slow, timed=replace(slow.timed, by_hand=steps))
    (hand,) = (bar for bar in bars(slow) if bar.name == "by hand")
    assert (hand.begin, hand.end, hand.said) == (108.0, 109.5, "pull the plug")


def test_a_run_whose_runner_is_gone_does_not_go_on() -> None:
    left = replace(course(110.0), alive=False)
    assert not left.going
    observe = next(bar for bar in bars(left) if bar.name == "observe")
    assert observe.end == 110.0, "the last moment that anything is known of"


def test_who_was_struck_and_where_it_stands() -> None:
    assert Course(run="r", definition=NODE_KILL).phase is Phase.PLAN
    assert course(110.0).phase is Phase.OBSERVE
    assert course(110.0).proofs == (PROOF,)
    assert rto(course(110.0, drill=replace(NODE_KILL, objectives=Objectives())), 110.0).limit == ""
