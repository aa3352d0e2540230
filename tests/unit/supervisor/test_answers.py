"""Answers taken together: as many as are needed, none that are too old, and a median that weighs them."""

from support.build import at
from support.script import serving

from hactl.core.brownout import Answers
from hactl.core.model import Sample
from hactl.core.spec import HealthSpec
from hactl.core.value import replace
from hactl.supervisor.answers import LONGEST, WARM, Held, Recent, slower, warm, weighted_quantile


def a_second(requests: float | None, p50: float | None = 10.0, errors: float = 0.0) -> tuple[Sample, ...]:
    return (Sample(node="seoul-1", at=0.0, requests=requests, errors=errors, p50_ms=p50),)


def test_answers_of_the_window_are_taken_together() -> None:
    """Those before it are not, when there are enough."""
    recent = Recent()
    for when, p50 in enumerate((500.0, 500.0, 10.0, 12.0, 30.0), 1):
        recent.add(a_second(100, p50, errors=1), float(when))
    assert recent.over(5.0, 5, seconds=3.0) == Answers(count=300, errors=3, p50_ms=12.0)


def test_where_answers_are_few_older_ones_count_too() -> None:
    """Up to half a minute; then nothing can be said."""
    recent = Recent()
    for when in range(10):
        recent.add(a_second(1), float(when))
    answers = recent.over(9.0, 5, seconds=3.0)
    assert answers is not None
    assert answers.count == 5
    assert recent.over(9.0, 11, seconds=3.0) is None
    recent.add((), 9.0 + LONGEST)
    assert recent.over(9.0 + LONGEST, 1, seconds=3.0) is None


def test_as_many_as_are_asked_for_are_kept_however_old() -> None:
    """Until newer ones take their place."""
    recent = Recent()
    recent.add(a_second(5, 500.0), 0.0)
    recent.add(a_second(1, 10.0), 10 * LONGEST, hold=5)
    assert recent.over(10 * LONGEST, 5, seconds=3.0) == Answers(count=6, p50_ms=500.0)
    recent.add(a_second(4, 10.0), 10 * LONGEST + 1, hold=5)
    assert recent.over(10 * LONGEST + 1, 5, seconds=3.0) == Answers(count=5, p50_ms=10.0)


def test_nodes_of_one_second_are_taken_whole() -> None:
    """A region is all of its nodes: none of them is left out because the others were enough."""
    recent = Recent()
    recent.add(a_second(100, 10.0) + a_second(10, 900.0), 1.0)
    answers = recent.over(10.0, 5, seconds=1.0)
    assert answers == Answers(count=110, p50_ms=10.0)


def test_what_could_not_be_read_is_unknown() -> None:
    """Not zero."""
    recent = Recent()
    recent.add(a_second(None), 1.0)
    assert recent.over(1.0, 0, seconds=3.0) == Answers()
    assert recent.over(1.0, 1, seconds=3.0) is None


def test_attempts_without_any_answer_are_faulty_all_the_same() -> None:
    """They are sent again elsewhere, and only counted as errors here."""
    assert Answers(count=0, errors=50).faulty == 1
    assert Answers(count=200, errors=50).faulty == 0.25
    assert Answers().faulty == 0


def test_slower_is_so_many_times_and_so_much_more() -> None:
    """Both; of half as much, half of each."""
    assert slower(30.0, 10.0, times=3.0, more=20.0)
    assert not slower(29.0, 10.0, times=3.0, more=1.0)
    assert not slower(30.0, 10.0, times=3.0, more=21.0)
    assert slower(20.0, 10.0, times=3.0, more=20.0, part=0.5)
    assert not slower(14.0, 10.0, times=3.0, more=0.0, part=0.5)


def test_a_median_weighs() -> None:
    """One slow second of few answers does not speak for many."""
    assert weighted_quantile([(10.0, 90.0), (900.0, 20.0)]) == 10.0
    assert weighted_quantile([(10.0, 20.0), (900.0, 90.0)]) == 900.0
    assert weighted_quantile([]) is None


def test_what_was_slow_often_enough_is_seen_where_more_than_half_is_asked_for() -> None:
    """Nine tenths of what was answered were no slower."""
    recent = Recent()
    for when in range(10):
        recent.add(a_second(10, 200.0 if when % 5 == 0 else 10.0), float(when))
    for part, wanted in ((0.5, 10.0), (0.8, 10.0), (0.9, 200.0)):
        assert recent.over(9.0, 100, seconds=10.0, part=part) == Answers(count=100, p50_ms=wanted)


def test_what_has_been_so_without_a_break() -> None:
    """A break begins it anew."""
    held = Held()
    assert [held.during(true, now) for true, now in ((True, 1.0), (True, 3.0), (False, 4.0), (True, 5.0))] == [
        0,
        2,
        0,
        0,
    ]
    assert held.during(True, 9.0) == 4


def test_answers_of_several_are_taken_together_in_the_order_of_time() -> None:
    """The newest of all of them count first."""
    one, other = Recent(), Recent()
    for when in (1.0, 3.0):
        one.add(a_second(10, 10.0), when)
    for when in (2.0, 4.0):
        other.add(a_second(10, 30.0), when)
    assert Recent.merged((one, other)).over(4.0, 20, seconds=1.0) == Answers(count=20, p50_ms=10.0)
    assert Recent.merged((one, other)).over(4.0, 10, seconds=0.5) == Answers(count=10, p50_ms=30.0)


def test_a_node_is_warm_when_it_has_served_for_a_while() -> None:
    """Longer where it is slow to be given its share."""
    (node, *_), fleet = serving().gateways, serving()
    began = node.since - at(0.0).wall
    assert not warm(fleet, node, at(began + WARM - 1))
    assert warm(fleet, node, at(began + WARM))
    gentle = replace(fleet, spec=replace(fleet.spec, health=HealthSpec(slow_start=60.0)))
    assert not warm(gentle, node, at(began + WARM))
