"""What comes to a service that is back, from counters whose truth is known."""

import asyncio

import pytest

from hactl.drill.arrivals import Arrived, herd
from hactl.drill.counting import Arrivals

FAULT, BACK, UNTIL = 10.0, 15.0, 25.0
PATIENCE = 10.0


def readings(burst: float = 0.0, *, took: float = 0.5) -> list[Arrived]:
    """One a second, of two nodes that send 100 requests per second each, none while the service is down, and `burst`
    more within `took` seconds after its return."""
    found = []
    for at in range(30):
        down = min(max(at - FAULT, 0.0), BACK - FAULT)
        more = burst * min(1.0, max(0.0, (at - BACK) / took))
        found.append(Arrived(at=float(at), counts={"a-1:7": round(100 * (at - down)), "a-2:8": round(more)}))
    return found


def seen(found: list[Arrived], *, struck: tuple[float, ...] = (FAULT,)) -> float | None:
    return herd(found, struck, (BACK,), UNTIL)


def test_those_who_come_as_ever_are_no_herd() -> None:
    assert seen(readings()) == pytest.approx(1.0)


def test_all_who_have_waited_and_come_at_once_are_one() -> None:
    """500 of five seconds of silence, on top of the 500 of the next five."""
    assert seen(readings(500.0)) == pytest.approx(2.0)


def test_what_comes_when_it_is_long_back_is_none() -> None:
    assert seen([*readings()[:22], *(replace_count(one) for one in readings()[22:])]) == pytest.approx(1.0)


def replace_count(one: Arrived) -> Arrived:
    return Arrived(at=one.at, counts={**one.counts, "a-2:8": 5000})


def test_the_worst_of_all_returns_counts_and_each_ends_where_it_is_struck_again() -> None:
    """The second one is only looked at until the third fault."""
    found = readings(400.0)
    assert herd(found, (FAULT, 18.0), (BACK, 20.0), UNTIL) == pytest.approx((300 + 400) / 300)


def test_another_process_does_not_begin_where_the_last_one_was() -> None:
    """A node that was restarted counts from nought: what it has sent before anybody looked is not known. In time before
    the return, nothing of it is missing."""
    assert seen([Arrived(at=one.at, counts=restarted(one, 18.0)) for one in readings(500.0)]) is None
    assert seen([Arrived(at=one.at, counts=restarted(one, 13.0)) for one in readings(500.0)]) == pytest.approx(2.0)


def restarted(one: Arrived, at: float) -> dict[str, int]:
    return {"a-2:99" if who == "a-2:8" and one.at >= at else who: count for who, count in one.counts.items()}


@pytest.mark.parametrize("silent", [0, 1], ids=["at the return's own second", "in the seconds between"])
def test_what_a_node_has_sent_is_not_lost_where_it_misses_a_reading(silent: int) -> None:
    """Two that send 10 per second each; one sends 100 from the return on, and answers every second time. Where it does
    not answer at the return nobody knows what came then."""
    found = []
    for at in range(30):
        counts = {"a-1:7": 10 * at, "a-2:8": 10 * at + round(90 * max(0.0, at - BACK))}
        if at > FAULT and (at - BACK) % 2 == silent:
            del counts["a-2:8"]
        found.append(Arrived(at=float(at), counts=counts))
    assert seen(found) == (pytest.approx(5.5) if silent else None)


def test_a_return_that_could_not_be_measured_is_not_made_good_by_another() -> None:
    """One that is struck again at once is another matter: it was never long enough."""
    found = [one for one in readings() if not BACK + 1.0 <= one.at < 21.0]
    assert herd(found, (FAULT, 20.0), (BACK, 24.0), 29.0) is None
    assert herd(readings(), (FAULT, 16.0), (BACK, 20.0), 29.0) == pytest.approx(1.0)


def test_too_little_is_not_measured() -> None:
    """Nothing before, nobody asked before, nothing after, or struck again at once."""
    whole = readings()
    assert seen([one for one in whole if one.at > FAULT]) is None
    assert seen([Arrived(at=one.at, counts={"a-1:7": 0}) for one in whole]) is None
    assert seen([one for one in whole if one.at < BACK]) is None
    assert seen(whole, struck=(FAULT, BACK + 1.0)) is None
    assert seen([]) is None


def test_a_return_of_three_seconds_is_measured_however_late_its_readings_come() -> None:
    """Until it is struck again, the last of them being more than a second old then."""
    moments = (15.0, 15.6, 16.7, 18.1)
    late = [Arrived(at=at, counts={"a-1:7": round(100 * (at - 5.0)), "a-2:8": 0}) for at in moments]
    assert seen([*(one for one in readings() if one.at <= FAULT), *late], struck=(FAULT, 18.0)) == pytest.approx(1.0)


async def test_it_reads_until_it_is_left_and_whenever_it_is_asked() -> None:
    """Where no node answers there is no reading."""
    asked = asyncio.Event()
    told: list[dict[str, int]] = [{"a-1:7": 1}, {}, {"a-1:7": 3}]

    async def read() -> dict[str, int]:
        asked.set()
        return told.pop(0)

    arrivals = Arrivals(read)
    async with arrivals.counting():
        await asked.wait()
        await arrivals.note()
        await arrivals.note()
    assert [one.counts for one in arrivals.readings] == [{"a-1:7": 1}, {"a-1:7": 3}]


async def test_whoever_has_no_time_does_not_wait_for_a_node_that_hangs() -> None:
    """It is no reading then; the next one is."""
    hangs = asyncio.Event()

    async def read() -> dict[str, int]:
        await hangs.wait()
        return {"a-1:7": 1}

    arrivals = Arrivals(read)
    async with asyncio.timeout(PATIENCE):
        await arrivals.note(0.01)
        assert arrivals.readings == []
        hangs.set()
        await arrivals.note(PATIENCE)
    assert [one.counts for one in arrivals.readings] == [{"a-1:7": 1}]
