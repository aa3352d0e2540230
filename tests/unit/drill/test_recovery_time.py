"""What clients noticed, read from requests whose truth is known."""

from hypothesis import given
from hypothesis import strategies as st

from hactl.drill.records import Row
from hactl.drill.recovery_time import last_reached, read_outage, read_outages, worst


def row(at: float, *, ok: bool = True, took: float = 0.001) -> Row:
    return Row(at, at, at + took, 200 if ok else 503, "a-1", "")


def stream(bad: list[tuple[float, float]], *, until: float = 60.0, rate: float = 200.0) -> list[Row]:
    """Requests at `rate`, failing in the given spans."""
    moments = [number / rate for number in range(int(until * rate))]
    return [row(at, ok=not any(begin <= at < end for begin, end in bad)) for at in moments]


def test_the_last_that_came_to_whom_was_struck_was_answered_by_it_or_failed() -> None:
    """Not what others answered, nor what its next process did; nothing is said where nothing came to it any more."""
    other = Row(13.0, 13.0, 13.1, 200, "a-2", "")
    rows = [row(9.0), row(10.5), row(12.0, ok=False), other, row(20.0)]
    assert last_reached(rows, ("a-1",), 10.0, until=19.0) == 12.0
    assert last_reached(rows, ("a-1",), 10.0, until=11.0) == 10.5
    assert last_reached(rows, ("a-1",), 12.5, until=19.0) is None
    under_way = Row(9.9, 9.9, 10.2, 0, "", "reset")
    assert last_reached([under_way], ("a-1",), 10.0, until=19.0) == 9.9


def test_an_outage_of_three_seconds_is_three_seconds() -> None:
    """Fault at 10 s, served again at 13 s: the truth, to one request."""
    outage = read_outage(stream([(10.0, 13.0)]), 10.0, settle=5.0, until=40.0)
    assert outage.rto is not None
    assert abs(outage.rto - 3.0) <= 0.005
    assert outage.bad == 600
    assert outage.first_bad == 10.0
    assert outage.outage == outage.rto


def test_a_success_in_between_ends_nothing() -> None:
    """Flapping: back for two seconds, gone again; the service is back when it stays."""
    outage = read_outage(stream([(10.0, 11.0), (13.0, 14.0)]), 10.0, settle=5.0, until=40.0)
    assert outage.rto is not None
    assert abs(outage.rto - 4.0) <= 0.005


def test_a_failure_after_a_whole_settle_time_is_another_matter() -> None:
    outage = read_outage(stream([(10.0, 11.0), (20.0, 21.0)]), 10.0, settle=5.0, until=40.0)
    assert outage.rto is not None
    assert abs(outage.rto - 1.0) <= 0.005


def test_an_outage_that_begins_late_is_not_away() -> None:
    """Nobody was hit in the first whole settle time: the wait for the first who is goes on."""
    outage = read_outage(stream([(20.0, 30.0)]), 5.0, settle=5.0, until=40.0)
    assert outage.first_bad == 20.0
    assert outage.rto is not None
    assert abs(outage.rto - 25.0) <= 0.005
    assert read_outage(stream([(20.0, 30.0)]), 5.0, settle=5.0, until=40.0, begun_by=20.0).rto == 0.0


def test_who_suffers_while_a_fault_takes_hold_is_counted() -> None:
    """And has to be served for good after it like anybody else; a quiet time before it took hold is none."""
    rows = stream([(10.0, 10.5)])
    outage = read_outage(rows, 18.0, settle=5.0, until=40.0, since=9.9)
    assert (outage.bad, outage.first_bad, outage.rto) == (100, 10.0, 0.0)
    assert read_outage(rows, 18.0, settle=5.0, until=40.0).bad == 0


def test_each_of_several_faults_is_waited_for_and_the_worst_counts() -> None:
    """The first was over long ago when the second did harm, or nobody noticed it at all."""
    for first in ([], [(10.0, 10.2)]):
        outages = read_outages(stream([*first, (30.0, 33.0)]), (10.0, 30.0), 5.0, 45.0, since=9.9)
        found = worst(outages)
        assert found is not None
        assert found.fault == 30.0
        assert found.rto is not None
        assert abs(found.rto - 3.0) <= 0.005
        assert outages[0].rto is not None
        assert outages[0].rto <= 0.205
    lost = worst(read_outages(stream([(10.0, 12.0), (30.0, 50.0)]), (10.0, 30.0), 5.0, 45.0, since=10.0))
    assert lost is not None
    assert lost.rto is None
    assert worst(()) is None


def test_a_fault_that_nobody_noticed_costs_nothing() -> None:
    outage = read_outage(stream([]), 10.0, settle=5.0, until=40.0)
    assert (outage.rto, outage.bad, outage.first_bad, outage.outage) == (0.0, 0, None, 0.0)


def test_what_did_not_come_back_has_no_recovery_time() -> None:
    """Nor has what came back too late to be seen for a whole settle time."""
    for until in (20.0, 33.0):
        outage = read_outage(stream([(10.0, 30.0)]), 10.0, settle=5.0, until=until)
        assert outage.rto is None
        assert outage.outage is None


def test_a_request_under_way_at_the_fault_counts() -> None:
    """It was due before, and failed because of it."""
    rows = [row(9.999, ok=False, took=0.1), *stream([])]
    outage = read_outage(rows, 10.0, settle=5.0, until=40.0)
    assert outage.bad == 1
    assert outage.first_bad == 9.999
    assert outage.rto == 0.0


def test_without_requests_nothing_is_known() -> None:
    assert read_outage([], 10.0, settle=5.0, until=40.0).rto is None


@given(st.floats(0.01, 20.0), st.floats(1.0, 5.0))
def test_the_recovery_time_is_the_truth_whatever_it_is(length: float, settle: float) -> None:
    """Never off by more than the distance between two requests."""
    outage = read_outage(stream([(10.0, 10.0 + length)], rate=50.0), 10.0, settle=settle, until=60.0)
    assert outage.rto is not None
    assert abs(outage.rto - length) <= 1 / 50.0 + 1e-9
