"""Traffic over time: every column adds up, regions are told apart without colour, and nothing is drawn of nothing."""

import pytest

from hactl.tui.lines import length
from hactl.tui.plot import spread_over_time


def moment(seoul: float, osaka: float) -> dict[str, float]:
    """Requests per second of two regions."""
    return {"seoul": seoul, "osaka": osaka}


def drawn(moments: list[dict[str, float]], width: int = 10, height: int = 5) -> list[str]:
    return ["".join(span.text for span in line) for line in spread_over_time(moments, width, height)]


def test_half_and_half():
    assert drawn([moment(50, 50)] * 10)[:4] == ["▒" * 10] * 2 + ["█" * 10] * 2


def test_a_failover_is_a_step_newest_to_the_right():
    assert drawn([moment(50, 50)] * 5 + [moment(0, 100)] * 5)[:4] == ["▒" * 10] * 2 + ["█████▒▒▒▒▒"] * 2


def test_what_was_not_measured_yet_is_blank_and_so_is_silence():
    assert drawn([moment(50, 50)] * 2)[0] == "        ▒▒"
    assert drawn([moment(0, 0)] * 10)[0] == " " * 10


def test_more_moments_than_room_are_taken_together():
    lines = drawn([moment(50, 50)] * 50 + [moment(100, 0)] * 50)
    assert lines[0] == "▒▒▒▒▒█████"


@pytest.mark.parametrize(("width", "height"), [(10, 1), (0, 5)])
def test_without_room_nothing_is_drawn(width, height):
    assert drawn([moment(1, 1)], width, height) == []


def test_without_moments_nothing_is_drawn():
    assert drawn([]) == []


def test_the_legend_says_what_is_now_as_far_as_there_is_room():
    assert drawn([moment(75, 25)], 40)[-1] == "█ seoul 75%  ▒ osaka 25%  "
    assert drawn([moment(75, 25)], 15)[-1] == "█ seoul 75%  "
    for line in spread_over_time([moment(75, 25)] * 3, 17, 6)[:-1]:
        assert length(line) == 17
