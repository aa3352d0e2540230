"""Answers taken together: as many as are needed, none that are too old, and a median that weighs them."""

from hactl.core.model import Sample
from hactl.supervisor.answers import LONGEST, Answers, Held, Recent, weighted_median


def a_second(requests: float | None, p50: float | None = 10.0, errors: float = 0.0) -> tuple[Sample, ...]:
    return (Sample(node="seoul-1", at=0.0, requests=requests, errors=errors, p50_ms=p50),)


def test_answers_of_the_window_are_taken_together() -> None:
    """Those before it are not, when there are enough."""
    recent = Recent()
    for at, p50 in enumerate((500.0, 500.0, 10.0, 12.0, 30.0), 1):
        recent.add(a_second(100, p50, errors=1), float(at))
    assert recent.over(5.0, 5, seconds=3.0) == Answers(count=300, errors=3, p50_ms=12.0)


def test_where_answers_are_few_older_ones_count_too() -> None:
    """Up to half a minute; then nothing can be said."""
    recent = Recent()
    for at in range(10):
        recent.add(a_second(1), float(at))
    answers = recent.over(9.0, 5, seconds=3.0)
    assert answers is not None
    assert answers.count == 5
    assert recent.over(9.0, 11, seconds=3.0) is None
    recent.add((), 9.0 + LONGEST)
    assert recent.over(9.0 + LONGEST, 1, seconds=3.0) is None


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


def test_a_median_weighs() -> None:
    """One slow second of few answers does not speak for many."""
    assert weighted_median([(10.0, 90.0), (900.0, 20.0)]) == 10.0
    assert weighted_median([(10.0, 20.0), (900.0, 90.0)]) == 900.0
    assert weighted_median([]) is None


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
