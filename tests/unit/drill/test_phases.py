"""The order of a drill, and where each phase goes when it does not end well."""

import pytest

from hactl.drill.phases import BORROWED, NEXT, Phase, Way


def test_every_phase_and_every_way_has_a_successor() -> None:
    """No cell is empty, and nothing comes after the end."""
    assert set(NEXT) == set(Phase) - {Phase.OVER}
    assert all(set(row) == set(Way) for row in NEXT.values())


def test_all_well_is_the_order_of_the_words() -> None:
    phase, seen = Phase.PLAN, [Phase.PLAN]
    while phase is not Phase.OVER:
        phase = NEXT[phase][Way.ON]
        seen.append(phase)
    assert seen == list(Phase)


@pytest.mark.parametrize("phase", BORROWED)
def test_nothing_leaves_a_borrowed_fleet_but_through_the_failback(phase: Phase) -> None:
    """And it is verified after that, and reported."""
    seen = [NEXT[phase][Way.BACK]]
    while seen[-1] is not Phase.OVER:
        seen.append(NEXT[seen[-1]][Way.BACK])
    assert seen[:3] == [Phase.FAILBACK, Phase.VERIFY, Phase.REPORT]


def test_a_fleet_that_was_not_borrowed_is_not_given_back() -> None:
    for phase in (Phase.PLAN, Phase.GATE):
        assert NEXT[phase][Way.BACK] is Phase.REPORT
