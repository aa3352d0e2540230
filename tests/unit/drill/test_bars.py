"""The phases of a drill lie where they were, on one axis with what was done and what clients saw."""

from support.courses import FAULT, course

from hactl.core.value import replace
from hactl.drill.bars import bars
from hactl.drill.definition import FaultKind
from hactl.drill.evidence import ByHand
from hactl.drill.library import load
from hactl.drill.progress import Told


def test_phases_lie_where_they_were() -> None:
    """What goes on has no end; what is known of the way back to normal begins with the fault."""
    now = {bar.name: bar for bar in bars(course(110.0))}
    assert list(now) == ["baseline", "inject", "detect", "reroute", "recover", "capacity", "observe"]
    assert (now["baseline"].begin, now["baseline"].end) == (101.0, 106.9)
    assert (now["detect"].begin, now["detect"].end) == (FAULT, 107.031)
    assert now["observe"].end is None
    assert now["recover"].end == FAULT, "No client noticed anything so far"
    failing = {bar.name: bar for bar in bars(course(109.1, failed={109: 10}))}
    assert failing["recover"].end is None


def test_what_is_done_later_has_a_mark_of_its_own() -> None:
    """A fault that was not done has none, whatever is said of it."""
    later = course(112.0)
    assert later.plan is not None
    (first,) = later.plan.strikes
    strikes = (first, replace(first, kind=FaultKind.FREEZE), replace(first, kind=FaultKind.RESTART))
    told = (*later.told, Told(at=110.0, text="inject: stopped: by ann"), Told(at=111.0, text="heal: osaka-1"))
    later = replace(later, told=told, plan=replace(later.plan, strikes=strikes))
    later = replace(later, timed=replace(later.timed, times=replace(later.times, struck=(FAULT, 109.0))))
    marks = [(bar.name, bar.begin, bar.said) for bar in bars(later) if bar.begin == bar.end and bar.said]
    assert marks == [
        ("inject", FAULT, f"process.kill of {first.nodes[0]}"),
        ("inject", 109.0, f"process.freeze of {first.nodes[0]}"),
        ("recover", FAULT, "no client has noticed"),
        ("heal", 111.0, "osaka-1"),
    ]


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


def test_what_has_not_happened_yet_is_not_said_as_if_it_had() -> None:
    early = {bar.name: (bar.end, bar.said) for bar in bars(course(107.2))}
    assert early["detect"] == (None, "not seen by the daemon yet")
    assert early["reroute"] == (None, "not proved by every edge yet")
    assert early["capacity"] == (None, "not everything serves yet")
    known = {bar.name: bar.said for bar in bars(course(110.0))}
    assert (known["detect"], known["reroute"]) == ("seen by the daemon", "proved by every edge")
    assert known["capacity"] == "everything serves again"


def test_nothing_is_waited_for_that_never_comes() -> None:
    """Nobody leads traffic away from an edge, and a load that grows strikes nobody whom the daemon could see."""

    def shown(name: str) -> list[str]:
        return [bar.name for bar in bars(course(107.2, drill=load(name)))]

    assert {"detect", "reroute"} <= set(shown("node-hang"))
    assert "detect" in shown("edge-hang")
    assert "reroute" not in shown("edge-hang")
    assert not {"detect", "reroute"} & set(shown("traffic-surge"))
