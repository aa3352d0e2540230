"""Time is an axis: as long a silence as there was, and no column for what is only a little late."""

import pytest

from hactl.tui.timeline import LANE, WIDEST, Lanes, adjoined, columns, silent


@pytest.mark.parametrize(
    ("apart", "blank"), [(1.0, 0), (1.4, 0), (0.2, 0), (-50.0, 0), (2.0, 1), (13.0, 12), (1e6, WIDEST)]
)
def test_seconds_without_anything(apart, blank):
    """A clock that was set back makes none."""
    assert silent(1000.0, 1000.0 + apart) == blank


def test_an_axis_has_a_column_for_each_second_up_to_its_end():
    moments = [(0.0, {"a": 1.0}), (1.0, {"a": 2.0}), (4.0, {"a": 3.0})]
    assert columns(moments, until=6.0) == [{"a": 1.0}, {"a": 2.0}, {}, {}, {"a": 3.0}, {}]
    assert columns([], until=6.0) == []


def test_lanes_go_on_together():
    """Whoever is not measured any more is blank, and so is everybody in a silence."""
    lanes = Lanes()
    lanes.add(1.0, {"a": 1.0, "b": 2.0})
    lanes.add(2.0, {"a": 1.0})
    lanes.add(4.0, {"a": 1.0, "b": None})
    lanes.reach(6.0)
    assert list(lanes.rates["a"]) == [1.0, 1.0, None, 1.0, None]
    assert list(lanes.rates["b"]) == [2.0, None, None, None, None]
    lanes.forget(["a"])
    assert set(lanes.rates) == {"b"}


def test_lanes_are_bounded():
    lanes = Lanes()
    for at in (1.0, 1e6, 2e6):
        lanes.add(at, {"a": 1.0})
    assert len(lanes.rates["a"]) == LANE


@pytest.mark.parametrize(("begin", "wanted"), [(11.0, "abc"), (13.0, "abc  "), (10.2, "ab"), (9.0, "a"), (1.0, "")])
def test_columns_in_front_of_others_leave_no_second_out_and_tell_none_twice(begin, wanted):
    assert "".join(adjoined("abc", " ", end=10.0, begin=begin)) == wanted


def test_lanes_get_what_was_before():
    lanes = Lanes()
    lanes.add(1.0, {"a": 1.0})
    lanes.precede("a", [2.0, None])
    lanes.precede("gone", [2.0])
    assert {name: list(lane) for name, lane in lanes.rates.items()} == {"a": [2.0, None, 1.0]}
    lanes.precede("a", [5.0] * 1000)
    assert len(lanes.rates["a"]) == LANE
    assert lanes.rates["a"][-1] == 1.0
