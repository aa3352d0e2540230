"""Whether a load was sent when it was due, from streams whose truth is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hactl.drill.measure import judge
from hactl.drill.punctual import EACH_SECOND, generator, others, worst_second
from hactl.drill.records import UNSENT, Row

FAULT = 110.0


def stream(rate: int = 200, *, seconds: int = 20) -> list[Row]:
    """From 100 s on, each sent a millisecond late."""
    moments = [100.0 + number / rate for number in range(seconds * rate)]
    return [Row(at, at + 0.001, at + 0.002, 200, "a-1", "") for at in moments]


def stalled(begin: float, lasting: float, rate: int = 200) -> list[Row]:
    """Nothing is sent for so long, and all of it then."""
    over = begin + lasting
    return [row._replace(sent=over) if begin <= row.intended < over else row for row in stream(rate)]


def unmet(rows: list[Row]) -> set[str]:
    return {check.name for check in generator(rows, judge(rows), FAULT, FAULT - 0.001) if not check.ok}


@pytest.mark.parametrize("begin", [FAULT, FAULT + 0.9, FAULT + 5.03])
@pytest.mark.parametrize("rate", [50, 200, 1000])
def test_a_stall_is_found_wherever_it_begins_and_however_many_ask(begin: float, rate: int) -> None:
    """No second hides it by ending in its middle."""
    assert unmet(stalled(begin, 0.2, rate)) == {f"load generator on time {EACH_SECOND}"}
    assert unmet(stalled(begin, 0.1, rate)) == set(), "an ordinary hiccup of a busy machine"


def test_the_second_is_told_from_the_fault_on() -> None:
    """Also of one that began while the fault took hold."""
    rows = stalled(FAULT, 0.3)
    told = [check.value for check in generator(rows, judge(rows), FAULT + 0.001, FAULT) if not check.ok]
    assert told[-1] == "50 of 200 more than 50 ms late or not sent (300 ms at worst) in the second from +0.0 s"


def test_what_was_late_before_the_fault_hides_nothing_of_it() -> None:
    assert unmet(stalled(FAULT - 0.3, 0.2)) == set()


def test_what_was_never_sent_in_a_second_is_late_in_it() -> None:
    rows = stream()
    rows[2100:2121] = [row._replace(status=0, error=UNSENT) for row in rows[2100:2121]]
    worst = worst_second(rows, FAULT)
    assert worst is not None
    assert (worst.bad, worst.late, worst.due) == (True, 21, 200)
    assert unmet(rows) == {"requests not sent", f"load generator on time {EACH_SECOND}"}


def test_one_request_that_is_late_is_no_stall_however_few_there_are() -> None:
    rows = stream(rate=2)
    rows[25] = rows[25]._replace(sent=rows[25].intended + 0.3)
    assert unmet(rows) == {"load generator on time"}
    worst = worst_second(rows, FAULT)
    assert worst is not None
    assert (worst.late, worst.due, worst.bad) == (1, 2, False)


def test_the_last_second_is_a_whole_one() -> None:
    """A request at the very end that is late is not all of a second with one request in it."""
    rows = stream()
    rows[-5:] = [row._replace(sent=row.intended + 0.06) for row in rows[-5:]]
    worst = worst_second(rows, FAULT)
    assert worst is not None
    assert (worst.late, worst.bad) == (5, False)


def test_a_stream_that_nobody_sent_is_not_on_time_and_one_that_nobody_wanted_is_not_asked_about() -> None:
    assert worst_second([], FAULT) is None
    assert [check.ok for check in generator(stream()[:100], judge(stream()[:100]), FAULT, FAULT)] == [True, True, False]
    assert list(others("clients of other routes", [], FAULT, FAULT)) == []
    assert [check.name for check in others("they", stream(), None, None)] == ["they on time"], "no fault, no second"


@given(st.lists(st.tuples(st.integers(0, 400), st.booleans()), min_size=1, max_size=60))
def test_no_second_is_worse_than_the_worst(told: list[tuple[int, bool]]) -> None:
    """As counted by hand, over every second that a request begins."""
    rows = sorted(Row(at / 100, at / 100 + late, at / 100 + 1, 200, "a", "") for at, late in told)
    worst = worst_second(rows, 0.0)
    assert worst is not None
    parts, end = [], 0
    for number, row in enumerate(rows):
        if end == len(rows):
            break
        due = [one for one in rows[number:] if one.intended < row.intended + 1.0 - 1e-9]
        parts.append(sum(one.sent > one.intended for one in due) / len(due))
        end = number + len(due)
    assert worst.late / worst.due == pytest.approx(max(parts))
