"""How a surge was borne, from rows whose truth is known."""

import pytest
from support.build import a_spec
from support.script import serving

from hactl.core.routing import RateLimitSpec
from hactl.core.value import replace
from hactl.drill.records import UNSENT, Row
from hactl.drill.surging import Borne, borne, declared_capacity, recovered


def answered(at: float, status: int = 200, *, took: float = 0.002, late: float = 0.0) -> Row:
    return Row(at, at + late, at + late + took, status, "a-1", "" if status else "timeout")


def every(seconds: float, begin: float, end: float, status: int = 200, **how: float) -> list[Row]:
    count = round((end - begin) / seconds)
    return [answered(begin + number * seconds, status, **how) for number in range(count)]


def seen(steady: list[Row], surged: list[Row], capacity: float = 0.0) -> Borne:
    found = borne(steady, surged, capacity)
    assert found is not None
    return found


def test_without_a_surge_there_is_nothing_to_bear() -> None:
    assert borne(every(0.01, 0.0, 5.0), [], 0.0) is None


def test_goodput_is_of_everything_that_was_asked_for() -> None:
    """By those who were there before and by those who came, for as long as it lasted; not before and not after."""
    found = seen(every(0.01, 0.0, 30.0), [*every(0.01, 10.0, 15.0), *every(0.01, 15.0, 20.0, 503)])
    assert (found.begin, found.end) == (10.0, pytest.approx(19.99))
    assert (found.due, found.good, found.refused, found.failed) == (2000, 1500, 500, 0)
    assert found.goodput == 0.75


def test_what_is_beyond_the_declared_capacity_may_be_refused() -> None:
    """150 a second are declared: more than that is wanted of nobody, and less would be a collapse."""
    surge = [*every(0.02, 10.0, 20.0), *every(0.02, 10.01, 20.0, 429)]
    found = seen(every(0.01, 0.0, 30.0), surge, capacity=150.0)
    assert found.declared
    assert found.goodput == 1.0
    assert seen(every(0.01, 0.0, 30.0, 503), surge, capacity=150.0).goodput == pytest.approx(1 / 3, abs=0.01)
    assert not seen(every(0.01, 0.0, 30.0), surge, capacity=9000.0).declared, "it is not reached"


def test_a_refusal_is_timed_from_sending_and_a_failure_is_none() -> None:
    """That the generator could not send all at once is not the fleet's doing; and to hang is not to refuse."""
    surge = [answered(10.0, 503, took=0.01, late=0.3) for _ in range(200)] + [answered(11.0, 0, took=2.0)]
    found = seen([], surge)
    assert found.refused_p99 == pytest.approx(0.01)
    assert (found.refused, found.failed) == (200, 1)
    assert seen([], [answered(10.0)]).refused_p99 is None


def test_a_surge_is_as_strong_as_it_was_really_sent() -> None:
    """Those who came back all at once have no rate, and what was never sent counts for nothing."""
    burst = [answered(10.0, late=0.2) for _ in range(100)]
    assert seen([], burst).sent == 0.0
    assert seen([], [*burst, *every(0.0025, 10.0025, 20.0)]).sent == pytest.approx(400, rel=0.01)
    lost = [row._replace(error=UNSENT, status=0) for row in every(0.0025, 10.0025, 15.0)]
    assert seen([], [*burst, *lost, *every(0.0025, 15.0, 20.0)]).sent == pytest.approx(200, rel=0.01)


def test_recovery_is_counted_from_the_end_of_the_fault() -> None:
    rows = [*every(0.01, 0.0, 20.0), *every(0.01, 20.0, 20.5, 503), *every(0.01, 20.5, 30.0)]
    found = recovered(rows, 20.0, 5.0, 30.0)
    assert found.rto == pytest.approx(0.5, abs=0.011)
    assert found.seen == pytest.approx(10.0, abs=0.02)
    assert recovered(rows, 20.0, 9.9, 30.0).rto is None, "it was not well for so long"


def test_a_fleet_carries_what_its_nodes_and_its_edges_are_declared_to() -> None:
    """The less of both; 0 when nothing is declared."""
    spec = a_spec(nodes=3)
    assert declared_capacity(serving(spec), "/api") == 0.0
    nodes = replace(spec, gateway=replace(spec.gateway, capacity=200))
    assert declared_capacity(serving(nodes), "/api") == 600.0
    limited = replace(nodes, edge=replace(spec.edge, rate_limit=RateLimitSpec(requests=600, per=2.0)))
    assert declared_capacity(serving(limited), "/api") == 300.0
    assert declared_capacity(serving(limited), "/-/echo") == 600.0, "edges let in all that is hactl's own"
