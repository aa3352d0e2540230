"""How soon traffic had gone to others, from requests whose truth is known, and how often it turned, in stories that the
real core plays."""

import pytest
from support.build import a_spec
from support.script import after, applied, serving
from support.told import Told

from hactl.core.commands import SetWeight
from hactl.drill.records import UNSENT, Row
from hactl.drill.shifting import SPAN, STEP, shifted, turns

FAULT, UNTIL = 110.0, 130.0
A = frozenset(("a-1",))


def stream(*shares: tuple[float, float]) -> list[Row]:
    """100 requests a second from 100 s to 130 s, of which a-1 answers a part: (from when on, which)."""
    rows = []
    for number in range(3000):
        at = 100.0 + number / 100
        part = next(share for since, share in reversed(((0.0, 0.5), *shares)) if at >= since)
        node = "a-1" if number % 20 < 20 * part else "b-1"
        rows.append(Row(at, at, at + 0.3, 503 if number % 5 else 200, node, ""))
    return rows


def test_traffic_has_gone_when_four_fifths_of_it_have_and_stay_away() -> None:
    """By who answered, well or not; told to a look, and never too soon."""
    took, gone = shifted(stream((115.0, 0.05)), A, FAULT, UNTIL)
    assert took is not None
    assert 5.0 <= took <= 5.0 + 3 * STEP
    assert gone == pytest.approx(0.9)


@pytest.mark.parametrize("tenths", range(0, 60, 3))
def test_a_limit_that_was_missed_is_not_met_by_rounding(tenths: int) -> None:
    """Whatever the looks have to do with the moment at which all of it went."""
    went = tenths / 10 + 0.03
    took, _ = shifted(stream((FAULT + went, 0.0)), A, FAULT, UNTIL)
    assert took is not None
    assert went - 0.01 <= took <= went + 3 * STEP


def unanswered(rows: list[Row], since: float, until: float, *, node: str, error: str = "timed out") -> list[Row]:
    """What `node` should have answered in between, nobody did."""
    return [
        row if row.node != node or not since <= row.sent < until else Row(row.sent, row.sent, row.done, 0, "", error)
        for row in rows
    ]


def test_those_that_answer_nothing_any_more_still_have_their_traffic() -> None:
    """A frozen node signs nothing: its clients wait until they give up, which is no shift."""
    assert shifted(unanswered(stream(), FAULT, UNTIL, node="a-1"), A, FAULT, UNTIL) == (None, 0.0)
    took, gone = shifted(unanswered(stream((115.0, 0.0)), FAULT, UNTIL, node="a-1"), A, FAULT, UNTIL)
    assert took == pytest.approx(5.0, abs=3 * STEP)
    assert gone == 1.0


def test_in_a_blackout_nothing_has_gone_to_others() -> None:
    """Not before others answer; and when nobody asks meanwhile, nobody knows any better."""
    dark = unanswered(unanswered(stream((115.0, 0.0)), FAULT, 117.0, node="a-1"), FAULT, 117.0, node="b-1")
    assert shifted(dark, A, FAULT, UNTIL)[0] == pytest.approx(7.0, abs=3 * STEP)
    silent = [row for row in stream((115.0, 0.0)) if not FAULT <= row.sent < 117.0]
    assert shifted(silent, A, FAULT, UNTIL)[0] == pytest.approx(7.0, abs=SPAN)
    assert shifted(unanswered(dark, 117.0, UNTIL, node="b-1"), A, FAULT, UNTIL) == (None, 0.0)


def test_what_the_clients_did_not_even_send_tells_nothing() -> None:
    """That is about their own machine: it neither keeps traffic where it was nor takes it away."""
    rows = stream((115.0, 0.0))
    rows[1500::3] = unanswered(rows[1500::3], 115.0, UNTIL, node="b-1", error=UNSENT)
    took, gone = shifted(rows, A, FAULT, UNTIL)
    assert took == pytest.approx(5.0, abs=3 * STEP)
    assert gone == 1.0


def test_what_comes_back_has_not_gone() -> None:
    """It counts from when it went for good; and what has not gone when nobody looks any more never did."""
    took, _ = shifted(stream((115.0, 0.05), (118.0, 0.5), (121.0, 0.05)), A, FAULT, UNTIL)
    assert took == pytest.approx(11.0, abs=3 * STEP)
    assert shifted(stream((115.0, 0.05), (128.0, 0.5)), A, FAULT, UNTIL) == (None, 0.0)
    assert shifted(stream(), A, FAULT, UNTIL)[0] is None


def test_too_little_has_gone() -> None:
    """Half of it."""
    took, gone = shifted(stream((115.0, 0.25)), A, FAULT, UNTIL)
    assert took is None
    assert gone == pytest.approx(0.5)


def test_who_never_had_any_cannot_lose_it() -> None:
    """Nobody can say how much of it has gone: where answers named nobody before, or nobody asked in the end."""
    assert shifted(stream(), frozenset(("c-1",)), FAULT, UNTIL) == (None, None)
    assert shifted([], A, FAULT, UNTIL) == (None, None)
    assert shifted([row._replace(node="") for row in stream()], A, FAULT, UNTIL) == (None, None)
    assert shifted([row for row in stream() if row.sent < FAULT], A, FAULT, UNTIL) == (None, None)


def played(*weights: int) -> Told:
    """Seoul gets one weight after the other, of 100, beside Osaka."""
    told = Told(serving(a_spec(regions=2)))
    for weight in weights:
        told.play(SetWeight(regions=("seoul",), weight=weight), applied("edge-1"), applied("edge-2"), after(2))
    return told


@pytest.mark.parametrize(
    ("weights", "wanted"),
    [((), 0), ((10,), 1), ((50, 25, 10), 1), ((10, 50, 100), 2), ((10, 100, 10), 3), ((10, 10), 1)],
)
def test_away_is_a_turn_and_back_is_another_however_many_steps_it_takes(weights: tuple[int, ...], wanted: int) -> None:
    told = played(*weights)
    assert turns(told.before, told.records, ("seoul",), 0.0, 1e9) == wanted


def test_what_was_before_and_what_comes_after_is_not_looked_at() -> None:
    told = played(10, 100, 10)
    moments = [record.mono for record in told.records]
    assert turns(told.before, told.records, ("seoul",), moments[-1] + 1, 1e9) == 0
    assert turns(told.before, told.records, ("seoul",), 0.0, moments[0] + 1) == 1
    assert turns(told.before, told.records, ("osaka",), 0.0, 1e9) == 3
