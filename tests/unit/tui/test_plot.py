"""Traffic over time: every column adds up, regions are told apart without colour, and nothing is drawn of nothing."""

import pytest

from hactl.tui.lines import length, plain
from hactl.tui.plot import lanes, spread_over_time


def moment(seoul: float, osaka: float) -> dict[str, float]:
    """Requests per second of two regions."""
    return {"seoul": seoul, "osaka": osaka}


def drawn(moments: list[dict[str, float]], width: int = 10, height: int = 5) -> list[str]:
    return [plain(line) for line in spread_over_time(moments, width, height)]


def test_half_and_half():
    assert drawn([moment(50, 50)] * 10)[:4] == ["▒" * 10] * 2 + ["█" * 10] * 2


def test_a_failover_is_a_step_newest_to_the_right():
    assert drawn([moment(50, 50)] * 5 + [moment(0, 100)] * 5)[:4] == ["▒" * 10] * 2 + ["█████▒▒▒▒▒"] * 2


def test_what_was_not_measured_yet_is_blank_and_so_is_silence():
    assert drawn([moment(50, 50)] * 2)[0] == "        ▒▒"
    assert drawn([moment(0, 0)] * 10)[0] == " " * 10


def test_seconds_of_which_nothing_is_known_are_blank():
    """And nobody has a share of what is not known."""
    assert drawn([moment(50, 50)] * 3 + [{}] * 4 + [moment(50, 50)] * 3)[0] == "▒▒▒    ▒▒▒"
    silent = drawn([moment(75, 25)] * 3 + [{}] * 2, 40)
    assert silent[0] == "▒▒▒  ".rjust(40)
    assert silent[-1] == "█ seoul -  ▒ osaka -  "


def test_of_more_moments_than_there_is_room_for_the_newest_are_shown():
    """A column is always one moment: what happened keeps its looks while it moves to the left."""
    before = drawn([moment(50, 50)] * 50 + [moment(100, 0)] * 5)
    assert before[0] == "▒▒▒▒▒█████"
    assert drawn([moment(50, 50)] * 50 + [moment(100, 0)] * 6)[0] == before[0][1:] + "█"


class TestLanes:
    RATES = {"seoul-1": [30.0] * 20, "seoul-2": [30.0] * 10 + [0.0] * 10}

    def lanes(self, *names: str, width: int = 40, height: int = 2) -> list[str]:
        return [plain(line) for line in lanes(names, self.RATES, width, height, bars=" ▁▂▃▄▅▆▇")]

    def test_each_node_has_its_share_at_each_moment_on_one_scale(self):
        first, second = self.lanes("seoul-1", "seoul-2")
        assert first == " seoul-1 " + " " * 6 + "▄" * 10 + "▇" * 10 + " 100%"
        assert second == " seoul-2 " + " " * 6 + "▄" * 10 + " " * 10 + "   0%"

    def test_a_few_of_them_are_drawn_higher(self):
        lines = self.lanes("seoul-1", height=7)
        assert len(lines) == 3
        assert [line.count("▇") for line in lines] == [20, 0, 0], "the highest cell is a little lower: lanes stay apart"
        assert [line.count("█") for line in lines] == [0, 20, 20]
        assert lines[-1].startswith(" seoul-1 ")

    def test_one_that_is_not_measured_any_more_has_no_share(self):
        (shown,) = lanes(["seoul-1"], {"seoul-1": [30.0] * 5 + [None] * 3}, 40, 1, bars=" ▁▂▃▄▅▆▇")
        assert plain(shown).endswith("▇   " + "    -")

    def test_those_without_room_are_counted(self):
        assert self.lanes("seoul-1", "seoul-2", "seoul-3", height=2)[-1] == " and 2 more"

    def test_one_that_was_never_measured_has_no_share(self):
        assert self.lanes("seoul-1", "seoul-3")[1].endswith("    -")

    @pytest.mark.parametrize("width", [24, 60, 121])
    def test_lines_fill_the_width(self, width):
        for line in self.lanes("seoul-1", "seoul-2", width=width, height=6):
            assert len(line) == width

    def test_without_room_or_names_nothing_is_drawn(self):
        assert self.lanes("seoul-1", width=10) == self.lanes() == self.lanes("seoul-1", height=0) == []


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
