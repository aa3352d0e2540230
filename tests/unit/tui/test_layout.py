"""How lines are shared out: the table first, nothing pushed off the screen, everything used."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hactl.tui.layout import EVENTS, PLOT, heights


def test_on_a_small_screen_rows_come_first_and_two_events_stay():
    given = heights(20, rows=40, operations=0, roomy=False)
    assert (given.table, given.plot, given.below) == (17, 0, 3)


def test_a_small_fleet_leaves_its_lines_to_the_plot_and_the_events():
    given = heights(34, rows=9, operations=0, roomy=True)
    assert given.table == 10
    assert given.plot == 1 + PLOT[1]
    assert given.below == 34 - 10 - given.plot


def test_a_large_fleet_leaves_a_plot_and_some_events():
    given = heights(34, rows=1000, operations=0, roomy=True)
    assert given.plot == 1 + PLOT[0]
    assert given.below == 1 + EVENTS[True]


def test_what_is_under_way_takes_from_the_table_and_never_the_whole_screen():
    assert heights(20, rows=40, operations=2, roomy=False).table == 15
    assert heights(20, rows=40, operations=100, roomy=False).operations == 5


@given(
    st.integers(min_value=12, max_value=200),
    st.integers(min_value=0, max_value=2000),
    st.integers(0, 50),
    st.booleans(),
)
def test_every_line_is_given_to_somebody_once(room, rows, operations, roomy):
    if roomy and room < 30:
        return
    given = heights(room, rows=rows, operations=operations, roomy=roomy)
    assert given.table + given.plot + given.below == room
    assert given.table >= 3


@pytest.mark.parametrize("roomy", [True, False])
def test_growing_takes_nothing_away(roomy):
    sizes = [heights(room, rows=12, operations=1, roomy=roomy) for room in range(31, 80)]
    for before, after in pairwise(sizes):
        assert after.table >= before.table
        assert after.plot >= before.plot
        assert after.below >= before.below
